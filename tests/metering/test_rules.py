"""What is usual, what is odd, and what may explain it."""

import doctest
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.metering import rules
from mojupravljalec.metering.registers import Register
from mojupravljalec.metering.rules import (
    Doubt,
    Known,
    Limits,
    Reason,
    judge,
    reasons,
    usual_per_day_l,
)

REGISTER = Register(digits=5, decimals=0, installed_on=date(2023, 5, 14), start_l=0)
DAY = date(2026, 11, 30)
YEAR = [date(2025, month, 28) for month in (10, 11, 12)] + [
    date(2026, month, 28) for month in range(1, 11)
]


def known(day: date, m3: int, *, measured: bool = True) -> Known:
    return Known(day, m3 * 1000, measured)


def year_of_ten() -> list[Known]:
    """Thirteen monthly values, 10 m³ apart, the last 467 m³ on 28 October 2026."""
    return [known(day, 347 + 10 * at) for at, day in enumerate(YEAR)]


def verdict(m3: int, values: list[Known] | None = None, register: Register = REGISTER):
    return judge(m3 * 1000, DAY, register, year_of_ten() if values is None else values)


def test_the_examples_in_the_rules_hold():
    assert doctest.testmod(rules).failed == 0


# ---------------------------------------------------------------- the usual


def test_with_nothing_measured_nothing_is_usual():
    assert usual_per_day_l([], DAY) is None
    assert usual_per_day_l([known(date(2026, 10, 1), 3)], DAY) is None
    pair = [known(date(2026, 9, 1), 3), known(date(2026, 10, 1), 9, measured=False)]
    assert usual_per_day_l(pair, DAY) is None


def test_the_usual_is_the_median_so_one_leak_does_not_move_it():
    values = [known(date(2026, 6, 1) + timedelta(days=30 * at), 10 * at) for at in range(5)]
    leak = known(date(2026, 6, 1) + timedelta(days=150), 400)
    assert usual_per_day_l([*values, leak], DAY) == pytest.approx(10_000 / 30)


def test_an_estimate_is_passed_over_and_the_measured_neighbours_speak():
    values = [
        known(date(2026, 8, 1), 0),
        known(date(2026, 8, 31), 90, measured=False),
        known(date(2026, 9, 30), 12),
    ]
    assert usual_per_day_l(values, DAY) == pytest.approx(200)


@pytest.mark.parametrize(
    ("start", "end", "speaks"),
    [
        (date(2024, 11, 1), date(2024, 12, 1), True),  # the same season
        (date(2024, 12, 1), date(2025, 1, 5), True),  # over New Year's Eve
        (date(2024, 5, 1), date(2024, 6, 1), False),  # another season, long ago
        (date(2023, 11, 1), date(2024, 11, 1), False),  # a year has no season
        (date(2025, 11, 1), date(2026, 11, 1), True),  # but it is recent
        (date(2026, 11, 1), date(2026, 11, 5), False),  # four days are rounding
        (date(2026, 11, 1), DAY, False),  # the value being judged
        (date(2026, 11, 1), date(2026, 12, 5), False),  # later
    ],
)
def test_only_the_season_and_the_recent_past_speak(start, end, speaks):
    usual = usual_per_day_l([known(start, 10), known(end, 20)], DAY)
    assert (usual is not None) is speaks


def test_the_household_keeps_its_usual_when_the_meter_is_changed():
    register = Register(5, 0, date(2026, 10, 31), 0)
    alone = judge(60_000, DAY, register, [])
    with_past = judge(60_000, DAY, register, [], earlier=[year_of_ten()])
    assert alone.doubts == ()
    assert with_past.doubts == (Doubt.FAR_HIGH,)


# ---------------------------------------------------------------- doubts


