"""`livematch lens`: networks that have seen one kind of picture only; made, listed, judged."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from livematch.cli.lensapply import apply
from livematch.cli.lenstrain import train
from livematch.cli.options import JsonOption, ProviderOption
from livematch.embed.card import DEFAULT_MODEL, load_card
from livematch.embed.onnx import Embedder
from livematch.lens.architecture import FILTERS, SIDES, plan
from livematch.lens.card import LensCard
from livematch.lens.collection import Lenses
from livematch.lens.film import chosen
from livematch.lens.judging import judge
from livematch.lens.paint import Lens
from livematch.lens.pairs import whole
from livematch.lens.targets import schoolbook

lens_app = typer.Typer(
    help="Repaint the camera by a network that has seen one kind of picture only.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
lens_app.command("train")(train)
lens_app.command("apply")(apply)

GivenOption = Annotated[
    list[Path], typer.Option("--lens", help="A lens of your own, or a folder of them.")
]
MEASURES = (
    ("l1", "painted: off by, of 255"),
    ("l1_blurred", "shown: off by"),
    ("features", "painted: looks off by"),
    ("features_blurred", "shown: looks off by"),
    ("flicker", "flicker, of 255"),
)
"""What training measures on pictures held out, and how it is headed."""


@lens_app.command("list")
def list_lenses(given: GivenOption = [], as_json: JsonOption = False) -> None:  # noqa: B006
    """List the lenses there are, what they have seen, and how well they do."""
    cards = Lenses(given=given).cards
    if as_json:
        typer.echo(json.dumps([card.model_dump(mode="json") for card in cards], indent=2))
    elif cards:
        Console(width=None if Console().is_terminal else 140).print(quality_table(cards))
    else:
        typer.echo("no lenses; `livematch lens train` makes one")


@lens_app.command("sizes")
def sizes(
    side: Annotated[int, typer.Option("--size", help="Pixels each way.")] = 256,
    as_json: JsonOption = False,
) -> None:
    """Show what lenses of more or fewer filters weigh and cost."""
    if side not in SIDES:
        raise typer.BadParameter(f"{side} is none of {', '.join(map(str, SIDES))}")
    plans = [plan(side, filters) for filters in FILTERS]
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "filters": drawn.filters,
                "size_mb": round(drawn.size_mb, 2),
                "products": drawn.products,
            }
            for drawn in plans
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table(title=f"lenses of {side}×{side} pixels")
    for heading in ("filters", "file, MB", "multiplications a painting, billions"):
        table.add_column(heading, justify="right")
    for drawn in plans:
        billions = drawn.products / 1e9
        table.add_row(str(drawn.filters), f"{drawn.size_mb:.1f}", f"{billions:.2f}")
    Console().print(table)


@lens_app.command("check")
def check(
    lens: Annotated[str, typer.Argument(help="A lens by name, or its .onnx file.")],
    archive: Annotated[
        Path | None, typer.Option("--archive", "-a", help="Judge by this archive's films.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", help="Judge by the pictures below this folder.")
    ] = None,
    pictures: Annotated[int, typer.Option(min=1, help="How many pictures of the archive.")] = 1000,
    provider: ProviderOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Measure a lens on pictures that training holds out: how near it comes, how it flickers."""
    _, card = chosen(lens)
    at_work = Lens(card, provider, threads=2)
    embedder = Embedder(load_card(DEFAULT_MODEL), provider, threads=2)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        book = schoolbook(
            archive,
            images,
            card.side,
            pictures,
            lambda done, count: bar.update(task, completed=done, total=count),
        )
    pairs = whole(book.held_out, card.side, card.shrink)
    quality = judge(lambda seen: at_work.planes(seen[0, 0])[None], pairs, embedder, card.shrink)
    found = {name: round(value, 5) for name, value in asdict(quality).items()}
    if as_json:
        typer.echo(json.dumps({"lens": card.name, "pictures": len(book.held_out)} | found))
        return
    typer.echo(f"{card.name}, {len(book.held_out)} pictures held out:")
    for name, heading in MEASURES:
        typer.echo(f"  {heading:28} {found[name]:.3f}")


def quality_table(cards: Sequence[LensCard]) -> Table:
    """Draw what lenses are and what training measured of them."""
    table = Table()
    table.add_column("lens")
    table.add_column("has seen")
    for heading in ("side", *(heading for _, heading in MEASURES)):
        table.add_column(heading, justify="right")
    for card in cards:
        figures = [
            f"{card.quality[name]:.3g}" if name in card.quality else "" for name, _ in MEASURES
        ]
        # plain text: square brackets in a card of somebody else's are no markup
        table.add_row(card.name, Text(card.trained_on), f"{card.side}", *figures)
    return table
