"""Sound as modulation: parameters that follow level, bands and the beat, on a manual clock."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import Beat, Set
from livematch.control.modulation import Modulation
from livematch.control.params import MODULATIONS, NUMBERS, TABLE, ModSource, Params
from livematch.control.state import Control
from livematch.values import SILENCE, Pulse, Sound

LOUD = Sound(level=1.0, bass=0.5, mid=0.25, treble=0.0, is_heard=True)
AT_ONCE = replace(
    Params(),
    mod1_source=ModSource.LEVEL,
    mod1_target="radius",  # 0 to 1, and 0 as it stands
    mod1_depth=0.5,
    mod1_attack=0.0,
    mod1_release=0.0,
)


def test_while_all_are_off_nothing_is_made_anew() -> None:
    params = Params()
    assert Modulation().moved(0.0, params, LOUD, None) is params


@pytest.mark.parametrize(
    ("source", "moved"), [("level", 0.5), ("bass", 0.25), ("mid", 0.125), ("treble", 0.0)]
)
def test_a_target_follows_its_source_by_depth_and_range(source: str, moved: float) -> None:
    params = replace(AT_ONCE, mod1_source=ModSource(source))
    assert Modulation().moved(0.0, params, LOUD, None).radius == pytest.approx(moved)


def test_the_beat_falls_from_one_to_nothing() -> None:
    params, modulation = replace(AT_ONCE, mod1_source=ModSource.BEAT, mod1_depth=1.0), Modulation()
    pulse = Pulse(120.0, 0.0, 0.0, "tap")
    moved = [modulation.moved(now, params, SILENCE, pulse).radius for now in (0.0, 0.25, 0.45, 0.5)]
    assert moved == pytest.approx([1.0, 0.5, 0.1, 1.0])
    assert modulation.moved(0.6, params, SILENCE, None).radius == 0.0


def test_it_rises_within_the_attack_and_falls_within_the_release() -> None:
    params = replace(AT_ONCE, mod1_depth=1.0, mod1_attack=0.1, mod1_release=1.0)
    modulation = Modulation()
    modulation.moved(0.0, params, SILENCE, None)
    risen = [modulation.moved(n / 100, params, LOUD, None).radius for n in range(1, 31)]
    assert risen[9] == pytest.approx(1 - 1 / 2.718, abs=0.01)  # after one attack
    assert risen == sorted(risen)
    fallen = [modulation.moved(0.3 + n / 100, params, SILENCE, None).radius for n in range(1, 101)]
    assert fallen[-1] == pytest.approx(risen[-1] / 2.718, abs=0.01)
    assert fallen == sorted(fallen, reverse=True)


def test_ticks_of_any_length_give_the_same_envelope() -> None:
    params = replace(AT_ONCE, mod1_attack=0.2)
    fine, coarse = Modulation(), Modulation()
    for modulation in (fine, coarse):
        modulation.moved(0.0, params, SILENCE, None)
    for n in range(1, 100):
        fine.moved(n / 100, params, LOUD, None)
    assert fine.moved(1.0, params, LOUD, None).radius == pytest.approx(
        coarse.moved(1.0, params, LOUD, None).radius
    )


def test_two_with_one_target_add_up_and_stay_in_its_range() -> None:
    params = replace(
        AT_ONCE,
        radius=0.2,
        mod2_source=ModSource.BASS,
        mod2_target="radius",
        mod2_depth=-0.2,
        mod2_attack=0.0,
    )
    assert Modulation().moved(0.0, params, LOUD, None).radius == pytest.approx(0.6)
    low = replace(params, mod1_depth=-1.0)
    assert Modulation().moved(0.0, low, LOUD, None).radius == 0.0


numbers = st.floats(0, 1)
sounds = st.builds(Sound, st.just(()), numbers, numbers, numbers, numbers, st.just(True))
modulators = st.tuples(
    st.sampled_from(list(ModSource)),
    st.sampled_from(NUMBERS),
    st.floats(-1, 1),
    st.floats(0, 5),
    st.floats(0, 10),
)


@given(
    st.lists(modulators, min_size=MODULATIONS, max_size=MODULATIONS),
    st.lists(st.tuples(st.floats(0, 2), sounds), max_size=20),
)
def test_whatever_sounds_every_parameter_stays_in_its_range(
    settings: list[tuple[ModSource, str, float, float, float]],
    show: list[tuple[float, Sound]],
) -> None:
    params, modulation, now = Params(), Modulation(), 0.0
    for place, setting in enumerate(settings, 1):
        names = [f"mod{place}_{name}" for name in ("source", "target", "depth", "attack")]
        names.append(f"mod{place}_release")
        params = replace(params, **dict(zip(names, setting, strict=True)))  # type: ignore[arg-type]
    targets = {target for source, target, *_ in settings if source is not ModSource.OFF}
    for gone_s, sound in show:
        now += gone_s
        moved = modulation.moved(now, params, sound, Pulse(97.0, 0.0, 0.0, "tap"))
        for row in TABLE.values():
            value = getattr(moved, row.name)
            assert row.parse(value) == value
            assert row.name in targets or value == getattr(params, row.name)


def test_the_hands_keep_what_they_have_set() -> None:
    control = Control(AT_ONCE)
    hands = control.update(0.0, LOUD)
    assert hands.params.radius == 0.5
    assert hands.as_set is not None
    assert hands.as_set.radius == 0.0
    assert control.params is hands.params  # what vision reads, on its own thread
    control.submit(Set("mod1_source", "off"))
    hands = control.update(0.1, LOUD)
    assert hands.params is hands.as_set


def test_hands_carry_the_beat_and_the_sound() -> None:
    control = Control(replace(AT_ONCE, mod1_source=ModSource.BEAT))
    control.submit(Beat("link", 60.0, 8.0, 1.0))
    hands = control.update(1.25, LOUD)
    assert hands.sound is LOUD
    assert hands.pulse == Pulse(60.0, 8.25, 1.25, "link")
    assert hands.params.radius == pytest.approx(0.375)
