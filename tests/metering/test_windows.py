import doctest
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.metering import windows as module
from mojupravljalec.metering.windows import Window, parse_window

days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
numbers = st.integers(1, 31) | st.integers(-31, -1)
windows = st.builds(Window, numbers, numbers)


@pytest.mark.parametrize(
    ("text", "day", "opens_on", "closes_on", "bill_month"),
    [
        ("25..-1", date(2026, 11, 28), date(2026, 11, 25), date(2026, 11, 30), date(2026, 11, 1)),
        ("25..-1", date(2027, 2, 28), date(2027, 2, 25), date(2027, 2, 28), date(2027, 2, 1)),
        ("25..-1", date(2028, 2, 29), date(2028, 2, 25), date(2028, 2, 29), date(2028, 2, 1)),
        ("1..25", date(2026, 11, 1), date(2026, 11, 1), date(2026, 11, 25), date(2026, 11, 1)),
        ("25..3", date(2027, 1, 3), date(2026, 12, 25), date(2027, 1, 3), date(2026, 12, 1)),
        ("25..3", date(2026, 12, 25), date(2026, 12, 25), date(2027, 1, 3), date(2026, 12, 1)),
        ("-3..3", date(2027, 2, 26), date(2027, 2, 26), date(2027, 3, 3), date(2027, 2, 1)),
        ("-3..3", date(2027, 3, 2), date(2027, 2, 26), date(2027, 3, 3), date(2027, 2, 1)),
        ("-5..-1", date(2026, 11, 26), date(2026, 11, 26), date(2026, 11, 30), date(2026, 11, 1)),
        ("30..31", date(2027, 2, 28), date(2027, 2, 28), date(2027, 2, 28), date(2027, 2, 1)),
        ("28..-3", date(2027, 2, 28), date(2027, 2, 28), date(2027, 2, 28), date(2027, 2, 1)),
        ("", date(2026, 11, 17), date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 1)),
        (" 25 .. 3 ", date(2027, 1, 1), date(2026, 12, 25), date(2027, 1, 3), date(2026, 12, 1)),
        ("31..30", date(2027, 2, 28), date(2027, 1, 31), date(2027, 2, 28), date(2027, 1, 1)),
    ],
)
def test_the_window_is_open(text, day, opens_on, closes_on, bill_month):
    span = parse_window(text).span_on(day)
    assert span is not None
    assert (span.opens_on, span.closes_on, span.bill_month) == (opens_on, closes_on, bill_month)


@pytest.mark.parametrize(
    ("text", "day", "next_on", "bill_month"),
    [
        ("25..-1", date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 1)),
        ("1..25", date(2026, 12, 26), date(2027, 1, 1), date(2027, 1, 1)),
        ("25..3", date(2027, 1, 4), date(2027, 1, 25), date(2027, 1, 1)),
        ("-3..3", date(2027, 2, 25), date(2027, 2, 26), date(2027, 2, 1)),
    ],
)
def test_a_reading_outside_counts_for_the_next_bill(text, day, next_on, bill_month):
    window = parse_window(text)
    assert window.span_on(day) is None
    assert window.next_after(day).opens_on == next_on
    assert window.counts_for(day) == bill_month


def test_a_reading_after_new_year_counts_for_the_window_that_opened_before_it():
    assert parse_window("25..3").counts_for(date(2027, 1, 2)) == date(2026, 12, 1)


@pytest.mark.parametrize("text", ["25", "0..5", "5..32", "-32..3", "5-10", "a..b", "1..2..3", ".."])
def test_any_other_text_is_answered_with_what_is_allowed(text):
    with pytest.raises(ValueError, match=r"25\.\.-1") as refused:
        parse_window(text)
    assert "\n" not in str(refused.value)


def test_the_example_of_the_windows_holds():
    assert doctest.testmod(module).failed == 0


@given(days)
def test_an_always_open_window_is_open(day):
    span = parse_window("").span_on(day)
    assert span is not None
    assert span.bill_month == day.replace(day=1)


@given(windows, days)
def test_every_day_counts_for_a_bill_of_about_now(window, day):
    month = window.counts_for(day)
    assert month.day == 1
    assert day - timedelta(days=62) < month <= day + timedelta(days=31)


@given(windows, days)
def test_a_span_holds_its_day_and_opens_in_its_month(window, day):
    span = window.span_on(day)
    if span is not None:
        assert span.opens_on <= day <= span.closes_on
        assert span.bill_month == span.opens_on.replace(day=1)


@given(windows, days)
def test_the_next_span_opens_later_and_nothing_opens_in_between(window, day):
    following = window.next_after(day)
    assert following.opens_on > day
    assert window.span_on(following.opens_on) is not None
    if window.span_on(day) is None:
        between = range(1, (following.opens_on - day).days)
        assert all(window.span_on(day + timedelta(days=n)) is None for n in between)


@given(windows, days)
def test_later_readings_never_count_for_earlier_bills(window, day):
    assert window.counts_for(day) <= window.counts_for(day + timedelta(days=1))
