"""Sending a reading: what is taken, what is asked about, and what is kept of it."""

import io
import random
import threading
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select

from mojupravljalec import storage
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.extensions import db
from mojupravljalec.metering.actions import PHOTOS_PER_ACCOUNT
from mojupravljalec.metering.models import MeterInstallation, Occupancy, Reading, Source, Status
from mojupravljalec.throttle.actions import book

from .household import HTMX, NOON, Home, field, picture, upload, words

PHOTO_PATH = "/odjemna-mesta/{}/odcitki/{}/fotografija"


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    "typed", ["475", "475,4", "475.999", "00475", " 475 ", "475 m³", "475m3", "4 75", "475,"]
)
def test_a_usual_value_is_taken_however_it_is_written(home, cast, typed):
    answer = home.send(typed)
    reading = home.sent()
    assert answer.status_code == 303
    assert answer.location == f"{home.path}?oddano={reading.id}"
    assert (reading.value_l, reading.taken_on) == (475_000, date(2026, 11, 22))
    assert (reading.source, reading.status) == (Source.PORTAL, Status.ACCEPTED)
    assert (reading.received_at, reading.counts_for) == (NOON, date(2026, 11, 1))
    assert reading.account_id == cast.ana.id


def test_what_was_sent_is_in_the_audit(home, cast):
    home.send("475")
    with home.app.app_context():
        (entry,) = db.session.scalars(select(AuditEntry))
    assert (entry.event, entry.account_id) == ("reading.sent", cast.ana.id)
    assert entry.subject == f"reading:{home.sent().id}"
    assert entry.details == {"value_l": 475_000, "taken_on": "2026-11-22", "doubts": ""}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Copy the black digits from the meter."),
        ("  ", "Copy the black digits from the meter."),
        ("m3", "Copy the black digits from the meter."),
        ("abc", "This is not a number. Copy the black digits, for example 467."),
        ("4O7", "This is not a number."),
        ("1.23,5", "This is not a number."),
        ("-5", "A reading has no minus."),
        ("123456789", "This meter has 5 black digits. Copy only these."),
        ("9" * 41, "Use at most 40 characters."),
        ("<script>", "This is not a number."),
    ],
)
def test_what_is_no_reading_is_said_at_its_field_and_stays_in_it(home, typed, says):
    answer = home.send(typed, "2026-11-20")
    assert answer.status_code == 422
    assert says in words(answer.text)
    assert 'id="value-error"' in answer.text
    assert field(answer.text, "value") == typed.replace("<", "&lt;").replace(">", "&gt;")
    assert field(answer.text, "taken_on") == "2026-11-20"
    assert home.readings(source=Source.PORTAL) == []


@pytest.mark.parametrize("typed", ["2026-11-21", "21. 11. 2026", "21.11.2026", "21. 11. 2026."])
def test_a_day_is_taken_as_browsers_and_as_people_write_it(home, typed):
    assert home.send("475", typed).status_code == 303
    assert home.sent().taken_on == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Write the day of the reading."),
        ("yesterday", "Write the day like this: 22. 11. 2026."),
        ("2026-02-30", "Write the day like this: 22. 11. 2026."),
        ("0000-01-01", "Write the day like this: 22. 11. 2026."),
        ("2026-11-23", "This day is yet to come."),
        ("9999-12-31", "This day is yet to come."),
        ("2023-05-13", "This meter was built in on May 14, 2023."),
        ("0001-01-01", "This meter was built in on May 14, 2023."),
        ("2026-09-20", "This day is more than two months ago."),
    ],
)
def test_a_day_that_cannot_be_is_said_at_its_field_and_stays_in_it(home, typed, says):
    answer = home.send("475", typed)
    assert answer.status_code == 422
    assert says in words(answer.text)
    assert 'id="taken_on-error"' in answer.text
    assert field(answer.text, "taken_on") == typed
    assert field(answer.text, "value") == "475"
    assert "<details open>" in answer.text
    assert home.readings(source=Source.PORTAL) == []


