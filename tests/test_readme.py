"""What the README lists is what there is."""

from pathlib import Path

from livematch.cli.osc import as_markdown
from livematch.control.params import TABLE

README = Path(__file__).parents[1] / "README.md"


def test_every_osc_address_stands_in_the_readme() -> None:
    text = README.read_text("utf-8")
    listed = text.partition("<!-- livematch osc --markdown -->")[2].partition("<!-- end -->")[0]
    assert listed.strip() == as_markdown().strip()


def test_every_parameter_is_explained_to_performers() -> None:
    """The modulators but the first are the same three times more."""
    text = README.read_text("utf-8")
    told = text.partition("### What can be set")[2].partition("### With a GPU")[0]
    names = [name for name in TABLE if not name.startswith(("mod2", "mod3", "mod4"))]
    missing = [
        n for n in names if f"`{n}`" not in told and f"`{n.removeprefix('mod1')}`" not in told
    ]
    assert not missing
