from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.metering.history import (
    Entry,
    Installation,
    Row,
    history,
    measured_periods,
    monthly_usage_l,
)
from mojupravljalec.metering.rules import Known, Register, judge

OLD = Installation(1, "OLD", Register(5, 0, date(2026, 1, 1), 100_000, date(2026, 5, 11), 150_000))
NEW = Installation(2, "NEW", Register(5, 0, date(2026, 5, 11), 3_000))


def entry(day: date, m3: int, meter: Installation = OLD, **other) -> Entry:
    how = {"source": "collector", "status": "accepted", "reading_id": day.toordinal(), **other}
    return Entry(taken_on=day, value_l=m3 * 1000, installation_id=meter.id, **how)


def used(rows: list[Row]) -> list[int | None]:
    return [row.used_l for row in rows]


def test_readings_come_newest_first_and_the_first_counts_from_the_start_value():
    rows = history([entry(date(2026, 1, 31), 112), entry(date(2026, 3, 2), 112)], [OLD])
    assert [row.taken_on for row in rows] == [date(2026, 3, 2), date(2026, 1, 31)]
    assert used(rows) == [0, 12_000]
    assert (rows[1].days, rows[1].per_day_l) == (30, 400)


def test_a_pending_reading_shows_its_use_but_is_no_baseline():
    rows = history(
        [
            entry(date(2026, 1, 31), 110),
            entry(date(2026, 2, 28), 900, status="pending"),
            entry(date(2026, 3, 31), 130),
        ],
        [OLD],
    )
    assert used(rows) == [20_000, 790_000, 10_000]
    assert rows[0].days == 59


def test_a_value_below_an_estimate_is_compared_with_what_was_measured_before():
    rows = history(
        [
            entry(date(2026, 1, 31), 130, source="estimate"),
            entry(date(2026, 2, 15), 140, source="estimate"),
            entry(date(2026, 2, 28), 120),
        ],
        [OLD],
    )
    assert used(rows) == [20_000, 10_000, 30_000]
    assert (rows[0].days, rows[0].estimated) == (58, False)
    assert measured_periods(rows) == rows[:1]


def test_an_estimate_over_an_exchange_gives_way_to_the_end_of_the_old_meter():
    rows = history(
        [
            entry(date(2026, 3, 1), 120),
            entry(date(2026, 4, 30), 160, source="estimate"),
            entry(date(2026, 5, 31), 10, NEW),
        ],
        [OLD, NEW],
    )
    assert used(rows) == [30_000 + 7_000, None, 40_000, 20_000]
    assert rows[0].days == 91


def test_a_correction_downwards_leaves_the_consumption_unknown():
    rows = history(
        [
            entry(date(2026, 1, 31), 130),
            entry(date(2026, 2, 28), 120),
            entry(date(2026, 3, 31), 125),
        ],
        [OLD],
    )
    assert used(rows) == [5_000, None, 30_000]
    assert rows[1].per_day_l is None


@pytest.mark.parametrize("status", ["pending", "accepted"])
def test_a_value_of_a_reported_meter_has_no_consumption_and_is_no_base(status):
    rows = history(
        [
            entry(date(2026, 1, 31), 130),
            entry(date(2026, 2, 28), 3, status=status, reported_serial=""),
            entry(date(2026, 3, 31), 150, status=status, reported_serial="777"),
            entry(date(2026, 4, 30), 140),
        ],
        [OLD],
    )
    assert used(rows) == [10_000, None, None, 30_000]
    assert [row.reported_serial for row in rows] == [None, "777", "", None]
    assert rows[0].days == 89


STILL_THERE = Installation(1, "OLD", Register(5, 0, date(2026, 1, 1), 100_000))


@pytest.mark.parametrize(
    ("installations", "entered"),
    [
        ([STILL_THERE], False),
        ([STILL_THERE, NEW], False),
        ([OLD], False),
        ([OLD, NEW], True),
        ([NEW, OLD], True),
    ],
)
@pytest.mark.parametrize("day", [date(2026, 5, 10), date(2026, 5, 11), date(2026, 5, 20)])
def test_an_exchange_is_entered_once_the_old_meter_is_removed_and_another_follows(
    installations, entered, day
):
    rows = history([entry(day, 3, status="pending", reported_serial="NEW")], installations)
    (row,) = (row for row in rows if row.kind == "reading")
    assert (row.exchange_entered, row.used_l) == (entered, None)


def test_only_what_was_reported_waits_for_an_exchange():
    rows = history(
        [entry(date(2026, 5, 1), 900, status="pending"), entry(date(2026, 5, 31), 10, NEW)],
        [OLD, NEW],
    )
    assert not any(row.exchange_entered for row in rows)


