"""A resident reports that the meter was exchanged: the value is kept apart from the old meter."""

import os
import re
from datetime import date, timedelta
from html import unescape

import pytest
from sqlalchemy import select

from mojupravljalec import storage
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.exports import actions as exports
from mojupravljalec.exports import files
from mojupravljalec.exports import queries as exported
from mojupravljalec.exports.files import Ending
from mojupravljalec.exports.rules import Choice
from mojupravljalec.extensions import db
from mojupravljalec.metering.actions import clear_photos
from mojupravljalec.metering.models import MeterInstallation, Reading, Source, Status
from mojupravljalec.metering.rules import Known, open_exchange

from .household import NOON, field, picture, upload, words

EXCHANGED = "meter_changed"


def report(home, value="3", serial="", **more):
    """Send a value of a new meter, and say so when asked."""
    answer = home.send(
        value, confirmed_l=f"{value}000", reason=EXCHANGED, new_serial=serial, **more
    )
    assert answer.status_code == 303
    return answer


def receipt(home, answer):
    html = home.client.get(answer.location).text
    return words(html.split('id="receipt"')[1].split("</section>")[0])


def row(home, number=1):
    return words(home.page().split('id="history"', 1)[1].split("<li>")[number])


# ---------------------------------------------------------------- the report


def test_the_question_asks_for_the_new_meter_and_a_photo(home):
    html = home.send("3").text
    assert 'name="new_serial"' in html
    assert "Add a photo of the new meter as well." in words(html)
    assert "<details open>" in html
    assert 'name="new_serial"' not in home.page()


def test_the_receipt_names_the_exchange_and_no_consumption(home):
    answer = report(home, serial="25A00777")
    reading = home.sent()
    assert (reading.status, reading.reported_serial) == (Status.PENDING, "25A00777")
    found = receipt(home, answer)
    assert "Consumption not known yet" in found
    assert "Meter exchanged, new meter 25A00777" in found
    assert "182044101" not in found
    assert "Used in" not in found
    assert row(home) == (
        "3 m³ November 22, 2026 the meter was exchanged, new meter 25A00777 · "
        "the consumption is not known yet · sent on the portal · the office is checking "
        "Correct the reading November 22, 2026"
    )


def test_the_number_of_the_new_meter_is_optional(home):
    assert "exchanged, new meter, number not given" in receipt(home, report(home))
    assert home.sent().reported_serial == ""


@pytest.mark.parametrize("serial", ["182044101", " 182-044 101", "00182044101"])
def test_the_number_of_the_old_meter_is_not_that_of_the_new_one(home, serial):
    answer = home.send("3", confirmed_l="3000", reason=EXCHANGED, new_serial=serial)
    assert answer.status_code == 422
    assert "This is the number of the old meter." in words(answer.text)
    assert "Choose the nearest answer. »I do not know« is one too." not in words(answer.text)
    assert field(answer.text, "new_serial") == serial.strip()
    assert home.readings(source=Source.PORTAL) == []
    report(home)


@pytest.mark.parametrize("value", ["460", "468", "490", "900"])
def test_however_the_value_looks_an_exchange_waits_for_the_office(home, value):
    report(home, value)
    assert (home.sent().status, home.sent().reported_serial) == (Status.PENDING, "")


def test_a_photo_of_the_new_meter_is_kept(home):
    report(home, photo=upload(picture()))
    assert home.sent().photo


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" 25A 00777 ", "25A 00777"), ("7\x007\u202e", "77"), ("9" * 41, "9" * 40)],
)
def test_the_number_is_kept_as_text_without_what_cannot_be_printed(home, typed, kept):
    report(home, serial=typed)
    assert home.sent().reported_serial == kept


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"taken_on": ""}, {"submission": "x"}])
def test_the_number_of_the_new_meter_outlives_mistakes(home, wrong):
    form = {"confirmed_l": "3000", "reason": EXCHANGED, "new_serial": "777", **wrong}
    answer = home.send("3", **form)
    assert answer.status_code == 422
    assert field(answer.text, "new_serial") == "777"
    assert home.readings(source=Source.PORTAL) == []


