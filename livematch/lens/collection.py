"""Which lenses there are: those that come with livematch, and those given by path."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from livematch.errors import ModelError, UsageError
from livematch.lens.card import LensCard, lenses_folder, load_lens_card

TRAIN = "`livematch lens train --archive DIR -o NAME.onnx` makes one"


class Lenses:
    """The lenses of a show, by name: those given first, as they were given, then the bundled ones.

    A path given is that of a lens (.onnx, or its card .json) or of a folder of them; a lens given
    takes the place of a bundled one of its name. Cards are read here and networks are not. Raises
    ModelError that names the faults of all cards at once. A value once made; any thread.
    """

    def __init__(self, folder: Path | None = None, given: Sequence[Path] = ()) -> None:
        """`folder` is where the bundled lenses lie, else where they come with livematch."""
        faults: list[str] = []
        bundled = _networks(lenses_folder() if folder is None else folder)
        along = _by_name(sorted(_cards(bundled, faults), key=lambda card: card.name), faults)
        cards = _by_name(_cards(_given(given, faults), faults), faults)
        cards = cards | {name: card for name, card in along.items() if name not in cards}
        if faults:
            raise ModelError("\n".join(faults))
        self._cards = cards

    @property
    def names(self) -> tuple[str, ...]:
        """What the lenses are called; the first is taken where none is asked for."""
        return tuple(self._cards)

    @property
    def cards(self) -> tuple[LensCard, ...]:
        """All cards, in the order of `names`."""
        return tuple(self._cards.values())

    def card(self, name: str) -> LensCard:
        """Give the card of a lens; "" is the first. Raises UsageError for an unknown name."""
        if not self._cards:
            raise UsageError(f"there are no lenses: {TRAIN}")
        if not name:
            return next(iter(self._cards.values()))
        if name in self._cards:
            return self._cards[name]
        near = get_close_matches(name, self._cards, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"there is no lens {name!r}: {hint}There are {', '.join(self._cards)};"
            " a lens of your own is given by the path of its .onnx file"
        )


def _networks(folder: Path) -> list[Path]:
    """List the ONNX files of a folder, sorted; none where there is no folder."""
    return sorted(path for path in folder.glob("*.onnx") if path.is_file())


def _given(paths: Sequence[Path], faults: list[str]) -> Iterator[Path]:
    """Yield the lens files that paths lead to."""
    for path in (given.expanduser() for given in paths):
        inside = _networks(path)
        if inside:
            yield from inside
        elif path.is_dir():
            faults.append(f"{path} holds no lenses: {TRAIN}")
        elif not path.exists():
            faults.append(f"there is no {path}: give the .onnx file of a lens, or a folder of them")
        else:
            yield path


def _cards(paths: Iterable[Path], faults: list[str]) -> Iterator[LensCard]:
    """Read cards, and note the faults of those that cannot be read."""
    for path in paths:
        try:
            card = load_lens_card(path)
        except ModelError as error:
            faults.append(str(error))
            continue
        if card.path.is_file():
            yield card
        else:
            faults.append(f"{card.path} is missing, the network of {card.name}: copy it there too")


def _by_name(cards: Iterable[LensCard], faults: list[str]) -> dict[str, LensCard]:
    """Put cards under their names; two that differ under one name are a fault."""
    named: dict[str, LensCard] = {}
    for card in cards:
        first = named.setdefault(card.name, card)
        if first.sha256 != card.sha256:
            faults.append(
                f"{first.path} and {card.path} are two lenses called {card.name}: change `name` in"
                " the card of one of them"
            )
    return named
