"""Assigning a payment, taking that back, and what the card, the audit and the letters say."""

from datetime import date

import pytest
from sqlalchemy import func, select, update

from mojupravljalec.accounts.models import Account
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.ledger.models import BankPayment, LedgerEntry
from mojupravljalec.mail.letters import write
from mojupravljalec.mail.models import OutboxLetter, UnwantedMail

from ..bills import Resident, words
from ..site.html import faults, parse

LIST = "/pisarna/placila"
WATER = 1027  # cents: the invoice of the tests
OWED = [WATER]


@pytest.fixture
def ana(cast):
    return cast.anas_customer


@pytest.fixture
def bojan(cast):
    return cast.bojans_customer


@pytest.fixture
def billed(clerk, names, ana):
    """Ana has an invoice that is open."""
    return clerk.bill(ana, "R1")


@pytest.fixture
def press(clerk):
    """Press a button; where it leads."""

    def send(path, customer_id, status=303):
        answer = clerk.client.post(f"{LIST}/{path}", data={"stranka": customer_id})
        assert answer.status_code == status, answer.text
        return answer.location

    return send


@pytest.fixture
def card(read):
    """Amount and what is open of each entry of a customer."""

    def entries(customer_id):
        found = read(LedgerEntry.amount_cents, LedgerEntry.open_cents, customer_id=customer_id)
        return sorted(found)

    return entries


@pytest.fixture
def whose(read):
    """Whose a payment is, and what says so."""

    def found(payment_id):
        ((*both,),) = read(BankPayment.customer_id, BankPayment.matched_by, id=payment_id)
        return tuple(both)

    return found


# ---------------------------------------------------------------- assigning


def test_an_assigned_payment_pays_what_is_open(
    clerk, billed, waits, press, card, whose, audited, cast, ana
):
    number = waits(amount_cents=WATER, reference="SI99", text="voda")
    assert press(number, ana) == LIST
    assert whose(number) == (ana, "office")
    assert card(ana) == [(-WATER, 0), (WATER, 0)]
    details = {"payment": number, "amount_cents": WATER}
    assert audited("payment.assigned") == [(cast.clerk.id, f"customer:{ana}", details)]


def test_the_next_payment_follows_and_the_message_leads_back(clerk, billed, waits, press, ana):
    third = waits(booked_on=date(2026, 11, 12))
    first = waits(booked_on=date(2026, 11, 10), amount_cents=WATER)
    second = waits(booked_on=date(2026, 11, 12), amount_cents=-200)
    assert press(first, ana) == f"{LIST}/{third}"
    html = clerk.html(f"{LIST}/{third}")
    told = "The payment of 10,27 € from 10 Nov 2026 is on the card of Ana Novak (004512) now."
    assert f"{told} Was it the wrong one? Take it back here." in words(html)
    (message,) = [one for one in parse(html).all("div") if one["id"] == "messages"]
    assert [link["href"] for link in message.all("a")] == [f"{LIST}/{first}"]
    assert faults(html, language="en") == []
    assert press(third, ana) == f"{LIST}/{second}"
    assert press(second, ana) == LIST


def test_after_the_last_one_comes_the_first(waits, press, names, ana):
    first = waits(booked_on=date(2026, 11, 10))
    assert press(waits(booked_on=date(2026, 11, 12)), ana) == f"{LIST}/{first}"


def test_markup_in_a_name_stays_text(clerk, waits, press, cast):
    from .conftest import rename

    with clerk.books():
        rename(cast.anas_customer, "1", "<b>Ana</b>", "")
    number = waits()
    press(number, cast.anas_customer)
    assert "<b>Ana" not in clerk.html(LIST)
    assert "&lt;b&gt;Ana&lt;/b&gt;" in clerk.html(f"{LIST}/{number}")


