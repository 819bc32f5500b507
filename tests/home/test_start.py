"""The first page: what is to be read, what is to be paid, and what everybody is told."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from mojupravljalec.audit.actions import record
from mojupravljalec.billing.document import Kind
from mojupravljalec.billing.models import Invoice
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.ledger.models import LedgerEntry, PaymentsKnown
from mojupravljalec.metering.models import MeterInstallation, Occupancy, Reading, SupplyPoint
from mojupravljalec.notices.models import Notice
from mojupravljalec.values import clock

from ..bills import NOON, Resident, counted, payments_known


@pytest.fixture(autouse=True)
def today():
    """It is Sunday noon in UTC; ``move_to`` another moment."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ana(app, browser, cast):
    return Resident(app, browser(cast.ana))


@pytest.fixture
def both(ana, cast):
    """Ana pays for Bojan too: she sees two customers."""
    with ana.books():
        db.session.add(
            CustomerLink(
                account_id=cast.ana.id, customer_id=cast.bojans_customer, linked_at=clock.now()
            )
        )
    return ana


# ---------------------------------------------------------------- what is to be paid


def test_without_bills_everything_is_paid(ana):
    text = ana.words("/")
    assert "Hello, Ana" in text
    assert "Everything is paid ✓ There is nothing to pay." in text
    assert "Last invoice" not in text
    assert "Payments are not known to the portal yet" in text


def test_what_two_customers_owe_is_added_and_the_next_due_day_named(both, cast):
    both.bill(cast.anas_customer, "R1", due_on=date(2026, 11, 30))
    both.bill(cast.bojans_customer, "R2", due_on=date(2026, 11, 28))
    both.bill(cast.bojans_customer, "R3", due_on=date(2026, 11, 28))
    text = both.words("/")
    assert "To pay 30,81 €" in text
    assert "Pay 20,54 € by Saturday, November 28." in text
    assert 'href="/racuni?neplacani=1"' in both.html("/")


def test_what_one_customer_overpaid_does_not_hide_what_another_owes(both, cast):
    both.bill(cast.anas_customer, "R1")
    both.book(cast.bojans_customer, -5000, date(2026, 11, 1))
    text = both.words("/")
    assert "To pay 10,27 €" in text
    assert "verpaid" not in text


def test_what_is_overpaid_is_said_where_nothing_is_owed(both, cast):
    both.book(cast.anas_customer, -100, date(2026, 11, 1))
    both.book(cast.bojans_customer, -200, date(2026, 11, 1))
    assert "Overpaid 3,00 € It pays your next invoices." in both.words("/")


def test_what_is_overdue_is_not_what_is_due_next(ana, cast):
    with ana.books():
        payments_known()
    ana.bill(cast.anas_customer, "R1", due_on=date(2026, 11, 20))
    ana.bill(cast.anas_customer, "R2", due_on=date(2026, 11, 28))
    text = ana.words("/")
    assert (
        "To pay 20,54 € Overdue: 10,27 €, pay as soon as you can. "
        "Pay 10,27 € by Saturday, November 28." in text
    )
    assert "Payments are known up to November 20, 2026." in text


def test_where_all_is_overdue_nothing_is_due_next(ana, cast):
    with ana.books():
        payments_known()
    ana.bill(cast.anas_customer, "R1", due_on=date(2026, 11, 20))
    text = ana.words("/")
    assert "To pay 10,27 € Overdue: 10,27 €, pay as soon as you can. Look at" in text
    assert "Pay 10,27 €" not in text


def test_while_payments_are_not_known_nothing_is_overdue(ana, cast):
    ana.bill(cast.anas_customer, "R1", due_on=date(2026, 1, 20))
    assert "verdue" not in ana.words("/")


def test_a_paid_invoice_is_due_no_more(ana, cast):
    ana.bill(cast.anas_customer, "R1")
    ana.book(cast.anas_customer, -1027, date(2026, 11, 10))
    text = ana.words("/")
    assert "Everything is paid" in text
    assert "Pay 10,27 €" not in text


def test_the_last_document_of_all_customers_leads_to_its_page(both, cast):
    both.bill(cast.anas_customer, "R1", issued_on=date(2026, 10, 8))
    last = both.bill(
        cast.bojans_customer,
        "D1",
        kind=Kind.CREDIT_NOTE,
        issued_on=date(2026, 11, 9),
        corrects="R1",
    )
    assert "Last invoice Stranka 2 Credit note D1 −10,27 € Issued 9 Nov 2026" in both.words("/")
    assert f'href="/racuni/{last}"' in both.html("/")


