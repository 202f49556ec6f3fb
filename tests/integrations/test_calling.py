"""The calls of a slice: one after the other while the ATS is quick, side by side as soon as it lets us wait."""

import threading
import time

import pytest

from integrations.draining.calling import GIVEN_BACK, Calls
from integrations.draining.packing import Errand, Kind

numbers = iter(range(10**9, 2 * 10**9))


class FarSide:
    """Answers at once, or when so many calls are under way together."""

    def __init__(self, together: int = 1) -> None:
        self.together, self.under_way, self.most = together, 0, 0
        self.changed = threading.Condition()

    def create(self, client, payload) -> str:
        with self.changed:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most >= self.together, timeout=10)
            self.under_way -= 1
        return "created"


def line_up(calls: Calls, count: int) -> None:
    for _ in range(count):
        calls.add(Errand(None, Kind.CREATE, None, begin_before=time.monotonic() + 60))


def take_all(calls: Calls) -> list[object]:
    outcomes = []
    while calls.in_hand:
        outcomes += [errand.outcome for errand in calls.take(enough=10, few_left=0, seconds=0.25)]
    return outcomes


@pytest.fixture
def begin():
    return lambda far, most=8: Calls(far, next(numbers), most)


def test_a_quick_ats_is_called_by_one(begin):
    far = FarSide()
    calls = begin(far)

    line_up(calls, 30)

    assert take_all(calls) == ["created"] * 30
    assert far.most == 1


def test_a_slow_ats_is_called_side_by_side(begin):
    far = FarSide(together=5)
    calls = begin(far, most=5)

    line_up(calls, 12)

    assert take_all(calls) == ["created"] * 12
    assert far.most == 5


def test_what_stands_in_line_is_given_back_and_what_is_under_way_is_finished(begin):
    far = FarSide(together=2)  # the one under way waits for another, which never comes
    calls = begin(far)
    line_up(calls, 6)
    with far.changed:
        far.changed.wait_for(lambda: far.most == 1, timeout=10)

    calls.give_back_line()
    with far.changed:
        far.together = 1
        far.changed.notify_all()

    outcomes = take_all(calls)
    assert outcomes.count(GIVEN_BACK) == 5
    assert outcomes.count("created") == 1