def test_the_number_of_a_new_meter_counts_only_with_its_reason(home):
    home.send("490", confirmed_l="490000", reason="leak", new_serial="777")
    assert (home.sent().status, home.sent().reported_serial) == (Status.ACCEPTED, None)


def test_the_number_can_be_added_and_the_report_taken_back(home):
    report(home)
    report(home, serial="777")
    assert home.sent().reported_serial == "777"
    assert [one.reported_serial for one in home.earlier()] == [""]
    home.send("3", confirmed_l="3000", reason="dont_know")
    assert home.sent().reported_serial is None
    assert home.sent().status == Status.PENDING  # it is still lower than the last one


def asked_again(home, **more):
    """The question about what stands in the form of a correction."""
    query = f"?popravi={home.sent().id}"
    form = {name: field(home.page(query), name) for name in ("value", "new_serial")}
    answer = home.send(**form, query=query, **more)
    assert answer.status_code == 422
    return answer.text


def correct(home, photo=None, **more):
    """Correct the report and say once more that the meter was exchanged."""
    asked = asked_again(home, **({"photo": photo} if photo else {}))
    names = ("value", "confirmed_l", "kept_photo", "new_serial")
    form = {name: field(asked, name) for name in names} | {"reason": EXCHANGED} | more
    answer = home.send(**form, query=f"?popravi={home.sent().id}")
    assert answer.status_code == 303


def test_a_photo_added_to_a_report_keeps_the_number(home):
    report(home, serial="25A00777")
    assert "A photo of the meter helps" in words(home.page(f"?oddano={home.sent().id}"))
    correct(home, photo=upload(picture()))
    assert home.sent().reported_serial == "25A00777"
    assert home.sent().photo
    (old,) = home.earlier()
    assert (old.reported_serial, old.photo) == ("25A00777", "")


def test_a_number_added_to_a_report_keeps_the_photo(home, cast, browser):
    report(home, photo=upload(picture()))
    photo = home.sent().photo
    correct(home, new_serial="25A00777")
    assert (home.sent().reported_serial, home.sent().photo) == ("25A00777", photo)
    assert [(old.reported_serial, old.photo) for old in home.earlier()] == [("", photo)]
    point = f"/pisarna/stranke/{cast.anas_customer}/odjemna-mesta/{cast.anas_point}"
    assert "odcitki/" in browser(cast.clerk).get(point).text


def test_the_photo_that_a_correction_keeps_is_not_quarantined(home):
    report(home, photo=upload(picture()))
    report(home, serial="25A00777")
    with home.app.app_context():
        kept = storage.path_of(storage.Shelf.PHOTOS, home.sent().photo)
        forgotten = storage.path_of(
            storage.Shelf.PHOTOS, storage.keep(storage.Shelf.PHOTOS, b"", "jpg")
        )
        for path in (kept, forgotten):
            os.utime(path, (0, 0))
        clear_photos()
        assert (kept.is_file(), forgotten.exists()) == (True, False)


def test_a_report_corrected_in_the_usual_form_keeps_what_is_not_sent_again(home):
    report(home, serial="25A00777", photo=upload(picture()))
    photo = home.sent().photo
    report(home, "5")
    kept = home.sent()
    assert (kept.value_l, kept.reported_serial, kept.photo) == (5_000, "25A00777", photo)


def test_what_is_sent_again_replaces_what_was_reported(home):
    report(home, serial="25A00777", photo=upload(picture()))
    photo = home.sent().photo
    report(home, serial="25A00778", photo=upload(picture()))
    assert home.sent().reported_serial == "25A00778"
    assert home.sent().photo not in {"", photo}


def test_nothing_new_about_a_report_is_no_correction(home):
    report(home, serial="25A00777", photo=upload(picture()))
    report(home)
    assert home.earlier() == []