def test_what_went_back_opens_the_invoice_again(clerk, billed, waits, press, card, read, ana):
    press(waits(amount_cents=WATER), ana)
    press(waits(amount_cents=-WATER), ana)
    assert card(ana) == [(-WATER, 0), (WATER, 0), (WATER, WATER)]
    origins = sorted(one for (one,) in read(LedgerEntry.origin))
    assert origins == ["invoice", "payment", "return"]


def test_an_entry_that_a_ledger_brought_is_used(clerk, billed, waits, press, card, read, ana):
    day = date(2026, 11, 20)
    clerk.book(ana, -WATER, day, description="Plačilo")
    number = waits(amount_cents=WATER, booked_on=day)
    press(number, ana)
    assert card(ana) == [(-WATER, 0), (WATER, 0)]
    assert read(LedgerEntry.description, payment_id=number) == [("Plačilo",)]


def test_pressed_twice_it_is_assigned_once(clerk, billed, waits, press, card, audited, ana, bojan):
    number = waits(amount_cents=WATER)
    press(number, ana)
    for customer in (ana, bojan):
        assert press(number, customer) == f"{LIST}/{number}"
        said = clerk.words(f"{LIST}/{number}")
        assert "is on the card of Ana Novak (004512) already. Nothing has changed." in said
    assert card(ana) == [(-WATER, 0), (WATER, 0)]
    assert card(bojan) == []
    assert len(audited("payment.assigned")) == 1


@pytest.mark.parametrize("wrong", ["", "x", "0", "987654", "99999999999", "-1", "1 2"])
def test_a_button_of_nobody_changes_nothing(clerk, waits, press, whose, audited, wrong):
    number = waits()
    press(number, wrong, 422)
    answer = clerk.client.post(f"{LIST}/{number}", data={"stranka": wrong})
    assert "Choose a customer." in words(answer.text)
    assert faults(answer.text, language="en") == []
    assert whose(number) == (None, "")
    assert audited("payment.assigned") == []


@pytest.mark.parametrize(("who", "status"), [("reader", 403), ("ana", 404), ("nobody", 303)])
def test_only_who_may_assign_does(browser, cast, waits, whose, who, status):
    number = waits()
    client = browser(getattr(cast, who, None))
    for path in (f"{LIST}/{number}", f"{LIST}/{number}/sprosti"):
        answer = client.post(path, data={"stranka": cast.anas_customer})
        assert answer.status_code == status
    assert whose(number) == (None, "")


def test_a_form_without_its_token_is_shown_again(app, browser, cast, make_app, waits, whose):
    client = browser(cast.clerk, make_app(csrf=True))
    number = waits(customer_id=cast.anas_customer, matched_by="office")
    other = waits()
    for path in (f"{LIST}/{other}", f"{LIST}/{number}/sprosti"):
        answer = client.post(path, data={"stranka": cast.anas_customer})
        assert answer.status_code == 422
        token = parse(answer.text)
        token = next(one["value"] for one in token.all("input") if one["name"] == "csrf_token")
        data = {"stranka": cast.anas_customer, "csrf_token": token}
        assert client.post(path, data=data).status_code == 303
    assert whose(number) == (None, "released")
    assert whose(other) == (cast.anas_customer, "office")


# ---------------------------------------------------------------- taking it back


def test_a_released_payment_waits_again(
    clerk, billed, waits, press, card, whose, audited, cast, ana
):
    number = waits(amount_cents=WATER)
    press(number, ana)
    said = clerk.words(f"{LIST}/{number}")
    assert "Its line goes from the card, and what it paid is open again." in said
    assert press(f"{number}/sprosti", ana) == f"{LIST}/{number}"
    assert card(ana) == [(WATER, WATER)]
    assert whose(number) == (None, "released")
    details = {"payment": number, "amount_cents": WATER}
    assert audited("payment.released") == [(cast.clerk.id, f"customer:{ana}", details)]
    said = clerk.words(f"{LIST}/{number}")
    assert "is no longer on the card of Ana Novak (004512) and waits again." in said
    assert "The office took this payment back." in said