@pytest.mark.parametrize(
    ("m3", "doubts", "suggestion"),
    [
        (467, (Doubt.LOW,), None),  # the usual is 11 m³ in 33 days
        (470, (Doubt.LOW,), None),
        (472, (), None),
        (478, (), None),
        (485, (), None),
        (487, (Doubt.SWAPPED_DIGITS, Doubt.HIGH), 478),
        (500, (Doubt.HIGH,), None),
        (530, (Doubt.FAR_HIGH,), None),
        (749, (Doubt.SWAPPED_DIGITS, Doubt.FAR_HIGH), 479),
        (4780, (Doubt.FAR_HIGH,), None),
        (457, (Doubt.SWAPPED_DIGITS, Doubt.LOWER), 475),
        (400, (Doubt.LOWER,), None),
        (478_123, (Doubt.RED_DIGITS, Doubt.FAR_HIGH), 478),
        (600_123, (Doubt.RED_DIGITS, Doubt.FAR_HIGH), 600),  # too long in any case
        (300_123, (Doubt.RED_DIGITS, Doubt.FAR_HIGH), None),
    ],
)
def test_a_value_is_doubted_against_the_usual(m3, doubts, suggestion):
    found = verdict(m3)
    assert found.doubts == doubts
    assert found.suggestion_l == (None if suggestion is None else suggestion * 1000)


def test_the_verdict_says_what_the_page_tells_the_resident():
    found = verdict(500)
    assert found.before == known(date(2026, 10, 28), 467)
    assert (found.used_l, found.days, found.after) == (33_000, 33, None)
    assert found.usual_low_l == pytest.approx(4_315, abs=100)
    assert found.usual_high_l == pytest.approx(18_339, abs=400)
    assert found.asks
    assert not found.pending
    assert not found.wants_photo


@pytest.mark.parametrize("m3", [400, 530, 478_123])
def test_what_the_office_has_to_see_is_pending_and_wants_a_photo(m3):
    assert verdict(m3).pending
    assert verdict(m3).wants_photo


def test_nobody_home_is_no_mistake_where_little_is_used_anyway():
    values = [known(day, 50 + 2 * at) for at, day in enumerate(YEAR)]
    found = verdict(74, values)
    assert found.used_l == 0
    assert not found.asks


def test_three_m3_more_are_not_worth_a_question():
    values = [known(day, 50 + at) for at, day in enumerate(YEAR)]
    assert verdict(62 + 4, values).doubts == ()
    assert verdict(62 + 5, values).doubts == (Doubt.HIGH,)


def test_red_digits_that_fit_the_register_are_noticed():
    values = [known(date(2026, 10, 28), 12)]
    young = Register(5, 0, date(2026, 9, 28), 0)
    found = verdict(13_450, values, young)
    assert found.doubts[0] is Doubt.RED_DIGITS
    assert found.suggestion_l == 13_000


def test_red_digits_are_noticed_without_any_history():
    found = verdict(14_500, [], Register(5, 0, date(2026, 10, 28), 0))
    assert found.doubts == (Doubt.RED_DIGITS,)
    assert found.suggestion_l == 14_000


def test_a_leak_on_a_new_meter_is_not_taken_for_red_digits():
    register = Register(5, 0, date(2026, 10, 28), 0)
    found = judge(800_000, DAY, register, [], earlier=[year_of_ten()])
    assert found.doubts == (Doubt.FAR_HIGH,)


@pytest.mark.parametrize(
    ("before", "now", "doubts", "used"),
    [
        (99_990, 2, (Doubt.ROLLOVER,), 12),
        (89_000, 2, (Doubt.LOWER,), None),  # not in the last tenth
        (99_990, 99_000, (Doubt.LOWER,), None),  # nobody uses that much
        (99_990, 500, (Doubt.LOWER,), None),  # fifty times the usual
    ],
)
def test_a_register_turns_over_only_near_its_end_and_plausibly(before, now, doubts, used):
    values = [known(day, before - 10 * (12 - at)) for at, day in enumerate(YEAR)]
    found = verdict(now, values)
    assert found.doubts == doubts
    assert found.used_l == (used and used * 1000)
    assert found.pending


def test_without_history_a_turnover_uses_at_most_a_tenth_of_the_range():
    register = Register(5, 0, date(2026, 10, 28), 99_990_000)
    assert verdict(9_000, [], register).doubts[-1] is Doubt.ROLLOVER
    assert verdict(11_000, [], register).doubts[-1] is Doubt.LOWER


def test_a_reading_of_the_past_has_to_fit_under_the_next_one():
    values = [*year_of_ten(), known(DAY + timedelta(days=10), 474)]
    found = verdict(478, values)
    assert found.doubts == (Doubt.ABOVE_NEXT,)
    assert found.after == values[-1]
    assert found.pending
    assert verdict(474, values).doubts == ()


