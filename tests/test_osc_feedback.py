"""Who is told what and when, on a clock that the test moves."""

from collections import Counter
from itertools import pairwise

import pytest
from osc_kit import TABLET, Bench

from livematch.control.params import Params, changed
from livematch.osc.clients import (
    MOST_CLIENTS,
    MOST_REFUSALS,
    SHUNNED_S,
    SILENT_HELLO_S,
    SILENT_S,
    Clients,
)
from livematch.osc.feedback import LEAST_GAP_S, MOST_AT_ONCE, MOVING_S, UPDATE_S, News, Telling
from livematch.osc.space import Arg, told

FADE = "/livematch/look/fade"
PLACE = "/livematch/look/fade/position"
FILM = "/livematch/status/film"
OTHER = ("192.168.1.21", 50001)


class Desk(Bench):
    """The bench, with news to tell and a log of what was told to whom."""

    def __init__(self) -> None:
        super().__init__()
        self.params = Params()
        self.statuses: dict[str, Arg] = {FILM: "sea"}
        self.now = 100.0
        self.log: list[tuple[float, Telling]] = []

    def set(self, name: str, value: object) -> None:
        self.params = changed(self.params, name, value)

    def run(self, seconds: float) -> list[tuple[str, Arg]]:
        """Let time go by; return what was told in it."""
        began = len(self.log)
        for _ in range(round(seconds / UPDATE_S)):
            self.now += UPDATE_S
            news = News(self.params, dict(self.statuses))
            self.log += [(self.now, telling) for telling in self.feedback.update(self.now, news)]
        return [(telling.path, telling.value) for _, telling in self.log[began:]]

    def sends(self, path: str, *args: Arg, sender: tuple[str, int] = TABLET) -> None:
        self.send(path, *args, now=self.now, sender=sender)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.sends("/livematch/hello", 9000)
    desk.run(2.0)
    return desk


def test_hello_is_told_everything_once() -> None:
    desk = Desk()
    desk.sends("/livematch/hello", 9000)
    heard = desk.run(2.0)
    assert dict(heard) == {**told(desk.params), FILM: "sea"}
    assert len(heard) == len(dict(heard))
    assert {telling.client.address for _, telling in desk.log} == {("192.168.1.20", 9000)}
    assert desk.run(2.0) == []


def test_a_dump_is_spread_out() -> None:
    desk = Desk()
    desk.sends("/livematch/hello", 9000)
    desk.run(2.0)
    assert max(Counter(at_s for at_s, _ in desk.log).values()) == MOST_AT_ONCE


def test_sync_tells_everything_again(desk: Desk) -> None:
    desk.sends("/livematch/sync")
    assert dict(desk.run(2.0)) == {**told(desk.params), FILM: "sea"}


def test_only_changes_are_told(desk: Desk) -> None:
    desk.set("fade", 4.0)
    desk.statuses[FILM] = "city"
    assert sorted(desk.run(1.0)) == [(FADE, 4.0), (PLACE, 0.2), (FILM, "city")]


def test_at_most_thirty_times_a_second_and_the_last_value_arrives(desk: Desk) -> None:
    began = len(desk.log)
    for n in range(120):
        desk.set("fade", n / 10)
        desk.run(UPDATE_S)
    times = [at_s for at_s, telling in desk.log[began:] if telling.path == FADE]
    assert 55 <= len(times) <= 60
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert min(gaps) >= LEAST_GAP_S - 1e-5
    desk.run(1.0)
    assert [t.value for _, t in desk.log if t.path == FADE][-1] == pytest.approx(11.9)


def test_everybody_gets_a_turn_when_everything_moves(desk: Desk) -> None:
    for n in range(60):
        for row in ("semantic", "layout", "colour", "motion", "face", "momentum", "radius"):
            desk.set(row, n / 100)
        for n_candidate in range(1, 10):
            desk.statuses[f"/livematch/status/candidate/{n_candidate}"] = f"{n}"
        heard = desk.run(UPDATE_S)
        assert len(heard) <= MOST_AT_ONCE
    counts = Counter(path for path, _ in desk.run(1.0))
    assert set(counts.values()) == {1}


def test_the_moving_hand_hears_no_echo(desk: Desk) -> None:
    for n in range(30):
        desk.sends(FADE, n / 10)
        desk.set("fade", n / 10)
        assert desk.run(2 * UPDATE_S) == []
    heard = dict(desk.run(MOVING_S + 0.1))
    assert FADE not in heard  # it shows that value already
    assert heard == {PLACE: pytest.approx(2.9 / 20)}