# ---------------------------------------------------------------- the reading


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        (datetime(2026, 11, 25, 10, tzinfo=UTC), "Meter reading for November 2026 5 days left"),
        (datetime(2026, 11, 29, 10, tzinfo=UTC), "1 day left, until November 30, 2026."),
        (datetime(2026, 11, 30, 10, tzinfo=UTC), "Today is the last day."),
        (datetime(2026, 11, 30, 22, 59, tzinfo=UTC), "Today is the last day."),
        # Midnight in Slovenia comes before midnight UTC.
        (datetime(2026, 11, 30, 23, 1, tzinfo=UTC), "Meter reading for December 2026 The time"),
        (datetime(2026, 11, 24, 22, 59, tzinfo=UTC), "counts for the bill of November 2026."),
        (datetime(2026, 12, 24, 22, 59, tzinfo=UTC), "Meter reading for December 2026 The time"),
        (datetime(2026, 12, 24, 23, 1, tzinfo=UTC), "December 2026 6 days left"),
    ],
)
def test_the_card_of_the_reading_says_how_much_time_is_left(
    today, make_app, browser, cast, moment, says
):
    today.move_to(moment)
    app = make_app(READING_WINDOW="25..-1")
    ana = Resident(app, browser(cast.ana, app))
    text = ana.words("/")
    assert says in text
    assert "Lipova ulica 01 last 467 m³ on October 31, 2026 Send the reading" in text


def test_a_reading_that_was_sent_is_thanked_for(ana, cast):
    with ana.books():
        db.session.add(
            Reading(
                installation_id=cast.anas_meter,
                taken_on=date(2026, 11, 22),
                value_l=479_000,
                source="portal",
                received_at=clock.now(),
                counts_for=date(2026, 11, 1),
            )
        )
    text = ana.words("/")
    assert "Meter reading for November 2026 ✓ Sent. Thank you." in text
    assert "last 479 m³ on November 22, 2026 Look at the readings" in text
    assert "Send the reading" not in text


def test_with_two_houses_both_must_be_sent(both, cast):
    with both.books():
        db.session.add(
            Reading(
                installation_id=cast.anas_meter,
                taken_on=date(2026, 11, 22),
                value_l=479_000,
                source="portal",
                received_at=clock.now(),
                counts_for=date(2026, 11, 1),
            )
        )
    text = both.words("/")
    assert "Sent. Thank you." not in text
    assert "8 days left" in text
    assert "Send the reading – Lipova ulica 02" in text
    assert "Look at the readings – Lipova ulica 01" in text


def test_a_house_without_readings_is_there_without_a_value(ana):
    with ana.books():
        db.session.execute(delete(Reading))
    assert "Lipova ulica 01 Send the reading" in ana.words("/")


def test_of_many_houses_three_are_shown(ana, cast):
    with ana.books():
        for number in range(3):
            point = SupplyPoint(number=f"OM-9{number}", street=f"Zelena pot {number}")
            db.session.add(point)
            db.session.flush()
            db.session.add(Occupancy(supply_point_id=point.id, customer_id=cast.anas_customer))
            db.session.add(
                MeterInstallation(
                    supply_point_id=point.id,
                    serial=f"9{number}",
                    installed_on=date(2026, 1, 1),
                    start_l=0,
                )
            )
    html = ana.html("/")
    assert html.count('href="/odjemna-mesta/') == 3
    assert "All supply points" in html


def test_a_house_that_was_left_is_not_asked_about(ana):
    with ana.books():
        db.session.execute(update(Occupancy).values(to_on=date(2026, 11, 21)))
    text = ana.words("/")
    assert "Meter reading for" not in text
    assert "Everything is paid" in text


# ---------------------------------------------------------------- notices


