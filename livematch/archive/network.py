"""The network that an archive was indexed with, opened to look things up in it."""

from livematch.archive.store import Archive, ModelIdentity
from livematch.embed.card import load_card
from livematch.embed.describer import Describer
from livematch.embed.parts import RULES
from livematch.errors import ModelError


def open_describer(
    archive: Archive,
    model: str | None = None,
    provider: str = "auto",
    threads: int = 2,
    *,
    require_gpu: bool = False,
) -> Describer:
    """Open the archive's own network, or `model` if it is the same one under another name.

    ModelError when it cannot be opened, or runs on the CPU where a GPU is required; ArchiveError
    when the archive was made with another one.
    """
    try:
        card = load_card(model or archive.model.name)
    except ModelError as error:
        if model is not None:
            raise
        raise ModelError(
            f"{archive.folder} was indexed with the model {archive.model.name}: {error};"
            " say where it is with --model"
        ) from None
    # ONNX Runtime takes a moment to load: only once everything else is known to be right
    from livematch.embed.onnx import Embedder  # noqa: PLC0415

    archive.require(ModelIdentity(card.name, card.sha256))
    # parts that came later are left out; one that is gone makes `require` say what to do
    names = [name for name in archive.layout.names if name in RULES] or list(RULES)
    describer = Describer(Embedder(card, provider, threads, require_gpu=require_gpu), names)
    archive.require(ModelIdentity(card.name, card.sha256), describer.layout)
    return describer
