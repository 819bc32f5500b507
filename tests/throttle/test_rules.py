"""A sliding window: at most so many tries in any span of its length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.throttle import rules

QUARTER = 900
START = 1_795_000_000


@pytest.mark.parametrize(
    ("moments", "now", "within"),
    [
        ([], 0, True),
        ([0] * 9, 0, True),
        ([0] * 10, 0, False),
        ([0] * 10, 899, False),
        ([0] * 10, 900, True),  # 0 is a whole step: exactly the window
        ([1] * 10, 901, False),  # rounded up to 9
        ([1] * 10, 909, True),
        ([0] * 5 + [890] * 5, 901, True),  # over the edge of a fixed quarter-hour
        ([890] * 10, 901, False),
        ([890] * 10, 1_791, True),
    ],
)
def test_ten_in_a_quarter_of_an_hour(moments, now, within):
    tries = []
    for moment in moments:
        tries = rules.with_one_more(tries, now=moment, seconds=QUARTER)
    wait = rules.wait_s(tries, now=now, seconds=QUARTER, most=10)
    assert (wait == 0) == within
    assert rules.total(rules.recent(tries, now=now, seconds=QUARTER)) < 10 or not within


seconds = st.sampled_from([5, 60, QUARTER, 3_600, 86_400])
gaps = st.lists(st.floats(0, 2_000, allow_nan=False), max_size=120)


@given(gaps=gaps, seconds=seconds, most=st.integers(1, 12))
def test_no_window_ever_holds_more_than_the_limit(gaps, seconds, most):
    now, tries, allowed = float(START), [], []
    for gap in gaps:
        now += gap
        tries = rules.recent(tries, now=now, seconds=seconds)
        wait = rules.wait_s(tries, now=now, seconds=seconds, most=most)
        assert (wait == 0) == (rules.total(tries) < most)
        if wait == 0:
            tries = rules.with_one_more(tries, now=now, seconds=seconds)
            allowed.append(now)
    for begin in allowed:
        assert sum(begin <= moment < begin + seconds for moment in allowed) <= most


@given(gaps=gaps, seconds=seconds, most=st.integers(1, 12))
def test_who_waits_as_long_as_told_is_let_in_and_that_is_a_hundredth_longer_at_most(
    gaps, seconds, most
):
    now, tries = float(START), []
    for gap in gaps:
        now += gap
        tries = rules.with_one_more(tries, now=now, seconds=seconds)
    wait = rules.wait_s(tries, now=now, seconds=seconds, most=most)
    assert rules.wait_s(tries, now=now + wait, seconds=seconds, most=most) == 0
    assert wait <= seconds + max(1, seconds // rules.STEPS) + 1


@given(gaps=gaps, seconds=seconds)
def test_a_list_of_tries_stays_short_and_in_order(gaps, seconds):
    now, tries = float(START), []
    for gap in gaps:
        now += gap
        tries = rules.recent(tries, now=now, seconds=seconds)
        tries = rules.with_one_more(tries, now=now, seconds=seconds)
    assert len(tries) <= rules.STEPS + 1
    assert [moment for moment, _ in tries] == sorted({moment for moment, _ in tries})


def test_a_clock_that_was_set_back_opens_nothing():
    tries = rules.with_one_more([], now=1_800, seconds=QUARTER)
    tries = rules.with_one_more(tries, now=900, seconds=QUARTER)
    assert tries == [[1_800, 2]]


def test_the_latest_try_is_taken_back():
    tries = [[900, 1], [1_800, 2]]
    assert rules.without_last(tries) == [[900, 1], [1_800, 1]]
    assert rules.without_last(rules.without_last(tries)) == [[900, 1]]
    assert rules.without_last([]) == []