def test_the_end_of_the_old_meter_below_its_last_value_leaves_the_consumption_unknown():
    rows = history([entry(date(2026, 4, 30), 155), entry(date(2026, 5, 31), 10, NEW)], [OLD, NEW])
    assert used(rows) == [None, None, 55_000]


meters = st.lists(
    st.tuples(
        st.integers(1, 400),  # days that it is there
        st.integers(0, 99_999_999),  # start
        st.none() | st.integers(0, 99_999_999),  # end
        st.sampled_from([5, 8]),
    ),
    min_size=1,
    max_size=3,
)
kept = st.lists(
    st.tuples(
        st.integers(-30, 900),  # days after the first meter was built in
        st.one_of(st.integers(0, 99_999_999), st.integers(99_000_000, 99_999_999)),
        st.sampled_from(["collector", "customer", "estimate", "portal"]),
        st.sampled_from(["accepted", "pending"]),
        st.sampled_from([None, None, "", "777"]),
        st.integers(1, 3),
    ),
    max_size=12,
    unique_by=lambda one: (one[0], one[5]),
)


@given(meters, kept)
def test_no_history_of_readings_has_a_negative_consumption(built, readings):
    """Submissions, corrections, exchanges, turned registers, estimates, whatever their order."""
    day, installations = date(2024, 1, 1), []
    for number, (days, start_l, end_l, digits) in enumerate(built, 1):
        gone = day + timedelta(days=days)
        register = Register(digits, 0, day, start_l, gone, end_l)
        installations.append(Installation(number, str(number), register))
        day = gone
    entries = [
        Entry(
            date(2024, 1, 1) + timedelta(days=days),
            value_l,
            source,
            status,
            installation_id,
            number,
            reported,
        )
        for number, (days, value_l, source, status, reported, installation_id) in enumerate(
            readings
        )
    ]
    rows = history(entries, installations)
    months = monthly_usage_l(rows, until=date(2026, 7, 1), months=40)
    assert all(row.used_l is None or row.used_l >= 0 for row in rows)
    assert all(row.per_day_l is None or row.per_day_l >= 0 for row in rows)
    assert all(month.used_l is None or month.used_l >= 0 for month in months)
    assert all(row.used_l is None for row in rows if row.reported_serial is not None)
    for value_l in (0, 500_000, 99_999_999):
        known = [
            Known(one.taken_on, one.value_l, one.is_measured, one.reported_serial)
            for one in entries
        ]
        found = judge(value_l, day, installations[-1].register, known)
        assert found.used_l is None or found.used_l >= 0
        assert found.usual_low_l is None or found.usual_low_l >= 0


def test_an_exchange_adds_both_ends():
    rows = history([entry(date(2026, 4, 30), 145), entry(date(2026, 5, 31), 10, NEW)], [NEW, OLD])
    assert [row.kind for row in rows] == ["reading", "exchange", "reading"]
    assert used(rows) == [5_000 + 7_000, None, 45_000]
    assert rows[0].days == 31
    exchange = rows[1]
    assert (exchange.old_serial, exchange.new_serial) == ("OLD", "NEW")
    assert (exchange.old_end_l, exchange.new_start_l) == (150_000, 3_000)
    assert exchange.reading_id is None


def test_over_an_exchange_nothing_is_known_without_the_end_value():
    endless = Installation(1, "OLD", Register(5, 0, date(2026, 1, 1), 100_000))
    rows = history(
        [
            entry(date(2026, 4, 30), 145),
            entry(date(2026, 5, 31), 10, NEW),
            entry(date(2026, 6, 30), 20, NEW),
        ],
        [endless, NEW],
    )
    assert used(rows) == [10_000, None, None, 45_000]


def test_two_exchanges_without_a_reading_between_them_add_up():
    third = Installation(3, "THIRD", Register(5, 0, date(2026, 6, 1), 0))
    second = Installation(
        2, "NEW", Register(5, 0, date(2026, 5, 11), 3_000, date(2026, 6, 1), 9_000)
    )
    rows = history(
        [entry(date(2026, 4, 30), 145), entry(date(2026, 6, 30), 4, third)], [OLD, second, third]
    )
    assert used(rows) == [5_000 + 6_000 + 4_000, None, None, 45_000]


def test_on_the_day_of_an_exchange_the_old_meter_is_read_first():
    day = date(2026, 5, 11)
    rows = history([entry(day, 3, NEW), entry(day, 150)], [OLD, NEW])
    assert [(row.kind, row.serial) for row in rows] == [
        ("reading", "NEW"),
        ("exchange", "NEW"),
        ("reading", "OLD"),
    ]
    assert used(rows) == [0, None, 50_000]
    assert rows[0].per_day_l is None


def test_a_register_that_turned_over_goes_on():
    meter = Installation(1, "OLD", Register(5, 0, date(2026, 1, 1), 99_990_000))
    assert used(history([entry(date(2026, 1, 31), 8)], [meter])) == [18_000]