def test_a_turnover_before_the_next_value_leaves_room_above_it():
    values = [known(day, 99_990 - 10 * (12 - at)) for at, day in enumerate(YEAR)]
    values.append(known(DAY + timedelta(days=30), 14))
    assert verdict(99_999, values).doubts == ()
    assert verdict(5, values).doubts == (Doubt.ROLLOVER,)
    assert Doubt.ABOVE_NEXT in verdict(20, values).doubts


def test_the_fitters_values_are_neighbours_too():
    register = Register(5, 0, date(2026, 10, 28), 5_000, DAY + timedelta(days=1), 9_000)
    assert verdict(4, [], register).doubts == (Doubt.LOWER,)
    assert verdict(7, [], register).doubts == ()
    assert verdict(10, [], register).doubts == (Doubt.ABOVE_NEXT,)


def test_the_value_of_the_same_day_is_being_corrected():
    values = [*year_of_ten(), known(DAY, 999)]
    assert verdict(478, values).doubts == ()


def test_the_end_value_noted_on_the_same_day_still_holds():
    register = Register(5, 0, date(2023, 5, 14), 0, removed_on=DAY, end_l=478_000)
    assert verdict(478, register=register).doubts == ()
    assert verdict(479, register=register).doubts == (Doubt.ABOVE_NEXT,)


def test_an_estimate_too_high_does_not_accuse_the_resident():
    values = [*year_of_ten(), known(date(2026, 11, 15), 490, measured=False)]
    assert verdict(478, values).doubts == ()


def test_the_limits_are_settings():
    limits = Limits(soft_low=0.9, soft_high=1.1, soft_min_l=0, pending_factor=2)
    found = judge(495_000, DAY, REGISTER, year_of_ten(), limits)
    assert found.doubts == (Doubt.FAR_HIGH,)


def test_a_meter_with_litres_is_judged_in_litres():
    register = Register(5, 3, date(2026, 10, 28), 12_250)
    values = [Known(date(2026, 10, 29), 12_500, True)]
    found = judge(13_450_000, DAY, register, values)
    assert (found.doubts, found.suggestion_l) == ((Doubt.RED_DIGITS,), 13_450)


days = st.dates(date(2023, 5, 14), date(2028, 12, 31))
values_kept = st.lists(
    st.builds(Known, days, st.integers(0, 99_999_999), st.booleans()),
    unique_by=lambda value: value.taken_on,
    max_size=8,
)


@given(st.integers(0, 99_999_999_000), days, values_kept)
def test_whatever_is_typed_is_judged_and_never_refused(value_l, day, values):
    found = judge(value_l, day, REGISTER, values)
    assert found.asks or not found.pending
    assert found.before is None or found.before.taken_on <= day
    assert found.after is None or found.after.taken_on > day
    assert len(set(found.doubts)) == len(found.doubts)
    if found.suggestion_l is not None:
        assert 0 <= found.suggestion_l < REGISTER.range_l
        assert found.suggestion_l % 1000 == 0
        assert {Doubt.RED_DIGITS, Doubt.SWAPPED_DIGITS} & set(found.doubts)
        again = judge(found.suggestion_l, day, REGISTER, values)
        assert not {Doubt.LOWER, Doubt.ABOVE_NEXT} & set(again.doubts)


@given(st.integers(0, 99_999_999), st.integers(1, 60))
def test_the_range_shown_is_the_range_that_raises_no_question(used_l, day_count):
    day = date(2026, 10, 28) + timedelta(days=day_count)
    found = judge(467_000 + used_l, day, REGISTER, year_of_ten())
    inside = found.usual_low_l <= used_l <= found.usual_high_l
    assert found.asks is not inside


# ---------------------------------------------------------------- reasons


@pytest.mark.parametrize("doubt", Doubt)
def test_a_reason_explains_what_is_odd(doubt):
    offered = set(reasons([doubt]))
    assert {Reason.METER_CHANGED, Reason.LAST_VALUE_WRONG, Reason.DONT_KNOW} <= offered
    much = doubt in {Doubt.HIGH, Doubt.FAR_HIGH, Doubt.ROLLOVER}
    assert (Reason.LEAK in offered) == much
    assert (Reason.HOUSE_EMPTY in offered) == (doubt is Doubt.LOW)


def test_every_reason_is_offered_for_something():
    assert {reason for doubt in Doubt for reason in reasons([doubt])} == set(Reason)
    assert Reason.LEAK not in reasons([Doubt.RED_DIGITS, Doubt.FAR_HIGH])