def test_a_report_taken_back_keeps_no_photo_of_the_other_meter(home):
    report(home, serial="25A00777", photo=upload(picture()))
    photo = home.sent().photo
    home.send("3", confirmed_l="3000", reason="dont_know")
    assert (home.sent().reported_serial, home.sent().photo) == (None, "")
    assert [old.photo for old in home.earlier()] == [photo]


def test_another_value_does_not_claim_the_photo_of_the_one_before(home):
    home.send("475", photo=upload(picture()))
    report(home)
    assert home.sent().photo == ""


def chosen(html):
    """The reasons that are chosen in a question."""
    return re.findall(r'<input checked[^>]* value="([^"]*)"', html)


def test_the_question_about_a_corrected_report_shows_what_was_kept(home):
    report(home, serial="25A00777", photo=upload(picture()))
    corrected = home.page(f"?popravi={home.sent().id}")
    assert "We already have a photo. You can replace it." in words(corrected)
    asked = asked_again(home)
    assert field(asked, "new_serial") == "25A00777"
    assert chosen(asked) == [EXCHANGED]
    assert "We already have a photo." in words(asked)
    other = home.send("3", reason="leak", new_serial="777").text
    assert (field(other, "new_serial"), chosen(other)) == ("777", [])


def test_a_report_corrected_to_an_ordinary_value_is_taken_back(home):
    report(home, serial="25A00777")
    query = f"?popravi={home.sent().id}"
    form = {"new_serial": field(home.page(query), "new_serial")}
    assert home.send("475", query=query, **form).status_code == 303
    sent = home.sent()
    assert (sent.reported_serial, sent.reason, sent.status) == (None, "", Status.ACCEPTED)


def test_the_question_about_another_reading_is_filled_in_with_nothing(home):
    home.send("460", confirmed_l="460000", reason="last_value_wrong", photo=upload(picture()))
    asked = asked_again(home)
    assert (field(asked, "new_serial"), chosen(asked)) == ("", [])
    assert "We already have a photo" not in words(asked)


def test_the_exchange_is_in_the_audit(home, cast):
    report(home, serial="777")
    with home.app.app_context():
        entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [one.event for one in entries] == ["reading.sent", "reading.exchange-reported"]
    assert entries[1].subject == f"reading:{home.sent().id}"
    assert entries[1].details == {"meter": "182044101", "new_serial": "777"}


# ---------------------------------------------------------------- what comes after it


def test_later_readings_are_of_the_reported_meter_and_wait_too(home, clock):
    home.change(Reading, value_l=1_000)
    report(home, "0", "777", taken_on="2026-11-20")
    assert "You reported that the meter was exchanged." in words(home.page())
    assert "Last time, on November 20, 2026: 00000" in words(home.page())
    clock.shift(timedelta(days=7))
    answer = home.insist("2", "2026-11-29")  # more than the old meter showed last
    assert answer.status_code == 303
    (later,) = home.readings(taken_on=date(2026, 11, 29))
    assert (later.status, later.reported_serial) == (Status.PENDING, "777")
    assert "not known yet" in receipt(home, answer)


def test_a_later_reading_is_compared_with_the_reported_one(home, clock):
    report(home, "3")
    clock.shift(timedelta(days=7))
    assert home.send("6", "2026-11-29").status_code == 303
    assert home.readings(taken_on=date(2026, 11, 29))[0].doubts == ""
    lower = home.send("2", "2026-11-28")
    assert "This is less than the last reading." in words(lower.text)
    assert "467" not in words(lower.text.split('id="doubt"')[1].split("</div>")[0])


def test_a_reading_before_the_report_is_of_the_old_meter(home):
    report(home, "3")
    assert home.send("474", "2026-11-20").status_code == 303
    (earlier,) = home.readings(taken_on=date(2026, 11, 20))
    assert (earlier.status, earlier.reported_serial) == (Status.ACCEPTED, None)


