"""The composition root: builds a show from its set-up, starts it in order, ends it in reverse."""

import gc
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from livematch.archive.finder import Finder
from livematch.archive.network import open_describer
from livematch.archive.store import Archive
from livematch.audio.ears import Ears
from livematch.audio.open import open_ears
from livematch.camera.device import parse_mode
from livematch.camera.open import open_camera
from livematch.camera.source import Camera
from livematch.clock import Clock, ManualClock, SystemClock
from livematch.config import ShowConfig
from livematch.control.cuelist import read_cues
from livematch.control.presetfolder import PresetFolder
from livematch.control.state import Control
from livematch.direction.director import Director
from livematch.direction.veil import Veil
from livematch.embed.features import AnyEmbedder
from livematch.engine import Engine
from livematch.errors import ArchiveError
from livematch.eyes import Eyes, LiveEyes, OfflineEyes
from livematch.lens.collection import Lenses
from livematch.lens.easel import Easel, LiveEasel, NoEasel, OfflineEasel, is_wanted
from livematch.lens.paint import Lens
from livematch.playback.deck import Deck, LiveDeck, OfflineDeck
from livematch.playback.decks import Decks
from livematch.playback.mosaic import LiveMosaic, Mosaic, OfflineMosaic
from livematch.playback.shelf import Shelf
from livematch.remotes import Remotes, open_remotes
from livematch.render.recorder import Policy, Recorder
from livematch.stage import Stage
from livematch.telemetry import Telemetry
from livematch.vision import Vision

SWITCH_S = 0.001  # threads give the interpreter up this often: Python's 5 ms is a third of a frame


@dataclass(frozen=True, slots=True)
class Show:
    """A show that is ready to run: everything open, warm and waiting for the first tick."""

    config: ShowConfig
    archive: Archive
    camera: Camera
    embedder: AnyEmbedder
    clock: Clock
    control: Control
    presets: PresetFolder
    director: Director
    decks: Decks
    mosaic: Mosaic
    lenses: Lenses
    easel: Easel
    eyes: Eyes
    ears: Ears
    remotes: Remotes
    stage: Stage
    engine: Engine
    telemetry: Telemetry


@contextmanager
def open_show(config: ShowConfig) -> Iterator[Show]:
    """Build a show and take it down again; LivematchError says what is missing and what to do.

    What can fail for the user's own reasons comes first, the quickest to tell before the rest.
    """
    clock: ManualClock | SystemClock = ManualClock() if config.offline else SystemClock()
    telemetry = Telemetry()
    with ExitStack() as stack:
        lenses = open_lenses(config)
        presets = PresetFolder(config.presets)
        stack.callback(presets.close)
        control = _open_control(config, presets, lenses)
        remotes = stack.enter_context(
            open_remotes(config, clock, control, lambda: presets.names, lenses.names)
        )
        archive = stack.enter_context(open_archive(config))
        mode = parse_mode(config.camera_mode) if config.camera_mode else None
        camera = open_camera(config.camera, clock, mode=mode, telemetry=telemetry)
        stack.callback(camera.stop)
        ears = open_ears(  # an input opens while the network does
            config.sound,
            clock,
            config.start,
            channels=config.sound_channels,
            rate=config.sound_rate,
            detector=config.onsets,
            telemetry=telemetry,
        )
        stack.callback(ears.close)
        recorder = _open_recorder(config)
        if recorder is not None:
            stack.callback(recorder.close)
        describer = open_describer(
            archive,
            config.model,
            config.provider,
            config.threads,
            require_gpu=config.require_gpu,
        )
        describer.warm_up()
        stage = Stage.open(config, clock, control, recorder)
        stack.callback(stage.close)
        shelf = Shelf()
        stack.callback(shelf.close)
        decks = Decks(_pair(shelf, offline=config.offline), archive.clip)
        stack.callback(decks.close)
        mosaic = _open_mosaic(archive, config, clock)
        stack.callback(mosaic.close)
        director = Director()
        finder = Finder(archive, config.start)
        vision = Vision(describer, finder, lambda: control.params, clock, telemetry)
        eyes: Eyes
        if config.offline:
            eyes = OfflineEyes(camera, vision)
        else:
            sys.setswitchinterval(SWITCH_S)
            shelf.start()
            presets.start()
            eyes = LiveEyes(camera, vision)
        stack.callback(eyes.close)
        easel = _open_easel(lenses, config, clock, telemetry)
        stack.callback(easel.close)
        ears.wait_until_ready()
        engine = Engine(
            clock=clock,
            control=control,
            eyes=eyes,
            ears=ears,
            director=director,
            veil=Veil(),
            easel=easel,
            decks=decks,
            shelf=shelf,
            mosaic=mosaic,
            stage=stage,
            telemetry=telemetry,
            forgiving=not config.offline,
        )
        remotes.start()
        gc.collect()
        gc.freeze()  # what the show is made of lives as long as it: no collection looks at it again
        stack.callback(gc.unfreeze)
        yield Show(
            config,
            archive,
            camera,
            describer.embedder,
            clock,
            control,
            presets,
            director,
            decks,
            mosaic,
            lenses,
            easel,
            eyes,
            ears,
            remotes,
            stage,
            engine,
            telemetry,
        )


@contextmanager
def open_archive(config: ShowConfig) -> Iterator[Archive]:
    """Open the archive that is to be played; ArchiveError when there is nothing in it to play."""
    with Archive.open(config.archive) as archive:
        if not len(archive.moments):
            raise ArchiveError(
                f"{config.archive} has no moments to play:"
                f" run `livematch index FOLDER --archive {config.archive}`"
            )
        yield archive


def _open_control(config: ShowConfig, presets: PresetFolder, lenses: Lenses) -> Control:
    cues = read_cues(config.cues, presets.snapshot) if config.cues else None
    return Control(config.start, presets, cues, config.preset, lenses.names)


def open_lenses(config: ShowConfig) -> Lenses:
    """Read which lenses there are, but open none: that is done when it is first wanted.

    LivematchError when a card is wrong, or the show is to begin with a lens that is not there or
    not whole.
    """
    lenses = Lenses(given=config.lenses)
    if config.start.lens or is_wanted(config.start):
        lenses.card(config.start.lens).read_network()
    return lenses


def _open_easel(lenses: Lenses, config: ShowConfig, clock: Clock, telemetry: Telemetry) -> Easel:
    if not lenses.names:
        return NoEasel()
    open_lens = partial(Lens, provider=config.provider, threads=config.threads)
    if config.offline:
        return OfflineEasel(lenses, open_lens, clock, telemetry)
    return LiveEasel(lenses, open_lens, clock, telemetry).start()


def _pair(shelf: Shelf, *, offline: bool) -> tuple[Deck, Deck]:
    if offline:
        return OfflineDeck(shelf), OfflineDeck(shelf)
    return LiveDeck("a", shelf), LiveDeck("b", shelf)


def _open_mosaic(archive: Archive, config: ShowConfig, clock: Clock) -> Mosaic:
    return OfflineMosaic(archive.clip) if config.offline else LiveMosaic(archive.clip, clock)


def _open_recorder(config: ShowConfig) -> Recorder | None:
    if config.record is None:
        return None
    policy = Policy.BLOCK if config.offline else Policy.DROP
    return Recorder(config.record, config.size_px, config.fps, policy)