def test_after_local_midnight_the_new_day_is_today(home_at):
    home = home_at(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert field(home.page(), "taken_on") == "2026-11-23"
    assert home.send("475", "2026-11-23").status_code == 303


def test_a_meter_with_decimals_keeps_them(home):
    home.change(MeterInstallation, decimals=3)
    assert home.send("475,913").status_code == 303
    reading = home.sent()
    assert reading.value_l == 475_913
    assert "475.913" in words(home.page(f"?oddano={reading.id}"))


# ---------------------------------------------------------------- what is asked about


@pytest.mark.parametrize(
    ("value", "says", "meant"),
    [
        ("490", "This is more than usual.", None),
        ("468", "This is less than usual.", None),
        ("900", "This is much more than usual.", None),
        ("460", "This is less than the last reading.", None),
        ("745", "It seems that two digits changed places.", "475"),
        ("475913", "It seems that the red digits were typed along.", "475"),
    ],
)
def test_a_doubtful_value_is_asked_about_and_stays_in_its_field(home, value, says, meant):
    answer = home.send(value)
    text = words(answer.text)
    assert answer.status_code == 422
    assert "Please check the reading" in text
    assert says in text
    assert field(answer.text, "value") == value
    assert field(answer.text, "confirmed_l") == f"{value}000"
    assert (f"Did you mean {meant} m³?" in text) == bool(meant)
    assert ('name="reason"' in answer.text) == (len(value) <= 5)  # no reason explains more
    assert home.readings(source=Source.PORTAL) == []


@pytest.mark.parametrize(
    ("value", "reason", "status", "doubts"),
    [
        ("490", "garden_or_pool", Status.ACCEPTED, "high"),
        ("468", "house_empty", Status.ACCEPTED, "low"),
        ("490", "dont_know", Status.ACCEPTED, "high"),
        ("900", "leak", Status.PENDING, "far_high"),
        ("460", "last_value_wrong", Status.PENDING, "lower"),
    ],
)
def test_a_confirmed_value_with_a_reason_is_taken(home, value, reason, status, doubts):
    assert home.send(value).status_code == 422
    answer = home.send(value, confirmed_l=f"{value}000", reason=reason)
    assert answer.status_code == 303
    reading = home.sent()
    assert (reading.status, reading.doubts, reading.reason) == (status, doubts, reason)
    waits = "the office will look at it" in words(home.client.get(answer.location).text)
    assert waits == (status == Status.PENDING)


@pytest.mark.parametrize("reason", ["", "something", "<script>"])
def test_a_confirmed_value_without_a_reason_is_asked_for_it(home, reason):
    answer = home.send("490", confirmed_l="490000", reason=reason)
    assert answer.status_code == 422
    assert "Choose the nearest answer." in answer.text
    assert home.readings(source=Source.PORTAL) == []


@pytest.mark.parametrize("confirmed", ["", "475000", "490", "x", "-1", "9" * 30])
def test_a_reason_alone_confirms_nothing(home, confirmed):
    answer = home.send("490", confirmed_l=confirmed, reason="leak")
    assert answer.status_code == 422
    assert field(answer.text, "confirmed_l") == "490000"


def test_a_value_changed_after_the_question_is_asked_about_anew(home):
    assert home.send("490").status_code == 422
    again = home.send("495", confirmed_l="490000", reason="leak")
    assert again.status_code == 422
    assert field(again.text, "confirmed_l") == "495000"
    assert 'value="leak" checked' in again.text or "checked" in again.text
    assert home.send("475", confirmed_l="495000", reason="leak").status_code == 303


def test_a_register_that_turned_over_waits_for_the_office(home):
    with home.session():
        for number, reading in enumerate(
            db.session.scalars(
                select(Reading).filter_by(installation_id=home.meter).order_by(Reading.taken_on)
            )
        ):
            reading.value_l = 99_960_000 + number * 12_000
    answer = home.send("4")
    assert answer.status_code == 422
    assert "began again" in words(answer.text)
    assert "means 8 m³ in 22 days" in words(answer.text)
    assert home.send("4", confirmed_l="4000", reason="dont_know").status_code == 303
    assert home.sent().status == Status.PENDING
    assert "used 8 m³ in 22 days" in words(home.page())


def test_a_pending_value_is_no_measure_for_the_next(home):
    home.insist("900", "2026-11-20")
    assert home.sent().status == Status.PENDING
    assert home.send("475", "2026-11-22").status_code == 303


def test_more_digits_than_the_register_has_are_never_kept(home):
    """A question first, where the red digits explain it; but it cannot be insisted upon."""
    home.send("475")
    for typed in ("00478913", "478913"):
        asked = home.send(typed)
        assert asked.status_code == 422
        assert "Did you mean 478 m³?" in words(asked.text)
        assert 'name="reason"' not in asked.text
        assert "leak" not in words(asked.text)
        insisting = home.insist(typed)
        assert insisting.status_code == 422
        assert "This meter has 5 black digits. Copy only these." in words(insisting.text)
    assert "This meter has 5 black digits." in words(home.send("100913").text)
    assert home.sent().value_l == 475_000


def test_the_form_says_what_was_sent_for_today_and_what_it_is_compared_with(home):
    home.send("475")
    text = words(home.page())
    assert "Today you have already sent 475 m³." in text
    assert "Last time, on October 31, 2026:" in text


def test_the_question_names_the_later_reading(home):
    home.send("475")
    text = words(home.send("476", "2026-11-21").text)
    assert "This is more than a later reading shows." in text
    assert "The later reading, on November 22, 2026, is 475 m³." in text


def test_the_question_tells_what_is_usual(home):
    text = words(home.send("490").text)
    assert "means 23 m³ in 22 days" in text
    assert "from 3.5 m³ to 14.4 m³" in text


def test_a_value_above_a_later_one_is_asked_about(home):
    home.send("475", "2026-11-22")
    answer = home.send("477", "2026-11-20")
    assert answer.status_code == 422
    assert "This is more than a later reading shows." in words(answer.text)


def test_what_is_asked_about_is_a_setting(home_at):
    home = home_at(READING_SOFT_HIGH=5, READING_SOFT_M3=50)
    assert home.send("490").status_code == 303


def test_after_an_exchange_the_new_meter_is_read_from_its_own_start(home):
    home.change(MeterInstallation, removed_on=date(2026, 11, 10), end_l=470_000)
    with home.session():
        meter = MeterInstallation(
            supply_point_id=home.point,
            serial="55555",
            installed_on=date(2026, 11, 10),
            start_l=2000,
        )
        db.session.add(meter)
        db.session.flush()
        home.meter = meter.id
    assert home.send("7").status_code == 303
    text = words(home.page())
    assert "used 8 m³ in 22 days" in text
    assert "The meter was exchanged: 182044101 for 55555." in text
    assert "The old one showed 470 m³ at the end, the new one began at 2 m³." in text


# ---------------------------------------------------------------- corrections


def test_a_second_value_for_a_day_corrects_the_first_which_is_kept_and_shown(home, cast):
    first = home.send("475")
    number = home.sent().id
    page = home.page(f"?popravi={number}")
    assert field(page, "value") == "475"
    assert field(page, "taken_on") == "2026-11-22"
    assert home.send("476").location == first.location
    reading = home.sent()
    assert (reading.id, reading.value_l) == (number, 476_000)
    (old,) = home.earlier()
    assert (old.reading_id, old.value_l, old.account_id) == (number, 475_000, cast.ana.id)
    assert (old.source, old.status) == (Source.PORTAL, Status.ACCEPTED)
    text = words(home.page())
    assert "corrected on November 22, 2026 at 13:00, before: 475 m³" in text


def test_two_corrections_keep_both_old_values_newest_first(home):
    for value in ("475", "476", "477"):
        assert home.send(value).status_code == 303
    assert [old.value_l for old in home.earlier()] == [475_000, 476_000]
    text = words(home.page())
    assert text.index("before: 476 m³") < text.index("before: 475 m³")


def test_the_same_value_for_the_same_day_is_no_correction(home):
    home.send("475")
    assert home.send("475,3").status_code == 303
    assert home.earlier() == []
    assert home.sent().value_l == 475_000


def test_the_form_for_a_correction_holds_all_the_digits_of_the_value(home):
    home.change(MeterInstallation, decimals=3)
    home.insist("12345,678")
    page = home.page(f"?popravi={home.sent().id}")
    assert field(page, "value") == "12345.678"
    home.insist(field(page, "value"))
    assert home.earlier() == []


@pytest.mark.parametrize("source", [Source.CUSTOMER, Source.ESTIMATE])
def test_a_value_from_the_office_gives_way_to_a_read_one_and_is_kept(home, source):
    home.add_reading(date(2026, 11, 20), 473, source)
    assert home.send("474", "2026-11-20").status_code == 303
    assert home.sent().value_l == 474_000
    (old,) = home.earlier()
    assert (old.value_l, old.source) == (473_000, source)


def test_a_billed_reading_is_locked(home):
    home.send("475")
    home.change(Reading, exported_at=NOON)
    answer = home.send("476")
    assert answer.status_code == 422
    assert "The reading of this day is billed already." in answer.text
    assert field(answer.text, "value") == "476"
    assert home.sent().value_l == 475_000
    assert "popravi=" not in home.page()


def test_what_the_meter_reader_read_is_not_overwritten(home):
    answer = home.send("468", "2026-10-31")
    assert answer.status_code == 422
    assert "Our meter reader has read the meter on this day." in answer.text
    assert [one.value_l for one in home.readings(taken_on=date(2026, 10, 31))] == [467_000]
    assert home.earlier() == []


def test_what_the_meter_reader_read_is_not_offered_for_correction(home):
    (read,) = home.readings(taken_on=date(2026, 10, 31))
    assert home.client.get(f"{home.path}?popravi={read.id}").status_code == 404


def test_a_correction_is_of_the_day_that_it_corrects(home):
    home.send("475")
    number = home.sent().id
    page = home.page(f"?popravi={number}")
    assert "Reading of November 22, 2026" in words(page)
    assert "Last time, on October 31, 2026:" in words(page)
    form = {"value": "476", "taken_on": "2026-11-21", "submission": str(uuid4())}
    assert home.client.post(f"{home.path}?popravi={number}", data=form).status_code == 303
    assert (home.sent().taken_on, home.sent().value_l) == (date(2026, 11, 22), 476_000)


def test_a_correction_shows_its_own_value_and_not_what_was_typed_elsewhere(home, browser, cast):
    home.send("475")
    late = browser()
    late.post(home.path, data={"value": "999"})
    late.post("/prijava", data={"email": cast.ana.email, "password": cast.ana.password})
    correction = f"{home.path}?popravi={home.sent().id}"
    assert field(late.get(correction).text, "value") == "475"
    assert late.get(f"{home.path}?popravi=987654").status_code == 404


def test_a_correction_typed_while_signed_out_comes_back_to_it(home, browser, cast):
    home.send("475")
    late = browser()
    correction = f"{home.path}?popravi={home.sent().id}"
    leads_to = late.post(correction, data={"value": "476"}).location
    form = {"email": cast.ana.email, "password": cast.ana.password}
    back = late.post(leads_to, data=form).location
    assert back == correction
    assert field(late.get(back).text, "value") == "476"


def test_what_the_meter_reader_read_has_no_receipt(home):
    (read,) = home.readings(taken_on=date(2026, 10, 31))
    assert 'id="receipt"' not in home.page(f"?oddano={read.id}")


def test_a_stay_that_is_yet_to_begin_shows_nothing(home):
    home.change(Occupancy, from_on=date(2026, 11, 23))
    assert home.client.get(home.path).status_code == 404
    assert home.path not in home.client.get("/odjemna-mesta").text


def test_whoever_moved_out_does_not_see_the_meter_of_today(home):
    home.change(Occupancy, to_on=date(2026, 6, 30))
    home.exchange(date(2026, 9, 1), "NEW-7")
    page = home.page()
    assert "NEW-7" not in page
    assert "The supply point is no longer yours." in page


# ---------------------------------------------------------------- days without a length


def test_a_reading_on_the_day_of_an_exchange_is_shown(home):
    home.exchange(date(2026, 10, 31), "NEW-7")
    home.add_reading(date(2026, 10, 31), 0)
    assert "NEW-7" in home.page()


def test_a_reading_on_the_day_on_which_the_meter_was_built_in_is_taken(home):
    home.exchange(date(2026, 11, 22), "NEW-7")
    answer = home.insist("0")
    assert answer.status_code == 303
    assert 'id="receipt"' in home.client.get(answer.location).text


# ---------------------------------------------------------------- the same form twice


def test_the_same_form_sent_twice_is_one_reading(home):
    submission = str(uuid4())
    answers = [home.send("475", submission=submission) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert home.sent().submission.endswith(submission)
    with home.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == 1


def test_going_back_and_sending_another_value_corrects_the_first(home):
    submission = str(uuid4())
    home.send("474", submission=submission)
    home.send("475", submission=submission)
    assert home.sent().value_l == 475_000
    assert [old.value_l for old in home.earlier()] == [474_000]


def test_going_back_and_sending_another_day_is_another_reading(home):
    submission = str(uuid4())
    home.send("474", "2026-11-20", submission=submission)
    home.send("474", "2026-11-21", submission=submission)
    sent = home.readings(source=Source.PORTAL)
    assert [one.taken_on.day for one in sent] == [20, 21]


def test_a_form_sent_again_after_its_reading_was_corrected_changes_nothing(home):
    submission = str(uuid4())
    first = home.send("475", submission=submission)
    home.send("476")
    assert home.send("475", submission=submission).location == first.location
    assert home.sent().value_l == 476_000
    assert len(home.earlier()) == 1


@pytest.mark.parametrize("same", [True, False], ids=["one form", "two forms"])
def test_forms_at_the_same_moment_are_one_reading(home, browser, cast, same):
    submission = str(uuid4())
    homes = [Home(home.app, browser(cast.ana), home.point, home.meter) for _ in range(8)]
    start = threading.Barrier(len(homes))
    statuses = []

    def send(one):
        start.wait()
        own = submission if same else str(uuid4())
        statuses.append(one.send("475", submission=own).status_code)

    threads = [threading.Thread(target=send, args=(one,)) for one in homes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * len(homes)
    assert home.sent().value_l == 475_000
    assert home.earlier() == []


def test_every_form_has_a_submission_of_its_own(home):
    first, second = (field(home.page(), "submission") for _ in range(2))
    assert len(first) == 36
    assert first != second


def test_a_form_keeps_its_submission_over_mistakes_and_questions(home):
    submission = str(uuid4())
    for value in ("abc", "490"):
        answer = home.send(value, submission=submission)
        assert field(answer.text, "submission") == submission


def test_nul_in_a_value_is_left_out(home):
    assert home.send("475\x00").status_code == 303
    assert "475" in home.page()


@pytest.mark.parametrize("submission", ["", "x", "' OR 1=1"])
def test_a_broken_submission_gets_a_new_one(home, submission):
    answer = home.send("475", submission=submission)
    assert answer.status_code == 422
    assert field(answer.text, "value") == "475"
    renewed = field(answer.text, "submission")
    assert len(renewed) == 36
    assert home.send("475", submission=renewed).status_code == 303


def test_bojan_learns_nothing_by_sending_anas_submission(home, browser, cast):
    submission = str(uuid4())
    home.send("475", submission=submission)
    bojan = browser(cast.bojan)
    form = {"value": "474", "taken_on": "2026-11-22", "submission": submission}
    own = bojan.post(f"/odjemna-mesta/{cast.bojans_point}", data=form)
    assert own.status_code == 303
    assert "475" not in words(bojan.get(own.location).text)
    hers = bojan.post(home.path, data=form)
    assert hers.status_code == 404
    assert home.sent().value_l == 475_000


# ---------------------------------------------------------------- a sign-in that has ended


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_what_was_typed_outlives_a_sign_in_that_has_ended(home, browser, cast, headers):
    late = browser()
    late.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    form = {"value": "475", "taken_on": "2026-11-20", "submission": str(uuid4())}
    answer = late.post(home.path, data=form, headers=headers)
    leads_to = answer.headers.get("HX-Redirect", answer.location)
    assert "What you typed is not sent yet." in late.get(leads_to).text
    assert home.readings(source=Source.PORTAL) == []
    back = late.post(leads_to, data={"email": cast.ana.email, "password": cast.ana.password})
    for _ in range(2):  # it waits until it is sent
        page = late.get(back.location).text
        assert (field(page, "value"), field(page, "taken_on")) == ("475", "2026-11-20")
    assert late.post(home.path, data=form).status_code == 303
    assert field(late.get(home.path).text, "value") == ""


def test_what_was_typed_waits_for_an_hour(home, browser, cast, clock):
    late = browser()
    late.post(home.path, data={"value": "475"})
    late.post("/prijava", data={"email": cast.ana.email, "password": cast.ana.password})
    assert field(late.get(home.path).text, "value") == "475"
    clock.shift(timedelta(hours=1))
    assert field(late.get(home.path).text, "value") == ""


def test_bojan_does_not_find_what_ana_typed(home, browser, cast):
    late = browser()
    late.post(home.path, data={"value": "475"})
    late.post("/prijava", data={"email": cast.bojan.email, "password": cast.bojan.password})
    assert late.get(home.path).status_code == 404
    page = late.get(f"/odjemna-mesta/{cast.bojans_point}").text
    assert field(page, "value") == ""
    assert "475" not in words(page)


# ---------------------------------------------------------------- whose time it is


def test_a_day_before_the_own_time_is_refused(home):
    home.change(Occupancy, from_on=date(2026, 11, 1))
    answer = home.send("466", "2026-10-30")
    assert answer.status_code == 422
    assert "On that day the supply point was not yours." in words(answer.text)
    assert field(answer.text, "value") == "466"


def test_a_day_after_the_own_time_is_refused(home):
    home.change(Occupancy, to_on=date(2026, 11, 15))
    assert home.send("475", "2026-11-16").status_code == 422
    assert home.readings(source=Source.PORTAL) == []


def test_whoever_moved_out_sends_nothing_more_but_has_what_was_sent(home):
    submission = str(uuid4())
    first = home.send("474", "2026-11-14", submission=submission)
    home.change(Occupancy, to_on=date(2026, 11, 15))
    late = home.send("475", "2026-11-15")
    assert late.status_code == 422
    assert "The supply point is no longer yours." in words(late.text)
    assert home.sent().value_l == 474_000
    assert home.send("474", "2026-11-14", submission=submission).location == first.location


def test_without_a_meter_nothing_is_taken_and_the_page_says_so(home):
    home.change(MeterInstallation, removed_on=date(2026, 11, 15), end_l=472_000)
    page = home.page()
    assert "No meter is built in at the moment." in page
    assert 'name="value"' not in page
    assert home.send("475").status_code == 422
    assert home.readings(source=Source.PORTAL) == []


def test_the_usual_of_those_before_is_neither_told_nor_held_against_one(home):
    home.change(Occupancy, from_on=date(2026, 11, 1))
    assert home.send("490").status_code == 303  # more than usual, but whose usual?


def test_a_question_does_not_tell_what_the_meter_showed_before_the_own_time(home):
    home.change(Occupancy, from_on=date(2026, 11, 1))
    answer = home.send("460")
    assert answer.status_code == 422
    text = words(answer.text)
    assert "This is less than the last reading." in text
    assert "467" not in text
    assert "Usual consumption" not in text


# ---------------------------------------------------------------- which bill it counts for


@pytest.mark.parametrize(
    ("window", "moment", "bill"),
    [
        # The server's receipt decides, to the last second of the local day.
        ("1..-1", datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), date(2026, 11, 1)),
        ("1..-1", datetime(2026, 11, 30, 23, 0, 0, tzinfo=UTC), date(2026, 12, 1)),
        ("1..-1", datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
        # The end of a month in summer time and in winter time, after both changes.
        ("1..-1", datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC), date(2026, 10, 1)),
        ("1..-1", datetime(2026, 10, 31, 23, 0, 0, tzinfo=UTC), date(2026, 11, 1)),
        ("1..-1", datetime(2027, 3, 31, 21, 59, 59, tzinfo=UTC), date(2027, 3, 1)),
        ("1..-1", datetime(2027, 3, 31, 22, 0, 0, tzinfo=UTC), date(2027, 4, 1)),
        # The window closes on the very day of the change: 25 hours, and 23.
        ("1..25", datetime(2026, 10, 24, 22, 0, 0, tzinfo=UTC), date(2026, 10, 1)),
        ("1..25", datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), date(2026, 10, 1)),
        ("1..25", datetime(2026, 10, 25, 23, 0, 0, tzinfo=UTC), date(2026, 11, 1)),
        ("1..28", datetime(2027, 3, 27, 23, 0, 0, tzinfo=UTC), date(2027, 3, 1)),
        ("1..28", datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC), date(2027, 3, 1)),
        ("1..28", datetime(2027, 3, 28, 22, 0, 0, tzinfo=UTC), date(2027, 4, 1)),
        # Over the end of the month, and outside.
        ("25..3", datetime(2026, 12, 3, 22, 59, 59, tzinfo=UTC), date(2026, 11, 1)),
        ("25..3", datetime(2026, 12, 3, 23, 0, 0, tzinfo=UTC), date(2026, 12, 1)),
        ("25..-1", datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 1)),
        ("1..20", datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 12, 1)),
    ],
)
def test_the_moment_of_receipt_decides_for_which_bill_a_reading_counts(
    home_at, window, moment, bill
):
    home = home_at(moment, READING_WINDOW=window)
    answer = home.insist("480", (moment - timedelta(days=1)).date().isoformat())
    assert answer.status_code == 303
    assert home.sent().counts_for == bill


