"""The conductor: whose beat counts, and how it goes on without ever going back."""

import math

from livematch.control.bars import beats_per_bar
from livematch.control.commands import Beat
from livematch.control.params import BeatFrom, Params
from livematch.control.taps import Taps
from livematch.control.tracker import Tracker
from livematch.errors import UsageError
from livematch.values import Pulse, Sound

LEAST_BPM, MOST_BPM = 20.0, 999.0  # what Ableton Live allows
MOST_BEATS = 1e9  # so that a fraction of a beat is still exact
STALE_S, STALE_BEATS = 3.0, 4.0  # after which another instrument's beat no longer counts
STEER_S = 0.1  # how slowly a small difference is made up for
MOST_STEER = 0.5  # of the tempo, by which the beat then hurries or lingers
STEERED = 1.0  # beats that are made up for so; more than that is a new place in the music

ORDER: tuple[BeatFrom, ...] = tuple(source for source in BeatFrom if source is not BeatFrom.AUTO)
OTHERS: tuple[BeatFrom, ...] = (BeatFrom.LINK, BeatFrom.ABLETON, BeatFrom.CLOCK)
"""The other instruments: the sources that `Beat` commands come from."""


class Conductor:
    """Gives the beat: of another instrument, of a tapping hand, or of what is heard.

    The beats it counts never go back, whoever gives them: a small difference is made up for by
    hurrying or lingering, and where another instrument begins anew, the count goes on at the next
    place that has the same beat of the same of four bars. Pure: one thread, time is an argument.
    """

    def __init__(self) -> None:
        self._taps = Taps()
        self._tracker = Tracker()
        self._heard: dict[str, Pulse] = {}
        self._pulse: Pulse | None = None
        self._offset = 0  # beats the count is ahead of the source's own

    def tap(self, at_s: float) -> None:
        """Take a tap of the tempo."""
        if not math.isfinite(at_s):
            raise UsageError(f"a tap cannot be at {at_s} s")
        self._taps.tap(at_s)

    def hear(self, beat: Beat) -> None:
        """Take what another instrument says; UsageError names what is wrong with it."""
        if beat.source not in OTHERS:
            raise UsageError(f"no beat comes from {beat.source!r}; there are: {', '.join(OTHERS)}")
        if not beat.is_playing:
            self._heard.pop(beat.source, None)
            return
        if not LEAST_BPM <= beat.bpm <= MOST_BPM:
            raise UsageError(
                f"{beat.source} cannot go at {beat.bpm}; allowed: {LEAST_BPM:g} to {MOST_BPM:g} bpm"
            )
        if not (abs(beat.beat) <= MOST_BEATS and math.isfinite(beat.at_s)):
            raise UsageError(f"{beat.source} cannot be at beat {beat.beat} at {beat.at_s} s")
        self._heard[beat.source] = Pulse(beat.bpm, beat.beat, beat.at_s, str(beat.source))

    def update(self, now: float, sound: Sound, params: Params) -> Pulse | None:
        """Return the beat that counts at `now`; None while nobody gives one."""
        self._tracker.hear(sound.onsets)
        wanted = ORDER if params.beat_from is BeatFrom.AUTO else (params.beat_from,)
        given = (self._given(source, now) for source in wanted)
        pulse = next((pulse for pulse in given if pulse is not None), None)
        if pulse is not None:
            self._pulse = self._steered(pulse, now, 4 * beats_per_bar(params))
        return self._pulse if pulse is not None else None

    def _given(self, source: BeatFrom, now: float) -> Pulse | None:
        if source is BeatFrom.TAP:
            return self._taps.pulse
        if source is BeatFrom.ONSETS:
            return self._tracked(now)
        pulse = self._heard.get(source)
        if pulse is None:
            return None
        fresh_s = max(STALE_S, STALE_BEATS * 60.0 / pulse.bpm)
        return pulse if abs(now - pulse.at_s) <= fresh_s else None

    def _tracked(self, now: float) -> Pulse | None:
        """Return the beat that is heard, counted as it was: sound alone has no bars."""
        found = self._tracker.at(now)
        if found is None:
            return None
        pulse = Pulse(60.0 / found.period_s, 0.0, found.beat_s, BeatFrom.ONSETS.value)
        if self._pulse is None:
            return pulse
        apart = self._pulse.beat_at(now) - self._offset - pulse.beat_at(now)
        return Pulse(pulse.bpm, float(round(apart)), pulse.at_s, pulse.source)

    def _steered(self, given: Pulse, now: float, span: int) -> Pulse:
        """Go on from the beat as it was to the one that is given; `span` is four bars."""
        before = self._pulse
        if before is None:
            return Pulse(given.bpm, given.beat_at(now), now, given.source)
        self._offset = math.ceil(self._offset / span) * span
        gone = max(0.0, now - before.at_s) * given.bpm / 60.0
        wanted = given.beat_at(now) + self._offset
        missing = wanted - before.beat - gone
        if abs(missing) <= STEERED:
            share = 1.0 - math.exp(-max(0.0, now - before.at_s) / STEER_S)
            most = MOST_STEER * gone
            beat = before.beat + gone + min(most, max(-most, missing * share))
        else:
            jumps = max(0, math.ceil((before.beat - wanted) / span)) * span
            self._offset += jumps
            beat = max(before.beat, wanted + jumps)
        return Pulse(given.bpm, beat, now, given.source)
