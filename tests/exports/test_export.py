"""Which readings go out, what is locked, and what an export keeps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import delete, event, update
from werkzeug.exceptions import NotFound

from mojupravljalec.customers.models import Customer
from mojupravljalec.exports import actions, files, queries
from mojupravljalec.exports.files import Ending
from mojupravljalec.exports.queries import MonthWaiting, Waiting
from mojupravljalec.exports.rules import OUR_HEADINGS, Choice
from mojupravljalec.extensions import db
from mojupravljalec.metering.models import (
    MeterInstallation,
    Occupancy,
    Reading,
    Source,
    Status,
)

from .conftest import NOON, NOVEMBER

DECEMBER = date(2026, 12, 1)
SPAN = Choice(from_on=date(2026, 11, 1), to_on=date(2026, 11, 30))


def waiting(books):
    with books.open():
        return queries.months_waiting()


# ---------------------------------------------------------------- which


def test_only_the_portals_own_reviewed_readings_go_out(books, cast):
    sent = books.sent(474_000, 20)
    books.doubted(900_000, 21)
    others = (Source.COLLECTOR, Source.CUSTOMER, Source.ESTIMATE)
    for day, source in enumerate(others, 10):
        books.sent(470_000, day, source=source)
    assert books.make() == actions.Made(1, 1, 1)
    assert books.reading(sent).export_id == 1
    assert books.rows_of(1) == ["182044101;OM-01;01;20.11.2026;474;470;4;stranka;;"]


def test_a_month_is_that_of_the_bill_and_days_are_those_of_reading(books, cast):
    books.sent(474_000, 20, counts_for=DECEMBER)
    books.sent(470_000, 5, point=cast.bojans_point)
    assert books.make().rows == 1
    assert books.rows_of(1)[0].startswith("182044102;OM-02;02;05.11.2026;470")
    assert books.make(SPAN).rows == 1


@pytest.mark.parametrize(
    ("first", "last", "rows"), [(20, 20, 1), (19, 20, 1), (20, 21, 1), (21, 30, 0), (1, 19, 0)]
)
def test_both_days_of_a_span_are_included(books, first, last, rows):
    books.sent(474_000, 20)
    with books.open():
        choice = Choice(from_on=date(2026, 11, first), to_on=date(2026, 11, last))
        assert queries.waiting(choice) == Waiting(rows, 0)


def test_months_that_wait_come_with_the_newest_first(books, cast):
    books.sent(474_000, 20)
    books.sent(475_000, 21)
    books.doubted(900_000, 22)
    books.sent(470_000, 5, point=cast.bojans_point, counts_for=DECEMBER)
    assert waiting(books) == [MonthWaiting(DECEMBER, 1, 0), MonthWaiting(NOVEMBER, 2, 1)]
    books.make()
    assert waiting(books) == [MonthWaiting(DECEMBER, 1, 0), MonthWaiting(NOVEMBER, 0, 1)]


def test_doubtful_readings_come_along_where_asked_with_a_remark(books):
    books.doubted(900_000, 20, doubts="far_high", reason="leak")
    made = books.make(Choice(counts_for=NOVEMBER, with_doubtful=True))
    assert made == actions.Made(1, 1, 0)
    assert books.rows_of(1)[0].endswith(
        ";900;467;433;stranka;morda kje pušča;čaka na pregled: veliko več kot običajno"
    )


# ---------------------------------------------------------------- what a row says


def test_the_value_before_is_the_newest_accepted_one(books):
    books.sent(470_000, 5, source=Source.ESTIMATE)
    books.doubted(999_000, 6)
    books.sent(474_000, 20)
    books.sent(480_000, 25)
    books.make()
    assert [row.split(";")[4:7] for row in books.rows_of(1)] == [
        ["474", "470", "4"],
        ["480", "474", "6"],
    ]


def test_an_exported_value_is_a_value_before(books):
    books.sent(474_000, 20)
    books.make()
    books.sent(480_000, 25)
    books.make()
    assert books.rows_of(2)[0].split(";")[4:7] == ["480", "474", "6"]


def test_the_first_reading_of_a_meter_counts_from_its_start(books):
    with books.open():
        db.session.execute(delete(Reading))
    books.change_meter(start_l=12_500, decimals=3)
    books.sent(20_750)
    books.make()
    assert books.rows_of(1)[0].split(";")[4:7] == ["20,750", "12,500", "8,250"]


def test_a_register_that_turned_over_used_water(books):
    books.change_meter(digits=3)
    books.sent(995_000, 5, source=Source.COLLECTOR)
    books.sent(4_000, 20)
    books.make()
    assert books.rows_of(1)[0].split(";")[4:7] == ["4", "995", "9"]


@pytest.mark.parametrize(
    ("day", "who"),
    [(14, "01"), (15, "01"), (16, "02"), (20, "02"), (21, "")],
)
def test_the_customer_is_who_was_there_on_the_day(books, cast, day, who):
    """Ana left after the 15th, Bojan after the 20th."""
    with books.open():
        place = Occupancy.supply_point_id == cast.anas_point
        db.session.execute(update(Occupancy).where(place).values(to_on=date(2026, 11, 15)))
        db.session.add(
            Occupancy(
                supply_point_id=cast.anas_point,
                customer_id=cast.bojans_customer,
                from_on=date(2026, 11, 16),
                to_on=date(2026, 11, 20),
            )
        )
    books.sent(474_000, day)
    books.make()
    assert books.rows_of(1)[0].split(";")[2] == who


# ---------------------------------------------------------------- locking


def test_an_export_locks_and_another_finds_nothing(books):
    sent = books.sent(474_000)
    made = books.make()
    locked = books.reading(sent)
    assert (locked.exported_at, locked.export_id) == (NOON, made.number)
    with pytest.raises(actions.NothingWaits):
        books.make()
    assert len(books.exports()) == 1


def test_nothing_waits_where_all_is_doubtful_and_that_is_said(books):
    books.doubted(900_000)
    with pytest.raises(actions.NothingWaits) as nothing:
        books.make()
    assert nothing.value.doubtful == 1
    assert books.exports() == []


def test_two_at_once_export_a_reading_once(books, cast):
    for day in range(1, 21):
        books.sent(470_000 + day, day)
    begin = Barrier(4)

    def press(_number):
        begin.wait()
        try:
            return books.make().rows
        except actions.NothingWaits:
            return 0

    with ThreadPoolExecutor(4) as clerks:
        assert sorted(clerks.map(press, range(4))) == [0, 0, 0, 20]
    assert len(books.exports()) == 1


def test_who_did_not_see_the_last_export_makes_no_other(books):
    books.sent(474_000, 20)
    first = books.make(after=0).number
    books.sent(480_000, 25)
    with pytest.raises(actions.Overtaken) as overtaken:
        books.make(after=0)
    assert overtaken.value.number == first
    assert books.make(after=first).rows == 1


def test_a_resident_cannot_correct_what_is_exported(books, cast, browser):
    resident = browser(cast.ana)
    resident.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    form = {"value": "474", "taken_on": "2026-11-20", "submission": "0" * 32}
    place = f"/odjemna-mesta/{cast.anas_point}"
    assert resident.post(place, data=form).status_code == 303
    number = books.make().number
    answer = resident.post(place, data={**form, "value": "475", "submission": "1" * 32})
    assert answer.status_code == 422
    assert "is billed already" in answer.text
    books.take_back(number)
    again = {**form, "value": "475", "submission": "2" * 32}
    assert resident.post(place, data=again).status_code == 303
    books.make()
    assert [books.rows_of(made.id)[0].split(";")[4] for made in books.exports()] == ["474", "475"]


def test_the_audit_tells_what_was_taken_out(books, cast):
    books.sent(474_000)
    books.doubted(900_000, 21)
    number = books.make(account_id=cast.clerk.id).number
    assert books.audit("export.made") == [
        (
            cast.clerk.id,
            f"reading_export:{number}",
            {
                "by": "Cvetka",
                "rows": 1,
                "left_out": 1,
                "with_doubtful": False,
                "counts_for": "2026-11-01",
            },
        )
    ]


# ---------------------------------------------------------------- the same bytes


@pytest.mark.parametrize("ending", Ending)
def test_an_export_gives_the_same_bytes_whatever_changes(books, cast, clock, ending):
    layout = books.add_layout("Obračun", stanje="Stanje", sifra_stranke="Kupec", poraba="m3")
    books.sent(474_000, reason="leak")
    with books.open():
        headings = queries.layout_of(layout).headings
    number = books.make(headings=headings).number
    before = books.bytes_of(number, ending)
    clock.move_to(date(2027, 1, 1))
    books.change_meter(serial="9", decimals=3, start_l=5)
    with books.open():
        db.session.execute(update(Reading).values(value_l=1, reason=""))
        db.session.execute(update(Customer).values(tax_number="1"))
        db.session.execute(
            update(Customer).where(Customer.id == cast.anas_customer).values(number="77")
        )
        found = queries.layout_of(layout)
        actions.change_layout(found, "Novi", {"datum": "Dan"}, account_id=None)
    books.sent(900_000, 30)
    assert books.bytes_of(number, ending) == before
    with books.open():
        actions.delete_layout(queries.layout_of(layout), account_id=None)
    books.take_back(number)
    assert books.bytes_of(number, ending) == before


def test_an_export_keeps_the_order_of_its_columns(books):
    books.sent(474_000)
    number = books.make(headings={"poraba": "c", "stanje": "b", "datum": "a"}).number
    assert books.bytes_of(number).decode("utf-8-sig") == "c;b;a\r\n7;474;20.11.2026\r\n"


# ---------------------------------------------------------------- taking back


def test_taking_back_opens_the_readings_and_keeps_the_number(books):
    sent = books.sent(474_000)
    number = books.make().number
    assert books.take_back(number) == 1
    opened = books.reading(sent)
    assert (opened.exported_at, opened.export_id) == (None, None)
    assert [(one.id, one.undone_at) for one in books.exports()] == [(number, NOON)]
    assert books.make().number == number + 1
    assert [details["rows"] for _, _, details in books.audit("export.taken-back")] == [1]


def test_only_the_last_export_in_force_is_taken_back(books):
    first = books.sent(474_000, 20)
    one = books.make().number
    second = books.sent(480_000, 25)
    two = books.make().number
    with pytest.raises(actions.NotTheLast):
        books.take_back(one)
    assert books.take_back(two) == 1
    assert (books.reading(first).export_id, books.reading(second).export_id) == (one, None)
    with pytest.raises(actions.NotTheLast):
        books.take_back(two)
    assert books.take_back(one) == 1
    with pytest.raises(NotFound):
        books.take_back(99)


# ---------------------------------------------------------------- taking out


def test_that_a_file_was_taken_out_is_noted(books, cast):
    books.sent(474_000)
    number = books.make().number
    with books.open():
        kept = actions.take_out(number, Ending.XLSX, by="Cvetka", account_id=cast.clerk.id)
        assert kept.rows == 1
    said = {"by": "Cvetka", "file": f"odcitki-{number}.xlsx", "rows": 1}
    assert books.audit("export.downloaded") == [(cast.clerk.id, f"reading_export:{number}", said)]


def test_a_workbook_with_too_many_rows_is_refused_before_it_is_noted(books, monkeypatch):
    books.sent(474_000)
    number = books.make().number
    monkeypatch.setattr(files, "XLSX_ROWS", 0)
    with books.open(), pytest.raises(files.TooManyRows):
        actions.take_out(number, Ending.XLSX, by="Cvetka")
    assert books.audit("export.downloaded") == []


# ---------------------------------------------------------------- layouts


def test_a_layout_that_only_changes_its_order_is_changed(books):
    number = books.add_layout("Obračun", stanje="s", datum="d")
    with books.open():
        found = queries.layout_of(number)
        actions.change_layout(found, "Obračun", {"datum": "d", "stanje": "s"}, account_id=None)
    assert books.layouts() == [("Obračun", [("datum", "d"), ("stanje", "s")])]
    assert [details["new"] for _, _, details in books.audit("export.layout-saved")] == [
        [["stanje", "s"], ["datum", "d"]],
        [["datum", "d"], ["stanje", "s"]],
    ]


def test_two_layouts_have_two_names(books):
    books.add_layout("Obračun", datum="d")
    other = books.add_layout("Drugi", datum="d")
    with books.open(), pytest.raises(actions.NameTaken):
        actions.add_layout("Obračun", OUR_HEADINGS, account_id=None)
    with books.open(), pytest.raises(actions.NameTaken):
        actions.change_layout(queries.layout_of(other), "Obračun", {}, account_id=None)
    assert [name for name, _ in books.layouts()] == ["Drugi", "Obračun"]


# ---------------------------------------------------------------- many


def test_many_readings_take_as_many_statements_as_one(books, cast):
    def statements():
        seen = []
        with books.open():
            event.listen(db.engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
            actions.make(SPAN, by="Cvetka")
        return len(seen)

    books.sent(474_000)
    few = statements()
    with books.open():
        for number in range(200):
            meter = MeterInstallation(
                supply_point_id=cast.anas_point, serial=f"{number}", installed_on=NOVEMBER
            )
            db.session.add(meter)
            db.session.flush()
            for day in (10, 11):
                db.session.add(
                    Reading(
                        installation_id=meter.id,
                        taken_on=date(2026, 11, day),
                        value_l=day * 1000,
                        source=Source.PORTAL,
                        status=Status.ACCEPTED,
                    )
                )
    assert statements() == few
    assert books.exports()[-1].rows == 400
    assert all(row.split(";")[6] in {"10", "1"} for row in books.rows_of(2))