def test_the_others_hear_what_a_hand_moves(desk: Desk) -> None:
    desk.sends("/livematch/hello", 9001, sender=OTHER)
    desk.run(2.0)
    desk.sends(FADE, 3.0)
    desk.set("fade", 3.0)
    began = len(desk.log)
    desk.run(0.1)
    assert {t.client.address for _, t in desk.log[began:]} == {("192.168.1.21", 9001)}


def test_a_hand_that_set_what_is_not_allowed_gets_its_fader_back(desk: Desk) -> None:
    desk.sends(FADE, 50.0)
    assert desk.run(MOVING_S - 0.05) == []
    assert desk.run(0.1) == [(FADE, 0.5)]


def test_thirty_two_bits_are_no_difference(desk: Desk) -> None:
    desk.sends(FADE, 0.1)
    desk.set("fade", 0.1)
    assert [path for path, _ in desk.run(1.0)] == [PLACE]


def test_a_nudge_is_answered_at_once(desk: Desk) -> None:
    desk.sends(FADE, "+")
    desk.set("fade", 0.6)
    assert dict(desk.run(2 * UPDATE_S)) == {FADE: 0.6, PLACE: pytest.approx(0.03)}


def test_a_question_is_answered_though_nothing_changed(desk: Desk) -> None:
    desk.sends(FADE, "?")
    assert desk.run(0.1) == [(FADE, 0.5)]
    desk.sends("/livematch/hold", "?")
    assert desk.run(0.1) == [("/livematch/play/hold", 0)]
    desk.sends("/livematch/next", "?")
    assert desk.run(0.1) == []
    assert "no value" in str(desk.monitor.newest(1)[0])


def test_a_sender_without_hello_is_told_changes_at_the_agreed_port(desk: Desk) -> None:
    desk.sends(FADE, 2.0, sender=OTHER)
    desk.set("fade", 2.0)
    desk.run(1.0)
    began = len(desk.log)
    desk.run(1.0)
    assert not [t for _, t in desk.log[began:] if t.client.source == OTHER]
    desk.statuses[FILM] = "city"
    desk.run(1.0)
    assert ("192.168.1.21", 7001) in {t.client.address for _, t in desk.log[began:]}


# The list of clients


def test_there_is_room_for_so_many_and_the_silent_make_room() -> None:
    clients = Clients(7001)
    for n in range(MOST_CLIENTS + 5):
        clients.hello((f"10.0.0.{n}", 5000), 9000, float(n))
    assert len(clients) == MOST_CLIENTS
    assert not clients.of(("10.0.0.4", 5000))
    assert clients.of(("10.0.0.5", 5000))


def test_who_said_hello_is_kept_before_who_did_not() -> None:
    clients = Clients(7001)
    clients.hello(("10.0.0.1", 5000), 9000, 0.0)
    for n in range(2, MOST_CLIENTS + 10):
        clients.heard((f"10.0.0.{n}", 5000), float(n))
    assert clients.of(("10.0.0.1", 5000))


def test_silence_is_forgotten_later_for_who_said_hello() -> None:
    clients = Clients(7001)
    clients.hello(("10.0.0.1", 5000), 9000, 0.0)
    clients.heard(("10.0.0.2", 5000), 0.0)
    clients.forget_silent(SILENT_S + 1)
    assert [client.address[0] for client in clients] == ["10.0.0.1"]
    clients.forget_silent(SILENT_HELLO_S + 1)
    assert not len(clients)


def test_a_host_where_nobody_listens_is_left_alone_until_it_says_hello() -> None:
    clients = Clients(7001)
    sender = ("10.0.0.1", 5000)
    [client], is_new = clients.heard(sender, 0.0)
    assert is_new
    assert [clients.refused(client, 1.0) for _ in range(MOST_REFUSALS)] == [False, False, True]
    assert clients.heard(sender, 1.5) == ([], False)
    assert clients.heard(sender, 1.0 + SHUNNED_S)[1]
    clients.refused(clients.hello(sender, 9000, 20.0), 20.0)
    assert [client.address for client in clients] == [("10.0.0.1", 9000)]


def test_two_programs_on_one_host_are_two_clients() -> None:
    clients = Clients(7001)
    first = clients.hello(("127.0.0.1", 5000), 9000, 0.0)
    second = clients.hello(("127.0.0.1", 5001), 9001, 0.0)
    assert clients.of(("127.0.0.1", 5000)) == [first]
    assert clients.of(("127.0.0.1", 5001)) == [second]
    assert clients.of(("127.0.0.1", 6000)) == [first, second]