def test_once_the_meter_was_read_again_the_report_is_settled(home):
    report(home, "3", taken_on="2026-11-10")
    home.add_reading(date(2026, 11, 15), 472)
    assert home.send("475").status_code == 303
    (sent,) = home.readings(taken_on=date(2026, 11, 22))
    assert (sent.status, sent.reported_serial) == (Status.ACCEPTED, None)
    assert "used 3 m³ in 7 days" in row(home)


def test_after_the_exchange_is_entered_the_report_is_no_base(home, clock):
    report(home, "3", "777")
    home.exchange(date(2026, 11, 21), "777")
    clock.shift(timedelta(days=7))
    assert home.send("4", "2026-11-29").status_code == 303
    assert home.sent().status == Status.ACCEPTED
    assert "used 4 m³ in 29 days" in row(home)  # 0 on the old one, 4 on the new


def test_once_the_exchange_is_entered_nobody_is_said_to_check_it(home):
    sent = report(home, "3", "777")
    number = home.sent().id
    home.exchange(date(2026, 11, 21), "777")
    assert row(home, 2) == (
        "3 m³ November 22, 2026 the meter was exchanged, new meter 777 · "
        "reported before the exchange was entered · sent on the portal"
    )
    html = home.client.get(sent.location).text.split('id="panel"')[1]
    assert "popravi=" not in html
    shown = words(html)
    assert "This was reported before the exchange of the meter was entered" in shown
    for untrue in ("not known yet", "will enter", "will be known", "the office is checking"):
        assert untrue not in shown
    assert "Read on November 22, 2026" in shown
    assert "Counts for the day" not in shown
    assert "On the bill for" not in shown
    assert "already sent" not in words(home.page())
    assert home.insist("4").status_code == 303
    assert home.sent().id != number


def test_without_the_new_meter_the_office_still_checks(home):
    report(home, "3", "777")
    home.change(MeterInstallation, removed_on=date(2026, 11, 21), end_l=467_000)
    assert "the office is checking" in row(home)
    assert "reported before" not in row(home)


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ([], None),
        ([(1, True, None)], None),
        ([(1, True, None), (2, False, "7")], "7"),
        ([(2, False, ""), (4, False, "7")], "7"),
        ([(2, False, "7"), (3, True, None)], None),
        ([(2, False, "7"), (3, False, None)], "7"),  # pending, or an estimate
        ([(5, False, "7")], None),
        ([(6, False, "7")], None),
    ],
)
def test_a_report_is_open_until_the_meter_is_measured_again(known, found):
    values = [Known(date(2026, 11, day), 0, measured, serial) for day, measured, serial in known]
    newest = open_exchange(values, date(2026, 11, 5))
    assert (newest and newest.reported_serial) == found


# ---------------------------------------------------------------- the office


def test_the_office_is_told_of_it(home, browser, cast):
    clerk = browser(cast.clerk)
    clerk.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    point = f"/pisarna/stranke/{cast.anas_customer}/odjemna-mesta/{cast.anas_point}"
    assert "Reported exchanges" not in clerk.get("/pisarna").text
    report(home, "3", "777")
    board = clerk.get("/pisarna").text
    assert "Reported exchanges of meters: 1" in words(board)
    assert f'href="{point}"' in board
    customer = words(clerk.get(f"/pisarna/stranke/{cast.anas_customer}").text)
    assert "exchange of the meter reported 777" in customer
    assert "the meter was exchanged, new meter 777" in words(clerk.get(point).text)
    assert "an exchange of the meter was reported" in words(clerk.get("/pisarna/dnevnik").text)
    home.change(MeterInstallation, removed_on=date(2026, 11, 21))
    assert "Reported exchanges of meters: 1" in words(clerk.get("/pisarna").text)
    assert "the office is checking" in words(clerk.get(point).text)
    home.exchange(date(2026, 11, 21), "777")
    assert "Reported exchanges" not in clerk.get("/pisarna").text
    assert "reported before the exchange was entered" in words(clerk.get(point).text)
    assert "the office is checking" not in words(clerk.get(point).text)