def test_the_page_says_until_when_a_reading_counts_and_what_comes_after(home_at):
    for window, says in (
        ("20..25", "A reading sent by November 25, 2026 counts for the bill of November 2026."),
        ("1..20", "A reading sent now counts for the bill of December 2026."),
    ):
        assert says in words(home_at(READING_WINDOW=window).page())


def test_a_correction_counts_by_its_own_receipt(home, clock):
    home.send("475")
    clock.move_to(NOON + timedelta(days=10))
    home.insist("476", "2026-11-22")
    assert home.sent().counts_for == date(2026, 12, 1)
    assert home.earlier()[0].counts_for == date(2026, 11, 1)


# ---------------------------------------------------------------- the receipt


def test_the_receipt_has_everything_its_sender_may_need(home):
    answer = home.send("475")
    reading = home.sent()
    html = home.client.get(answer.location).text
    receipt = words(html.split('id="receipt"')[1].split("</section>")[0])
    for part in (
        "475 m³",
        "Used in 22 days 8 m³",
        "Counts for the day November 22, 2026",
        "On the bill for November 2026",
        "Meter 182044101",
        "Received November 22, 2026 at 13:00",
        f"OD-{reading.id}",
    ):
        assert part in receipt
    assert "Thank you, the reading is sent." in html
    assert f"popravi={reading.id}" in html
    assert 'name="value"' not in html