def test_a_released_payment_goes_to_somebody_else(clerk, billed, waits, press, card, ana, bojan):
    number = waits(amount_cents=WATER)
    for path, customer in ((number, bojan), (f"{number}/sprosti", bojan), (number, ana)):
        press(path, customer)
    assert card(ana) == [(-WATER, 0), (WATER, 0)]
    assert card(bojan) == []


def test_what_a_ledger_brought_outlives_the_payment(
    clerk, billed, waits, press, card, read, whose, ana
):
    clerk.book(ana, -WATER, date(2026, 11, 20), description="Plačilo")
    number = waits(amount_cents=WATER)
    press(number, ana)
    assert "Its line stays on the card" in clerk.words(f"{LIST}/{number}")
    press(f"{number}/sprosti", ana)
    assert card(ana) == [(-WATER, 0), (WATER, 0)]
    assert read(LedgerEntry.id, payment_id=number) == []
    assert whose(number) == (None, "released")


def test_what_the_portal_matched_can_be_released_too(clerk, billed, waits, press, card, whose, ana):
    number = waits(amount_cents=WATER, customer_id=ana, matched_by="reference")
    clerk.book(ana, -WATER, date(2026, 11, 20), payment_id=number)
    said = clerk.words(f"{LIST}/{number}")
    assert "The portal found it by the reference of an invoice." in said
    press(f"{number}/sprosti", ana)
    assert card(ana) == [(WATER, WATER)]
    assert whose(number) == (None, "released")


def test_released_twice_is_released_once(clerk, billed, waits, press, card, whose, audited, ana):
    number = waits(amount_cents=WATER)
    press(number, ana)
    for _ in range(2):
        assert press(f"{number}/sprosti", ana) == f"{LIST}/{number}"
    assert len(audited("payment.released")) == 1
    assert "was taken back or assigned anew already" in clerk.words(f"{LIST}/{number}")


def test_an_old_page_does_not_release_the_next_customers_payment(
    waits, names, press, whose, ana, bojan
):
    number = waits()
    for path, customer in ((number, ana), (f"{number}/sprosti", ana), (number, bojan)):
        press(path, customer)
    press(f"{number}/sprosti", ana)
    assert whose(number) == (bojan, "office")


# ---------------------------------------------------------------- who is told


def test_residents_are_told_as_by_an_import(app, clerk, billed, waits, press, letters, cast, ana):
    press(waits(amount_cents=WATER), ana)
    ((kind, address, facts),) = letters()
    assert (kind, address) == ("payment-booked", cast.ana.email)
    assert (facts["amount_cents"], facts["day"]) == (WATER, "2026-11-20")
    with app.test_request_context():
        letter = db.session.scalar(select(OutboxLetter))
        assert letter.language == "sl"
        assert "10,27" in str(write(letter))


def test_a_person_is_told_in_the_language_they_chose(clerk, waits, press, app, cast, ana, read):
    with clerk.books():
        db.session.execute(update(Account).filter_by(id=cast.ana.id).values(language="it"))
    press(waits(), ana)
    assert read(OutboxLetter.language) == [("it",)]


def test_nobody_is_told_of_what_is_old_went_back_or_is_not_wanted(
    clerk, waits, press, letters, cast, ana, bojan
):
    press(waits(booked_on=date(2026, 10, 1)), ana)
    press(waits(amount_cents=-100), ana)
    with clerk.books():
        db.session.add(UnwantedMail(account_id=cast.ana.id, kind="payment-booked"))
        db.session.execute(
            update(CustomerLink).filter_by(customer_id=bojan).values(ended_at=func.now())
        )
    press(waits(), ana)
    press(waits(), bojan)
    assert letters() == []


def test_the_resident_sees_it_on_the_card(app, browser, cast, billed, waits, press, ana):
    press(waits(amount_cents=WATER), ana)
    resident = Resident(app, browser(cast.ana))
    assert "Everything is settled" in resident.words("/financna-kartica")
