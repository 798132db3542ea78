"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from livematch.control.presetfolder import FOLDER_VARIABLE, own_folder
from livematch.embed.providers import ASKABLE

STOPPED = 130  # the status after Ctrl-C, as shells tell of it

FolderArgument = Annotated[Path, typer.Argument(help="The archive's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print it for programs.")]
ArchiveOption = Annotated[Path, typer.Option("--archive", "-a", help="The archive's folder.")]
SizeOption = Annotated[str, typer.Option("--size", help="WIDTHxHEIGHT of window or recording.")]
SetOption = Annotated[
    list[str], typer.Option("--set", help="Start with a parameter at a value: NAME=VALUE.")
]
ProviderOption = Annotated[
    str, typer.Option(help=f"What the network runs on: {' | '.join(ASKABLE)}.")
]
OneLensOption = Annotated[
    str,
    typer.Option(
        "--lens",
        metavar="NAME|FILE",
        help="Which lens paints, or its .onnx file. [default: the first there is]",
        show_default=False,
    ),
]
PresetsOption = Annotated[
    Path,
    typer.Option(
        "--presets",
        default_factory=own_folder,
        show_default=False,
        help=f"Your own presets' folder; or name it in {FOLDER_VARIABLE}.",
    ),
]
LensOption = Annotated[
    list[Path],
    typer.Option("--lens", help="A lens (.onnx) of your own, or a folder of them; repeatable."),
]
LogOption = Annotated[
    Path | None, typer.Option("--log", help="Write the show's log to this new file.")
]
NoLogOption = Annotated[bool, typer.Option("--no-log", help="Write no log of the show.")]
SecondsOption = Annotated[
    float | None, typer.Option(min=0.0, help="End by itself after so many seconds.")
]
OscPortOption = Annotated[
    int, typer.Option(min=1, max=65535, help="Where OSC comes in; what there is: livematch osc.")
]
OscQueryPortOption = Annotated[
    int, typer.Option(min=0, max=65535, help="Where OSCQuery answers; 0: any port that is free.")
]
OscListenOption = Annotated[
    str, typer.Option(help="Address OSC is heard on; 0.0.0.0: from the whole network.")
]
OscAllowOption = Annotated[
    list[str], typer.Option(help="Hear only this address or network by OSC; may be repeated.")
]
OscReplyOption = Annotated[
    int, typer.Option(min=1, max=65535, help="Port of a sender that is told back what changes.")
]
