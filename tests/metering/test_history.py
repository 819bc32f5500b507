from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.metering.history import Entry, Installation, Row, history, monthly_usage_l
from mojupravljalec.metering.rules import Register

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


def test_an_estimate_corrected_downwards_is_not_clamped_to_zero():
    rows = history(
        [entry(date(2026, 1, 31), 130, source="estimate"), entry(date(2026, 2, 28), 120)], [OLD]
    )
    assert used(rows) == [-10_000, 30_000]


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
    assert [month.estimated for month in months] == [False, True, False]


def test_a_pending_reading_is_in_no_month():
    start = Installation(1, "OLD", Register(5, 0, date(2025, 12, 31), 0))
    rows = history([entry(date(2026, 1, 31), 31, status="pending")], [start])
    assert month_values(rows, date(2026, 1, 31), 1) == [None]


gaps = st.lists(st.tuples(st.integers(1, 200), st.integers(-50_000, 900_000)), min_size=1)


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