def test_the_thanks_are_said_once_and_the_receipt_stays(home):
    location = home.send("475").location
    home.client.get(location)
    again = home.client.get(location).text
    assert "Thank you, the reading is sent." not in again
    assert 'id="receipt"' in again


@pytest.mark.parametrize("number", ["0", "-1", "987654", "x", ""])
def test_there_is_no_receipt_for_what_was_not_sent(home, number):
    assert 'id="receipt"' not in home.page(f"?oddano={number}")


# ---------------------------------------------------------------- the photo


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("HEIF", "a.heic"), ("JPEG", "a")]
)
def test_a_photo_is_kept_as_a_jpeg_under_a_name_of_ours(home, kind, name):
    assert home.send("475", photo=upload(picture(kind), name)).status_code == 303
    reading = home.sent()
    assert reading.photo.endswith(".jpg")
    assert len(reading.photo) == 36
    with (
        home.app.app_context(),
        Image.open(storage.path_of(storage.Shelf.PHOTOS, reading.photo)) as kept,
    ):
        assert (kept.format, kept.size) == ("JPEG", (300, 200))


def test_a_photo_is_shrunk_stands_upright_and_tells_nothing_else(home):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = "Secret Phone"
    exif.get_ifd(0x8825)[2] = (46.0, 33.0, 30.0)  # the place
    data = picture(size=(3000, 2000), exif=exif, comment=b"a secret comment")
    assert b"Secret Phone" in data
    home.send("475", photo=upload(data))
    with home.app.app_context():
        path = storage.path_of(storage.Shelf.PHOTOS, home.sent().photo)
    with Image.open(path) as kept:
        assert kept.size == (1067, 1600)
        assert dict(kept.getexif()) == {}
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(kept.info)
    assert b"ecret" not in path.read_bytes()
    assert path.stat().st_size < 300_000