def rows_of(home, **choice):
    """The file that the billing program gets, below its headings."""
    with home.session():
        made = exports.make(
            Choice(counts_for=date(2026, 11, 1), **choice), by="Cvetka", account_id=None
        )
        kept = exported.kept(made.number)
        assert files.written(kept, Ending.XLSX)
        return files.written(kept, Ending.CSV).decode("utf-8-sig").split("\r\n")[1:-1]


def test_the_export_leaves_the_consumption_of_a_reported_meter_open(home):
    home.send("474", "2026-11-20")
    report(home, "3", "777")
    rows = rows_of(home, with_doubtful=True)
    assert [row.split(";")[4:] for row in rows] == [
        ["474", "467", "7", "stranka", "", ""],
        ["3", "", "", "stranka", "zamenjan vodomer", "čaka na pregled: nov vodomer 777"],
    ]


def test_a_report_is_in_no_export_once_the_exchange_is_entered(home):
    home.send("474", "2026-11-20")
    report(home, "3", "777")
    november = Choice(counts_for=date(2026, 11, 1), with_doubtful=True)
    with home.session():
        assert exported.waiting(november) == (1, 1)
        assert exported.months_waiting() == [(date(2026, 11, 1), 1, 1)]
    home.exchange(date(2026, 11, 21), "777")
    with home.session():
        assert exported.waiting(november) == (1, 0)
        assert exported.months_waiting() == [(date(2026, 11, 1), 1, 0)]
    assert [row.split(";")[4] for row in rows_of(home, with_doubtful=True)] == ["474"]
    with home.session(), pytest.raises(exports.NothingWaits):
        exports.make(november, by="Cvetka")
    with home.session():
        assert exported.months_waiting() == []


# ---------------------------------------------------------------- nothing is negative


MINUS = re.compile(r"[-−‐‑]\s*\d[\d.,]*\s*m³")


def odd_history(home):
    """Estimates too high, a correction downwards, a turned register, an exchange, its report."""
    home.change(MeterInstallation, installed_on=date(2024, 1, 1), start_l=99_990_000)
    for number, (m3, source) in enumerate(
        [
            (99_995, "collector"),
            (6, "collector"),
            (40, "estimate"),
            (20, "collector"),
            (300, "collector"),
            (35, "collector"),
            (50, "estimate"),
        ]
    ):
        home.add_reading(date(2025, 1, 31) + timedelta(days=31 * number), m3, source)
    home.add_reading(date(2026, 11, 12), 12, Source.PORTAL, status=Status.PENDING)
    home.exchange(date(2026, 11, 14), "777")
    home.add_reading(date(2026, 11, 15), 7)
    home.add_reading(date(2026, 11, 16), 5)
    home.add_reading(
        date(2026, 11, 17),
        2,
        Source.PORTAL,
        received_at=NOON,
        counts_for=date(2026, 11, 1),
    )
    report(home, "1", "888")


def test_no_page_file_or_picture_shows_a_negative_consumption(home, browser, cast):
    odd_history(home)
    clerk = browser(cast.clerk)
    point = f"/pisarna/stranke/{cast.anas_customer}/odjemna-mesta/{cast.anas_point}"
    pages = [
        home.page("?vse=1"),
        home.page(f"?oddano={home.readings(taken_on=date(2026, 11, 22))[0].id}"),
        home.page(f"?oddano={home.readings(taken_on=date(2026, 11, 17))[0].id}"),
        home.send("0", "2026-11-20").text,
        home.client.get("/").text,
        clerk.get(point).text,
        clerk.get(f"/pisarna/stranke/{cast.anas_customer}").text,
    ]
    for page in pages:
        assert not MINUS.search(unescape(words(page)))
        for value in re.findall(r'class="bar-value"[^>]*>([^<]*)<', page):
            assert value == "–" or int(value) >= 0
    rows = [row.split(";") for row in rows_of(home, with_doubtful=True)]
    assert [row[6] for row in rows] == ["", ""]
    assert not any(cell.startswith(("-", "−")) for row in rows for cell in row)