def test_without_meters_there_is_no_history():
    assert history([], []) == []
    assert [month.used_l for month in monthly_usage_l([], until=date(2026, 1, 5), months=2)] == [
        None,
        None,
    ]


# ---------------------------------------------------------------- months


def month_values(rows: list[Row], until: date, months: int) -> list[int | None]:
    return [month.used_l for month in monthly_usage_l(rows, until=until, months=months)]


def test_the_months_end_with_the_one_asked_for():
    months = monthly_usage_l([], until=date(2026, 1, 31))
    assert len(months) == 13
    assert (months[0].first_day, months[-1].first_day) == (date(2025, 1, 1), date(2026, 1, 1))


def test_a_period_is_spread_evenly_over_its_days():
    start = Installation(1, "OLD", Register(5, 0, date(2025, 12, 31), 0))
    rows = history([entry(date(2026, 2, 28), 59)], [start])
    assert month_values(rows, date(2026, 2, 28), 3) == [None, 31_000, 28_000]


def test_a_month_known_in_part_is_not_known_unless_it_is_the_newest():
    start = Installation(1, "OLD", Register(5, 0, date(2025, 12, 10), 0))
    rows = history([entry(date(2026, 2, 20), 72)], [start])
    months = monthly_usage_l(rows, until=date(2026, 3, 1), months=4)
    assert [month.used_l for month in months] == [None, 31_000, 20_000, None]
    assert [month.days_missing for month in months] == [0, 0, 8, 0]


def test_the_newest_month_read_too_early_is_not_known():
    start = Installation(1, "OLD", Register(5, 0, date(2025, 12, 31), 0))
    rows = history([entry(date(2026, 2, 10), 41)], [start])
    assert month_values(rows, date(2026, 2, 28), 2) == [31_000, None]


def test_a_month_with_an_estimated_part_is_marked():
    start = Installation(1, "OLD", Register(5, 0, date(2025, 12, 31), 0))
    rows = history(
        [
            entry(date(2026, 1, 31), 31),
            entry(date(2026, 2, 28), 59, source="estimate"),
            entry(date(2026, 3, 31), 90),
        ],
        [start],
    )
    months = monthly_usage_l(rows, until=date(2026, 3, 31), months=3)
    assert [month.estimated for month in months] == [False, True, True]  # up to it, on from it


def test_a_pending_reading_is_in_no_month():
    start = Installation(1, "OLD", Register(5, 0, date(2025, 12, 31), 0))
    rows = history([entry(date(2026, 1, 31), 31, status="pending")], [start])
    assert month_values(rows, date(2026, 1, 31), 1) == [None]


def test_months_between_readings_far_apart_are_averages():
    start = Installation(1, "OLD", Register(5, 0, date(2025, 12, 31), 0))
    rows = history([entry(date(2026, 1, 31), 31), entry(date(2026, 3, 31), 90)], [start])
    months = monthly_usage_l(rows, until=date(2026, 3, 31), months=3)
    assert [month.averaged for month in months] == [False, True, True]


def test_readings_more_than_a_year_apart_are_in_no_month():
    start = Installation(1, "OLD", Register(5, 0, date(2019, 6, 15), 99_871_000))
    rows = history([entry(date(2025, 10, 31), 99_960), entry(date(2026, 10, 31), 99_995)], [start])
    assert month_values(rows, date(2026, 10, 31), 13) == [
        None,
        *[month.used_l for month in monthly_usage_l(rows[:1], until=date(2026, 10, 31), months=12)],
    ]
    assert month_values(rows[1:], date(2025, 10, 31), 13) == [None] * 13
    assert [(row.days, row.used_l) for row in measured_periods(rows)] == [
        (365, 35_000),
        (2330, 89_000),
    ]


gaps = st.lists(st.tuples(st.integers(1, 200), st.integers(0, 900_000)), min_size=1)


@given(gaps, st.integers(0, 30))
def test_the_months_add_up_to_what_was_used_to_the_litre(steps, offset):
    # Closed by whole months at both ends, so that every month is known.
    day, value = date(2020, 1, 31), 50_000_000
    meter = Installation(1, "OLD", Register(8, 0, day, value))
    entries = []
    for at, (gap, step) in enumerate(steps):
        day, value = day + timedelta(days=gap), value + step
        entries.append(Entry(day, value, "collector", "accepted", 1, at))
    last = (day.replace(day=1) + timedelta(days=62)).replace(day=1) - timedelta(days=1)
    entries.append(Entry(last, value + offset, "collector", "accepted", 1, len(steps)))
    rows = history(entries, [meter])
    count = (last.year - 2020) * 12 + last.month - 1
    months = month_values(rows, last, count)
    assert None not in months
    assert sum(months) == value + offset - 50_000_000
    assert sum(months) == sum(row.used_l for row in rows)