@pytest.mark.parametrize("size", [(500, 400), (1200, 900), (4000, 3000)])
def test_a_photo_of_any_usual_size_arrives(home, size):
    grain = random.Random(1).randbytes(400 * 300 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (400, 300), grain).resize(size).save(out, "JPEG", quality=95)
    assert len(out.getvalue()) > 64 * 1024
    assert home.send("475", photo=upload(out.getvalue())).status_code == 303
    assert home.sent().photo


def test_a_photo_is_served_to_its_owner_alone(home, browser, cast):
    home.send("475", photo=upload(picture()))
    path = PHOTO_PATH.format(home.point, home.sent().id)
    assert path in home.page()
    with home.client.get(path) as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "image/jpeg"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert browser(cast.bojan).get(path).status_code == 404
    assert browser().get(path).status_code == 303
    other = PHOTO_PATH.format(cast.bojans_point, home.sent().id)
    assert home.client.get(other).status_code == 404


def test_a_photo_that_is_gone_from_the_disk_is_404(home):
    home.send("475", photo=upload(picture()))
    with home.app.app_context():
        storage.discard(storage.Shelf.PHOTOS, home.sent().photo)
    assert home.client.get(PHOTO_PATH.format(home.point, home.sent().id)).status_code == 404


def test_a_reading_without_a_photo_has_none(home):
    home.send("475")
    assert home.client.get(PHOTO_PATH.format(home.point, home.sent().id)).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%PDF-1.7",
        b"\xff\xd8\xff",
        picture()[:400],
        picture("GIF"),
        picture("BMP"),
        picture("PNG", (4000, 3001)),
        picture("JPEG", (4001, 4000), progressive=True),
    ],
    ids=["empty", "text", "svg", "pdf", "head", "cut", "gif", "bmp", "huge", "progressive"],
)
def test_what_is_no_photo_is_said_and_nothing_typed_is_lost(home, data):
    answer = home.send("474", "2026-11-20", photo=upload(data))
    assert answer.status_code == 422
    assert "This is not a JPEG, PNG or HEIC picture." in answer.text
    assert 'id="photo-error"' in answer.text
    assert field(answer.text, "value") == "474"
    assert field(answer.text, "taken_on") == "2026-11-20"
    assert home.readings(source=Source.PORTAL) == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_a_damaged_photo_is_never_an_error_of_ours(home, kind):
    """Whatever decoders raise over broken bytes; a photo that can still be read is kept."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Phone"
    whole = picture(kind, exif=exif)
    dice = random.Random(7)
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(dice.randrange(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        answer = home.send("abc", photo=upload(bytes(data)))
        assert answer.status_code == 422


def test_another_photo_puts_the_first_one_aside_once(home):
    home.send("475", photo=upload(picture()))
    first = home.sent().photo
    submission = str(uuid4())
    for _ in range(2):
        home.send("475", photo=upload(picture()), submission=submission)
    assert home.sent().photo != first
    assert [old.photo for old in home.earlier()] == [first]
    assert "corrected on" not in home.page()


def test_a_photo_outlives_the_question_about_its_reading(home):
    asked = home.send("490", photo=upload(picture()))
    assert asked.status_code == 422
    assert "The photo is attached." in words(asked.text)
    kept = field(asked.text, "kept_photo")
    assert kept
    home.send("490", confirmed_l="490000", reason="leak", kept_photo=kept)
    with home.client.get(PHOTO_PATH.format(home.point, home.sent().id)) as answer:
        assert answer.status_code == 200


def test_a_kept_photo_is_of_no_use_to_bojan(home, browser, cast):
    kept = field(home.send("490", photo=upload(picture())).text, "kept_photo")
    bojan = Home(home.app, browser(cast.bojan), cast.bojans_point, home.meter)
    assert bojan.send("475", kept_photo=kept).status_code == 303
    with home.app.app_context():
        assert set(db.session.scalars(select(Reading.photo))) == {""}


@pytest.mark.parametrize("kept", ["x", "../../portal.db", "WzEsICIuLi94Il0.x.y"])
def test_a_made_up_photo_is_none(home, kept):
    assert home.send("475", kept_photo=kept).status_code == 303
    assert home.sent().photo == ""


def test_a_photo_may_be_added_to_a_reading_that_was_sent(home):
    home.send("475")
    home.send("475", photo=upload(picture()))
    assert home.sent().photo
    assert "corrected on" not in home.page()


# ---------------------------------------------------------------- with htmx


def parts(answer):
    assert answer.headers["Vary"].find("HX-Request") >= 0
    assert "<html" not in answer.text
    assert answer.text.lstrip().startswith('<div id="panel">')
    panel, _, messages = answer.text.partition('<div id="messages"')
    assert 'data-hx-swap-oob="true"' in messages.split(">")[0]
    return panel, messages


def test_htmx_gets_the_receipt_and_the_history_as_one_block_with_thanks_beside_it(home):
    answer = home.send("475", headers=HTMX)
    assert answer.status_code == 200
    panel, messages = parts(answer)
    assert 'id="receipt"' in panel
    assert "used 8 m³ in 22 days" in words(panel)
    assert "Thank you, the reading is sent." in messages
    assert home.sent().value_l == 475_000


@pytest.mark.parametrize(
    ("value", "says"),
    [("abc", "This is not a number."), ("490", "This is more than usual."), ("", "Copy the black")],
)
def test_htmx_gets_a_mistake_as_422_with_the_same_block(home, value, says):
    answer = home.send(value, headers=HTMX)
    assert answer.status_code == 422
    panel, messages = parts(answer)
    assert says in panel
    assert field(panel, "value") == value
    assert "note ok" not in messages


def test_the_page_without_htmx_differs_by_the_same_header(home):
    answer = home.client.get(home.path)
    assert "HX-Request" in answer.headers["Vary"]
    assert "<html" in answer.text


def test_thirty_photos_a_day_are_enough_for_anyone(home, cast, clock):
    with home.session():
        for _ in range(30):
            book(PHOTOS_PER_ACCOUNT, str(cast.ana.id))
    answer = home.send("475", photo=upload(picture()))
    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.text
    assert field(answer.text, "value") == "475"
    assert home.readings(source=Source.PORTAL) == []
    assert home.send("475").status_code == 303
    clock.shift(timedelta(days=1))
    assert home.send("476", "2026-11-23", photo=upload(picture())).status_code == 303


def test_a_photo_is_counted_also_where_its_reading_is_asked_about(home, cast):
    for _ in range(3):
        home.send("900", photo=upload(picture()))
    with home.session():
        assert [book(PHOTOS_PER_ACCOUNT, str(cast.ana.id)) for _ in range(28)][-2:] == [True, False]
