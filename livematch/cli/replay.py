"""`livematch replay`: a show performed again from its log."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from livematch.cli.options import STOPPED, LensOption
from livematch.config import parse_size
from livematch.showlog.reader import open_show_log
from livematch.showlog.replay import Replayed, Wish
from livematch.showlog.replay import replay as perform_again


def replay(
    log: Annotated[Path, typer.Argument(help="The show's log, or its first part.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The film: .mp4, .mov or .mkv.")],
    archive: Annotated[
        Path | None, typer.Option("--archive", "-a", help="Where the archive is now.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT. [default: the show's]")] = None,
    fps: Annotated[
        float | None, typer.Option(min=1, max=240, help="Frame rate. [default: the show's]")
    ] = None,
    camera: Annotated[
        Path | None, typer.Option("--camera", "-c", help="A film for where the camera was seen.")
    ] = None,
    from_s: Annotated[
        float, typer.Option("--from", min=0, help="Begin so many seconds into the show.")
    ] = 0.0,
    to_s: Annotated[
        float | None, typer.Option("--to", min=0, help="End so many seconds into the show.")
    ] = None,
    lens: LensOption = [],  # noqa: B006 - typer copies it
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="Leave out films and lenses that are gone.")
    ] = False,
) -> None:
    """Render a show again from its log, cue for cue, at any size and rate."""
    wish = Wish(
        out=out,
        archive=archive,
        size_px=parse_size(size) if size else None,
        fps=fps,
        camera=camera,
        from_s=from_s,
        to_s=to_s,
        skip_missing=skip_missing,
        lenses=tuple(lens),
    )
    console = Console(stderr=True, highlight=False)
    try:
        done = _replay(console, log, wish)
    except KeyboardInterrupt:
        console.print(f"stopped: {out} is not written", markup=False)
        raise typer.Exit(STOPPED) from None
    failed = f", {len(done.failed)} of which could not be shown" if done.failed else ""
    console.print(
        f"{done.pictures} pictures in {done.seconds:.1f} s, {len(done.cues)} changes{failed}",
        markup=False,
    )
    console.print(f"replayed {out}", markup=False, soft_wrap=True)


def _replay(console: Console, log: Path, wish: Wish) -> Replayed:
    columns = Progress.get_default_columns()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("replaying", total=None)
        return perform_again(
            open_show_log(log),
            wish,
            say=lambda line: console.print(line, markup=False, soft_wrap=True),
            on_progress=lambda done, count: bar.update(task, completed=done, total=count),
        )
