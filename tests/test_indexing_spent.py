"""Where the time of indexing goes."""

import pytest

from livematch.clock import ManualClock
from livematch.indexing.spent import NO_TIME, Spent, total
from livematch.indexing.stage import Stage


def test_the_limit_is_what_the_reading_thread_spends_most_on() -> None:
    spent = Spent(decoding_s=5.0, looking_s=2.0, network_wait_s=1.0, proxy_wait_s=0.0, network_s=9)
    assert spent.limit == "decoding"
    assert sum(spent.shares.values()) == pytest.approx(1.0)
    assert spent.shares["waiting for the network"] == pytest.approx(1 / 8)
    assert Spent(decoding_s=1.0, proxy_wait_s=2.0).limit == "the proxy"


def test_films_add_up_and_none_is_nothing() -> None:
    assert total([Spent(1, 2, 3, 4, 5, 6), Spent(1, 1, 1, 1, 1, 1)]) == Spent(2, 3, 4, 5, 6, 7)
    assert total([]) == NO_TIME
    assert set(NO_TIME.shares.values()) == {0.0}


def test_a_stage_knows_how_long_it_worked() -> None:
    clock = ManualClock()
    with Stage("test", clock.advance, 4, clock) as stage:
        for seconds in (1.0, 2.0, 0.5):
            stage.put(seconds)
    assert stage.busy_s == 3.5
    assert 0 <= stage.blocked_s <= 3.5
