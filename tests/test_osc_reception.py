"""From datagrams to commands: coalescing, triggers once, timetags, wildcards, verdicts."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from osc_kit import TABLET, Bench
from test_osc_packets import bundle, hostile

from livematch.control.commands import (
    Command,
    Fire,
    Nudge,
    Pick,
    Position,
    Save,
    Set,
    Tap,
    Trigger,
    UseLens,
)
from livematch.control.params import Params
from livematch.control.runs import newest
from livematch.control.state import Control
from livematch.osc.gate import GAP_S
from livematch.osc.inbox import CROWDED, Inbox
from livematch.osc.monitor import KEPT, Verdict
from livematch.osc.packets import encode
from livematch.osc.reception import LOOKS_A_SECOND
from livematch.osc.schedule import FARTHEST_S, MOST_WAITING

FADE = "/livematch/look/fade"


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Verdicts


def test_a_message_becomes_a_command_and_is_seen(bench: Bench) -> None:
    heard = bench.send(FADE, 2.5, now=3.0)
    assert bench.commands == [Set("fade", 2.5)]
    assert heard is not None
    assert (heard.path, heard.args, heard.verdict, heard.sender) == (
        FADE,
        (2.5,),
        Verdict.DONE,
        TABLET,
    )


def test_a_refusal_says_who_what_and_what_is_allowed(bench: Bench) -> None:
    heard = bench.send(FADE, 99.0)
    assert not bench.commands
    assert "192.168.1.20:50000 /livematch/look/fade 99.0: refused" in str(heard)
    assert "0 to 20 s" in str(heard)


def test_an_unknown_path_is_told_the_nearest(bench: Bench) -> None:
    assert "did you mean /livematch/look/fade" in str(bench.send("/livematch/look/fader", 1.0))


def test_a_preset_has_its_own_path(bench: Bench) -> None:
    assert bench.send("/livematch/preset/storm", 1) is not None
    assert bench.refused == 0
    bench.send("/livematch/preset/strom", 1)
    assert bench.refused == 1


def test_a_lens_has_its_own_path_and_is_taken_once(bench: Bench) -> None:
    bench.send("/livematch/lens/use/sea", 1)
    bench.send("/livematch/lens/use/sea", 0)  # the button let go
    bench.send("/livematch/lens/use", 2, now=1.0)
    bench.send("/livematch/lens/use", 2, now=1.1)  # a button that bounces
    assert bench.commands == [UseLens("sea"), UseLens(2)]
    assert bench.refused == 0
    assert "did you mean /livematch/lens/use/sea" in str(bench.send("/livematch/lens/use/sae", 1))


def test_the_monitor_keeps_so_many_and_counts_all(bench: Bench) -> None:
    for n in range(KEPT + 50):
        bench.send(FADE, 99.0, now=float(n))
    assert len(bench.monitor.newest()) == KEPT
    assert bench.refused == KEPT + 50
    assert len(bench.monitor.refused(since_s=KEPT + 48.0)) == 2


# Triggers


def test_a_trigger_twice_within_a_moment_is_one(bench: Bench) -> None:
    bench.send("/livematch/go", now=1.0)
    again = bench.send("/livematch/go", now=1.0 + GAP_S * 0.9)
    bench.send("/livematch/go", now=1.0 + GAP_S * 1.1)
    assert bench.commands == [Fire(Trigger.GO)] * 2
    assert again is not None
    assert again.verdict is Verdict.REPEATED


def test_a_button_let_go_pulls_nothing(bench: Bench) -> None:
    bench.send("/livematch/go", 1.0, now=1.0)
    released = bench.send("/livematch/go", 0.0, now=2.0)
    assert bench.commands == [Fire(Trigger.GO)]
    assert released is not None
    assert released.verdict is Verdict.RELEASED


def test_different_triggers_do_not_wait_for_each_other(bench: Bench) -> None:
    for path in ("/livematch/next", "/livematch/cut", "/livematch/pick/1", "/livematch/pick/2"):
        bench.send(path, 1, now=5.0)
    assert bench.commands == [Fire(Trigger.NEXT), Fire(Trigger.CUT), Pick(1), Pick(2)]


def test_taps_carry_their_time_and_may_be_quick(bench: Bench) -> None:
    for at_s in (1.0, 1.15, 1.3):
        bench.send("/livematch/tap", 1, now=at_s)
    assert bench.commands == [Tap(1.0), Tap(1.15), Tap(1.3)]


def test_the_show_ends_only_when_asked_twice(bench: Bench) -> None:
    bench.send("/livematch/quit", now=1.0)
    bench.send("/livematch/quit", now=9.0)
    assert not bench.commands
    bench.send("/livematch/quit", now=9.5)
    assert bench.commands == [Fire(Trigger.QUIT)]


def test_a_great_many_different_triggers_are_not_remembered_for_ever(bench: Bench) -> None:
    for n in range(1000):
        bench.send("/livematch/step", f"step {n}", now=1.0)
    assert len(bench.commands) == 1000


# Wildcards


def test_a_wildcard_reaches_parameters(bench: Bench) -> None:
    bench.send("/livematch/match/{semantic,layout}", 0.5)
    assert bench.commands == [Set("semantic", 0.5), Set("layout", 0.5)]


@pytest.mark.parametrize("pattern", ["/livematch/*", "/*/{quit,panic}", "/livematch/pick/?"])
def test_a_star_pulls_no_trigger(bench: Bench, pattern: str) -> None:
    bench.send(pattern, 1.0)
    assert not bench.commands


def test_a_flood_of_wildcards_is_cut_off(bench: Bench) -> None:
    for n in range(LOOKS_A_SECOND + 10):
        bench.send(f"/livematch/match/semanti[c{n}]", 0.5, now=1.0)
    assert len(bench.commands) == LOOKS_A_SECOND
    bench.send("/livematch/match/semanti?", 0.5, now=2.0)
    assert len(bench.commands) == LOOKS_A_SECOND + 1


# Timetags


def at(ntp_s: float, path: str, *args: float) -> bytes:
    return bundle(encode(path, args), timetag=int(ntp_s * 2**32))


def test_a_bundle_for_later_waits_without_holding_anything_up(bench: Bench) -> None:
    bench.raw(at(1000.5, FADE, 1.0), now=10.0, ntp_now_s=1000.0)
    bench.send(FADE, 2.0, now=10.1)
    assert bench.commands == [Set("fade", 2.0)]
    assert bench.reception.next_s == pytest.approx(10.5)
    bench.reception.release(10.49)
    assert len(bench.commands) == 1
    bench.reception.release(10.5)
    assert bench.commands[1:] == [Set("fade", 1.0)]


def test_a_late_bundle_is_performed_now(bench: Bench) -> None:
    bench.raw(at(900.0, FADE, 1.0), now=10.0, ntp_now_s=1000.0)
    assert bench.commands == [Set("fade", 1.0)]


def test_an_absurd_timetag_is_refused(bench: Bench) -> None:
    heard = bench.raw(at(1001.0 + FARTHEST_S, FADE, 1.0), now=10.0, ntp_now_s=1000.0)
    assert not bench.commands
    assert bench.reception.next_s is None
    assert "set clocks" in str(heard)


def test_what_is_due_together_comes_in_the_order_sent(bench: Bench) -> None:
    for n in range(5):
        bench.raw(at(1001.0, "/livematch/step", n + 1.0), now=10.0, ntp_now_s=1000.0)
    bench.raw(at(1000.5, FADE, 4.0), now=10.0, ntp_now_s=1000.0)
    bench.reception.release(11.0)
    assert bench.commands[0] == Set("fade", 4.0)
    assert [command.step for command in bench.commands[1:]] == [1, 2, 3, 4, 5]  # type: ignore[union-attr]


def test_not_everything_can_wait(bench: Bench) -> None:
    for _ in range(MOST_WAITING + 5):
        bench.raw(at(1001.0, FADE, 1.0), now=10.0, ntp_now_s=1000.0)
    assert bench.refused == 5


# Coalescing


def drained(*packets: bytes, before: int = CROWDED) -> list[Command]:
    """What is done of some packets when so many others wait before them."""
    inbox, bench = Inbox(), Bench()
    for packet in (*[encode("/livematch/hold")] * before, *packets):
        inbox.put(packet, TABLET, 1.0)
    for datagram in inbox.take():
        bench.reception.take(datagram, 0.0)
    return bench.commands[before:]


def test_while_few_wait_what_is_wrong_replaces_nothing() -> None:
    commands = drained(encode(FADE, (2.5,)), encode(FADE, (99.0,)), before=0)
    assert commands == [Set("fade", 2.5)]


def test_of_a_faders_values_the_last_is_read() -> None:
    commands = drained(*(encode(FADE, (n / 10,)) for n in range(100)))
    assert commands == [Set("fade", pytest.approx(9.9))]


def test_the_two_ways_to_set_a_parameter_keep_their_order() -> None:
    place = encode(f"{FADE}/position", (0.5,))
    commands = drained(encode(FADE, (1.0,)), place, encode(FADE, (2.0,)))
    assert commands == [Position("fade", 0.5), Set("fade", 2.0)]


def test_nothing_is_moved_past_what_may_depend_on_it() -> None:
    commands = drained(
        encode(FADE, (1.0,)),
        encode(FADE, ("+",)),
        encode(FADE, (2.0,)),
        encode("/livematch/save", ("mine",)),
        encode(FADE, (3.0,)),
        encode(FADE, (4.0,)),
    )
    assert commands == [
        Set("fade", 1.0),
        Nudge("fade"),
        Set("fade", 2.0),
        Save("mine"),
        Set("fade", 4.0),
    ]


def test_no_trigger_is_ever_coalesced() -> None:
    packets = [encode(f"/livematch/pick/{n}", (1,)) for n in range(1, 10)]
    assert len(drained(*packets)) == 9


commands = st.one_of(
    st.builds(Set, st.sampled_from(["fade", "radius"]), st.floats(0, 1)),
    st.builds(Position, st.sampled_from(["fade", "radius"]), st.floats(0, 1)),
    st.builds(Nudge, st.sampled_from(["fade", "radius"]), st.integers(-3, 3)),
    st.just(Fire(Trigger.PANIC)),
)


@given(st.lists(commands, max_size=30))
def test_leaving_out_what_is_replaced_changes_nothing(given: list[Command]) -> None:
    one_by_one, together = Control(), Control()
    for command in given:
        one_by_one.submit(command)
        one_by_one.update(0.0)
        together.submit(command)
    assert together.update(0.0).as_set == one_by_one.params
    assert len(newest(given)) <= len(given)


# Hostile


def test_whatever_comes_leaves_the_parameters_within_their_ranges() -> None:
    bench, control = Bench(), Control()
    for n, packet in enumerate(hostile(4000, seed=2)):
        bench.raw(packet, now=n / 100)
    for command in bench.commands:
        control.submit(command)
    control.update(0.0)
    assert bench.refused > 100
    assert isinstance(control.params, Params)


@pytest.mark.parametrize(
    "packet",
    [
        encode("/**********Z", ()),
        encode("/livematch/look/fade", ("fast",)),
        encode("/livematch/pick", (True,)),
        bundle(encode(FADE, (0.5,)), timetag=2**64 - 1),
        b"/livematch/look/fade\0\0\0\0,f\0\0" + struct.pack(">f", float("nan")),
        encode("/" + "x" * 200, ()),
    ],
)
def test_each_bad_packet_is_counted_with_a_reason(bench: Bench, packet: bytes) -> None:
    heard = bench.raw(packet)
    if not bench.commands:
        assert bench.refused == 1
        assert heard is not None
        assert heard.reason
