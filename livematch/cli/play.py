"""`livematch play`: the instrument."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from livematch.cli.options import (
    ArchiveOption,
    LensOption,
    LogOption,
    NoLogOption,
    OscAllowOption,
    OscListenOption,
    OscPortOption,
    OscQueryPortOption,
    OscReplyOption,
    PresetsOption,
    ProviderOption,
    SecondsOption,
    SetOption,
    SizeOption,
)
from livematch.cli.performing import run
from livematch.config import Detector, ShowConfig, parse_channels, parse_settings, parse_size
from livematch.control.params import Params
from livematch.control.presetfolder import read_library
from livematch.errors import UsageError
from livematch.peers.abletonport import HERE
from livematch.showlog.places import own_folder, refuse_taken


def play(
    archive: ArchiveOption,
    presets: PresetsOption,
    camera: Annotated[
        str, typer.Option("--camera", "-c", help="A number or name, a film, or `pattern`.")
    ] = "0",
    camera_mode: Annotated[
        str | None, typer.Option(help="Asked of a device: WIDTHxHEIGHT@FPS:FORMAT, 1280x720@30.")
    ] = None,
    sound: Annotated[
        str, typer.Option(help="What is heard: an input's number or name, `default`, a file, none.")
    ] = "none",
    sound_channels: Annotated[
        str | None, typer.Option(help="Which channels are mixed: 1, or 1,2 or 3-6.")
    ] = None,
    sound_rate: Annotated[
        float | None,
        typer.Option(min=8000, max=192000, help="Asked of an input, in Hz. [default: its own]"),
    ] = None,
    onsets: Annotated[
        Detector, typer.Option(help="What listens for attacks: ours, or pyo's plain one.")
    ] = Detector.SUPERFLUX,
    size: SizeOption = "1280x720",
    fullscreen: Annotated[bool, typer.Option("--fullscreen", "-f", help="Fill a display.")] = False,
    display: Annotated[int, typer.Option(min=0, help="Which display to fill.")] = 0,
    operator_display: Annotated[
        int | None,
        typer.Option(min=0, help="Where preview and figures have a window of their own."),
    ] = None,
    offscreen: Annotated[
        bool, typer.Option("--offscreen", help="Without a display; see --record.")
    ] = False,
    record: Annotated[Path | None, typer.Option(help="Record what is shown to an mp4.")] = None,
    fps: Annotated[float, typer.Option(min=1, max=240, help="Frame rate without a display.")] = 30,
    live: Annotated[
        bool, typer.Option("--live", help="Offscreen: in real time, also with a film as camera.")
    ] = False,
    seconds: SecondsOption = None,
    report: Annotated[
        Path | None, typer.Option(help="Write how the show went to a JSON file.")
    ] = None,
    log: LogOption = None,
    no_log: NoLogOption = False,
    preset: Annotated[str, typer.Option(help="Start with a preset; --set goes on top.")] = "",
    settings: SetOption = [],  # noqa: B006 - typer copies it
    cues: Annotated[
        Path | None, typer.Option(help="A cue list; page down performs its next step.")
    ] = None,
    midi: Annotated[
        list[str], typer.Option(help="A controller by part of its name; `virtual`; a MIDI file.")
    ] = [],  # noqa: B006
    midi_map: Annotated[
        Path | None, typer.Option(help="What it does; see `livematch midi`.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model's name or file, if not the archive's own.")
    ] = None,
    lens: LensOption = [],  # noqa: B006 - typer copies it
    provider: ProviderOption = "auto",
    threads: Annotated[int, typer.Option(min=1, max=64, help="Cores the network may take.")] = 1,
    require_gpu: Annotated[
        bool, typer.Option("--require-gpu", help="Refuse to start without one.")
    ] = False,
    osc_port: OscPortOption = 7000,
    osc_listen: OscListenOption = "127.0.0.1",
    osc_allow: OscAllowOption = [],  # noqa: B006 - typer copies it
    osc_reply: OscReplyOption = 7001,
    no_osc: Annotated[bool, typer.Option("--no-osc", help="Do not listen for OSC.")] = False,
    oscquery_port: OscQueryPortOption = 0,
    no_oscquery: Annotated[
        bool, typer.Option("--no-oscquery", help="Do not describe and announce what OSC can do.")
    ] = False,
    ableton: Annotated[
        bool, typer.Option("--ableton", help="Beat and clips of Ableton Live, by AbletonOSC.")
    ] = False,
    ableton_host: Annotated[
        str | None, typer.Option(help="The machine that Live runs on, if not this one.")
    ] = None,
    link: Annotated[
        bool, typer.Option("--link", help="Listen to the beat of Ableton Link (an extra).")
    ] = False,
) -> None:
    """Play an archive with a camera."""
    if offscreen and record is None and report is None:
        raise UsageError("--offscreen shows nothing: say where to record it, --record OUT.mp4")
    offline = offscreen and not live
    if offline and seconds is None:
        raise UsageError("--offscreen without --live would never end: say --seconds, or --live")
    if offscreen and operator_display is not None:
        raise UsageError("--operator-display needs a display: it does not go with --offscreen")
    start = parse_settings(settings, starting_with(preset, presets))
    if offline and (ableton or ableton_host or link):
        raise UsageError("--ableton and --link need a live show: add --live")
    if log is not None and no_log:
        raise UsageError("--log and --no-log: one of them")
    refuse_taken(log)
    config = ShowConfig(
        archive=archive,
        camera=camera,
        camera_mode=camera_mode,
        sound=sound,
        sound_channels=parse_channels(sound_channels) if sound_channels else None,
        sound_rate=sound_rate,
        onsets=onsets,
        size_px=parse_size(size),
        fullscreen=fullscreen,
        display=display,
        operator_display=operator_display,
        offscreen=offscreen,
        offline=offline,
        fps=fps,
        seconds=seconds,
        record=record,
        model=model,
        provider=provider,
        threads=threads,
        require_gpu=require_gpu,
        osc_port=None if no_osc else osc_port,
        osc_listen=osc_listen,
        osc_allow=tuple(osc_allow),
        osc_reply=osc_reply,
        midi=tuple(midi),
        midi_map=midi_map,
        oscquery_port=None if no_oscquery else oscquery_port,
        ableton=ableton_host or (HERE if ableton else None),
        link=link,
        start=start if operator_display is None else replace(start, preview=True),
        preset=preset,
        presets=presets,
        cues=cues,
        lenses=tuple(lens),
        log=log,
        logs=None if no_log or log is not None else own_folder(),
    )
    went = run(config)
    if report is not None:
        report.write_text(json.dumps(asdict(went), indent=2, default=str), "utf-8")


def starting_with(preset: str, presets: Path, before: Params | None = None) -> Params:
    """Return the parameters that a preset starts a show with; UsageError when there is none so.

    What it does not set is as `before`, or as usual.
    """
    params = before or Params()
    return read_library(presets).find(preset).applied(params) if preset else params