@pytest.mark.parametrize(
    ("day", "is_shown"),
    [
        (date(2026, 11, 19), False),
        (date(2026, 11, 20), True),
        (date(2026, 11, 22), True),
        (date(2026, 11, 24), True),
        (date(2026, 11, 25), False),
    ],
)
def test_a_notice_is_there_on_its_days_only(today, app, browser, cast, ana, day, is_shown):
    with ana.books():
        db.session.add(
            Notice(
                title="Brez vode <b>",
                text="Jutri.",
                from_on=date(2026, 11, 20),
                to_on=date(2026, 11, 24),
            )
        )
    today.move_to(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    ana = Resident(app, browser(cast.ana))
    html = ana.html("/")
    assert ("Brez vode &lt;b&gt;" in html) == is_shown
    assert ("Jutri." in html) == is_shown


def test_what_ends_first_is_announced_first(ana):
    with ana.books():
        for title, days in (("Pozneje", 9), ("Prej", 1)):
            last = date(2026, 11, 22) + timedelta(days=days)
            db.session.add(Notice(title=title, text="…", from_on=date(2026, 11, 1), to_on=last))
    text = ana.words("/")
    assert text.index("Prej") < text.index("Pozneje")


# ---------------------------------------------------------------- who comes here


def test_who_has_linked_nobody_is_led_to_the_code(browser, cast):
    answer = browser(cast.cvetka).get("/")
    assert answer.status_code == 302
    assert answer.location == "/prikljuci-stranko"


def test_who_has_unlinked_everybody_is_led_to_the_code_again(ana):
    with ana.books():
        db.session.execute(update(CustomerLink).values(ended_at=clock.now()))
    ana.html("/", status=302)


def test_the_signed_out_are_led_to_the_sign_in(browser):
    assert browser().get("/").location.startswith("/prijava")


def test_nothing_of_a_strangers_is_shown(ana, cast):
    ana.bill(cast.bojans_customer, "SECRET-1")
    html = ana.html("/")
    assert "SECRET" not in html
    assert "Everything is paid" in html


def test_the_page_takes_few_questions(both, cast):
    for number, customer in enumerate((cast.anas_customer, cast.bojans_customer) * 5):
        both.bill(customer, f"R{number}", issued_on=date(2026, 11, 1 + number))
    with counted(both.app) as seen:
        both.html("/")
    assert len(seen) <= 15


# ---------------------------------------------------------------- due days and what is known


def owing(resident, customer, *items, until=date(2026, 10, 31)):
    """Bills as (due day, cents), and up to when payments are known."""
    with resident.books():
        if until:
            payments_known(until)
    for number, (due_on, cents) in enumerate(items, 1):
        resident.bill(customer, f"R{number}", due_on=due_on, to_pay_cents=cents)


PASSED, NEXT = (date(2026, 11, 15), 2342), (date(2026, 12, 12), 4380)


@pytest.mark.parametrize(
    ("items", "until", "says"),
    [
        (
            [(date(2026, 10, 15), 5621), PASSED, NEXT],
            date(2026, 10, 31),
            "Zapadlo: 56,21 €, plačajte čim prej. "
            "Rok je bil 15. novembra; plačila poznamo do 31. oktobra. "
            "Plačajte 43,80 € do sobote, 12. decembra. "
            "Če 23,42 € še niste plačali, plačajte čim prej. Poglej račune",
        ),
        (
            [PASSED],
            date(2026, 10, 31),
            "23,42 € Rok je bil 15. novembra; plačila poznamo do 31. oktobra. "
            "Če 23,42 € še niste plačali, plačajte čim prej. Poglej račune",
        ),
        (
            [PASSED],
            None,
            "23,42 € Rok je bil 15. novembra; plačil še ne poznamo. "
            "Če 23,42 € še niste plačali, plačajte čim prej.",
        ),
        (
            [(date(2026, 11, 5), 1000), PASSED, NEXT],
            date(2026, 10, 31),
            "Roki so potekli, zadnji 15. novembra; plačila poznamo do 31. oktobra. "
            "Plačajte 43,80 € do sobote, 12. decembra. "
            "Če 33,42 € še niste plačali, plačajte čim prej.",
        ),
        (
            [(date(2026, 11, 5), 1000), PASSED],
            None,
            "Roki so potekli, zadnji 15. novembra; plačil še ne poznamo.",
        ),
        ([(date(2026, 11, 22), 700), NEXT], None, "50,80 € Plačajte 7,00 € še danes. Poglej"),
        ([(date(2020, 1, 15), 700)], None, "Rok je bil 15. januarja 2020; plačil še ne poznamo."),
        ([NEXT], None, "43,80 € Plačajte 43,80 € do sobote, 12. decembra. Poglej"),
    ],
)
def test_the_deadline_that_passed_is_told_as_such_and_the_next_is_asked_for(
    ana, cast, items, until, says
):
    owing(ana, cast.anas_customer, *items, until=until)
    assert says in ana.words("/", Accept_Language="sl")
    sentences = says[says.index("R" if "Rok" in says else "P") :].partition(" Poglej")[0]
    for path in ("/racuni", f"/financna-kartica/{cast.anas_customer}"):
        assert sentences in ana.words(path, Accept_Language="sl")


def test_the_button_to_pay_is_the_filled_one_where_only_late_amounts_are_left(ana, cast):
    owing(ana, cast.anas_customer, PASSED)
    html = ana.html("/")
    assert '<a class="btn" href="/racuni?neplacani=1">' in html
    assert html.count('class="btn"') == 1


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    items=st.lists(st.tuples(st.integers(-90, 90), st.integers(1, 99_999)), min_size=1, max_size=4),
    known=st.none() | st.integers(-120, 10),
)
def test_no_day_that_is_asked_for_lies_in_the_past(ana, cast, items, known):
    day = NOON.date()
    with ana.books():
        for table in (LedgerEntry, Invoice, PaymentsKnown):
            db.session.execute(delete(table))
    until = None if known is None else day + timedelta(known)
    owing(
        ana, cast.anas_customer, *((day + timedelta(n), cents) for n, cents in items), until=until
    )
    with ana.books():  # the page's version
        record("import.done", subject="import_batch:1")
    for path in ("/", "/racuni", f"/financna-kartica/{cast.anas_customer}"):
        asked = re.findall(r"[Pp]ay (?:[\d.,]+ € )?by \w+, (\w+ \d+)", ana.words(path))
        for found in asked:
            # Ninety days: never the same day and month of another year.
            months = [datetime.strptime(f"{found} {year}", "%B %d %Y") for year in (2026, 2027)]  # noqa: DTZ007
            assert min(months, key=lambda one: abs(one.date() - day)).date() >= day
        assert bool(asked) == any(n > 0 for n, _ in items) or "today" in ana.words(path)
