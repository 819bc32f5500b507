"""Letters about invoices and payments: who gets them, when, and how they are switched off."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask_babel import force_locale
from sqlalchemy import select, update

from mojupravljalec.accounts.models import Account
from mojupravljalec.billing.actions import announce, remind
from mojupravljalec.billing.document import Kind
from mojupravljalec.billing.models import Invoice
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.imports.models import ImportBatch
from mojupravljalec.ledger.models import BankPayment, LedgerEntry
from mojupravljalec.mail.letters import CHOICES, KINDS, unsubscribe_token
from mojupravljalec.mail.models import OutboxLetter, UnwantedMail
from mojupravljalec.mail.sending import send_round
from mojupravljalec.metering.models import Occupancy, SupplyPoint
from mojupravljalec.values import clock

from ..bills import IBAN, NOON, Resident, payments_known
from ..imports.conftest import Terminal
from ..mail.server import Keeper, running

OCTOBER = {"period_from": date(2026, 10, 1), "period_to": date(2026, 10, 31)}
SOON = {"due_on": date(2026, 11, 25)}
NEW = [("new-invoice", "ana@primer.si")]
DUE = [("invoice-due", "ana@primer.si")]
BOOKED = [("payment-booked", "ana@primer.si")]
HEAD = "stevilka_racuna;sifra_stranke;datum;zapadlost;obdobje_od;obdobje_do;za_placilo\n"
ROW = "2026-10-1;01;8.11.2026;28.11.2026;1.10.2026;31.10.2026;32,85\n"


@pytest.fixture(autouse=True)
def today():
    """It is Sunday noon in UTC; ``move_to`` another moment."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ana(app, browser, cast):
    return Resident(app, browser(cast.ana))


@pytest.fixture
def mine(cast):
    return cast.anas_customer


@pytest.fixture
def batch(ana):
    """An import that brought what is told about."""
    with ana.books():
        found = [_batch() for _ in range(2)]
        db.session.add_all(found)
        db.session.flush()
        return found[1].id


def _batch():
    return ImportBatch(
        kind="invoices",
        file_name="racuni.csv",
        sha256="",
        imported_by="office",
        imported_at=clock.now(),
    )


@pytest.fixture
def told(app, batch):
    """Announces the batch; gives the letters in the outbox."""

    def tell():
        with app.app_context():
            announce(batch)
            db.session.commit()
        return letters(app)

    return tell


@pytest.fixture
def reminded(app):
    """Reminds, as the worker does every hour; gives the letters in the outbox."""

    def tell():
        with app.app_context():
            remind()
            db.session.commit()
        return letters(app)

    return tell


def letters(app):
    """What waits in the outbox, as (kind, address)."""
    with app.app_context():
        found = db.session.scalars(select(OutboxLetter).order_by(OutboxLetter.id))
        return [(one.kind, one.to_address) for one in found]


def change(resident, table, *where, **values):
    with resident.books():
        db.session.execute(update(table).where(*where).values(**values))


def link(resident, account, customer):
    with resident.books():
        db.session.add(
            CustomerLink(account_id=account.id, customer_id=customer, linked_at=clock.now())
        )


def dislike(resident, account, kind):
    with resident.books():
        db.session.add(UnwantedMail(account_id=account.id, kind=kind))


# ---------------------------------------------------------------- a new invoice


def test_a_new_invoice_is_told_of_with_what_is_to_be_paid(app, ana, mine, batch, told):
    invoice = ana.bill(mine, "2026-10-1", batch_id=batch, **OCTOBER)
    assert told() == NEW
    with app.app_context():
        (letter,) = db.session.scalars(select(OutboxLetter))
    assert letter.language == "sl"
    assert letter.facts == {
        "account_id": 1,
        "first_name": "Ana",
        "invoice_id": invoice,
        "number": "2026-10-1",
        "amount_cents": 1027,
        "due_on": "2026-11-28",
        "period_from": "2026-10-01",
        "period_to": "2026-10-31",
        "customer_name": "Stranka 1",
        "place": "Lipova ulica 7",
        "more_places": 0,
        "known_until": "",
    }


def test_of_an_invoice_that_is_paid_in_part_the_rest_is_told(app, ana, mine, batch, told):
    ana.bill(mine, "R1", batch_id=batch)
    ana.book(mine, -1000, date(2026, 11, 1))
    assert told() == NEW
    with app.app_context():
        (letter,) = db.session.scalars(select(OutboxLetter))
    assert letter.facts["amount_cents"] == 27
    assert letter.facts["period_from"] == ""


@pytest.mark.parametrize(
    ("fields", "is_told"),
    [
        ({"issued_on": date(2026, 10, 22)}, True),
        ({"issued_on": date(2026, 10, 21)}, False),
        ({"issued_on": date(2020, 1, 1)}, False),
        ({"issued_on": date(2026, 11, 30)}, True),
        ({"kind": Kind.CREDIT_NOTE}, False),
        ({"to_pay_cents": 0}, False),
        ({"to_pay_cents": -5}, False),
        ({"batch_id": None}, False),
    ],
)
def test_only_new_invoices_that_ask_for_money_are_told_of(ana, mine, batch, told, fields, is_told):
    ana.bill(mine, "R1", **{"batch_id": batch, **fields})
    assert told() == (NEW if is_told else [])


def test_what_is_paid_already_is_not_told_of(ana, mine, batch, told):
    ana.bill(mine, "R1", batch_id=batch)
    ana.book(mine, -1027, date(2026, 11, 1))
    assert told() == []


def test_another_imports_invoices_are_not_told_of(ana, mine, batch, told):
    ana.bill(mine, "R1", batch_id=batch - 1)
    assert told() == []


def test_everybody_who_sees_the_customer_gets_a_letter(ana, cast, mine, batch, told):
    link(ana, cast.cvetka, mine)
    ana.bill(mine, "R1", batch_id=batch)
    ana.bill(cast.bojans_customer, "R2", batch_id=batch)
    assert told() == [
        ("new-invoice", "ana@primer.si"),
        ("new-invoice", "cvetka@primer.si"),
        ("new-invoice", "bojan@primer.si"),
    ]


@pytest.mark.parametrize("why", ["ended", "not activated", "switched off"])
def test_no_letter_for_whom_it_is_not(ana, cast, mine, batch, told, why):
    ana.bill(mine, "R1", batch_id=batch)
    if why == "ended":
        change(ana, CustomerLink, ended_at=clock.now())
    elif why == "not activated":
        change(ana, Account, activated_at=None)
    else:
        dislike(ana, cast.ana, "new-invoice")
    assert told() == []


@pytest.mark.parametrize("kind", ["invoice-due", "payment-booked"])
def test_another_kind_switched_off_changes_nothing(ana, cast, mine, batch, told, kind):
    dislike(ana, cast.ana, kind)
    dislike(ana, cast.bojan, "new-invoice")
    ana.bill(mine, "R1", batch_id=batch)
    assert told() == NEW


def test_a_letter_speaks_the_language_of_its_reader(app, ana, mine, batch, told):
    change(ana, Account, language="en")
    ana.bill(mine, "R1", batch_id=batch)
    told()
    with app.app_context():
        assert db.session.scalar(select(OutboxLetter.language)) == "en"


def test_importing_invoices_queues_the_letters_once(ana, app, tmp_path, monkeypatch):
    monkeypatch.setattr("mojupravljalec.create_app", lambda: app)
    terminal = Terminal(tmp_path, app)
    for _ in range(2):
        done = terminal.bills(HEAD + ROW)
        assert done.exit_code == 0, done.output
        assert letters(app) == NEW


# ---------------------------------------------------------------- a payment


def pay(resident, customer, batch, cents=-1027, day=date(2026, 11, 20), **more):
    """A payment that a statement brought."""
    with resident.books():
        payment = BankPayment(
            key=f"k{cents}", account_iban=IBAN, booked_on=day, amount_cents=-cents
        )
        db.session.add(payment)
        db.session.flush()
        fields = {"payment_id": payment.id, "batch_id": batch, **more}
    resident.book(customer, cents, day, **fields)


def test_a_payment_is_thanked_for(app, ana, mine, batch, told):
    pay(ana, mine, batch)
    assert told() == BOOKED
    with app.app_context():
        (letter,) = db.session.scalars(select(OutboxLetter))
    assert letter.facts == {
        "account_id": 1,
        "first_name": "Ana",
        "customer_id": mine,
        "customer_name": "Stranka 1",
        "place": "Lipova ulica 7",
        "amount_cents": 1027,
        "day": "2026-11-20",
    }


@pytest.mark.parametrize(
    "payment",
    [
        {"day": date(2026, 10, 21)},
        {"origin": "return", "cents": 1027},
        {"payment_id": None},  # a ledger's: the bank has told nothing yet
        {"batch_id": None},
        {"origin": "credit_note"},
    ],
)
def test_other_entries_are_not_thanked_for(ana, mine, batch, told, payment):
    pay(ana, mine, batch, **payment)
    assert told() == []


@pytest.mark.parametrize("why", ["ended", "not activated", "switched off"])
def test_a_payment_is_told_of_only_to_whom_it_is_for(ana, cast, mine, batch, told, why):
    pay(ana, mine, batch)
    if why == "ended":
        change(ana, CustomerLink, ended_at=clock.now())
    elif why == "not activated":
        change(ana, Account, activated_at=None)
    else:
        dislike(ana, cast.ana, "payment-booked")
    assert told() == []


# ---------------------------------------------------------------- before it is due


@pytest.fixture
def known(ana):
    with ana.books():
        payments_known()


@pytest.mark.parametrize(
    ("due_on", "is_told"),
    [
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), True),
        (date(2026, 11, 25), True),
        (date(2026, 11, 26), False),
    ],
)
def test_three_days_before_an_invoice_is_due_a_letter_comes(
    ana, mine, known, reminded, due_on, is_told
):
    ana.bill(mine, "R1", due_on=due_on)
    assert reminded() == (DUE if is_told else [])


def test_it_comes_once(today, ana, mine, known, reminded):
    ana.bill(mine, "R1", **SOON)
    for hours in range(0, 96, 3):
        today.move_to(NOON + timedelta(hours=hours))
        assert reminded() == DUE


def test_each_invoice_has_its_own(ana, mine, known, reminded):
    ana.bill(mine, "R1", **SOON)
    assert reminded() == DUE
    ana.bill(mine, "R2", **SOON)
    assert reminded() == DUE * 2


def test_only_what_is_not_paid_is_reminded_of(app, ana, mine, known, reminded):
    ana.bill(mine, "R1", **SOON)
    ana.book(mine, -1027, date(2026, 11, 19))
    assert reminded() == []
    ana.bill(mine, "R2", **SOON)
    ana.book(mine, -1000, date(2026, 11, 20))
    assert reminded() == DUE
    with app.app_context():
        (letter,) = db.session.scalars(select(OutboxLetter))
    assert (letter.facts["number"], letter.facts["amount_cents"]) == ("R2", 27)


@pytest.mark.parametrize("fields", [{"kind": Kind.CREDIT_NOTE}, {"to_pay_cents": 0}])
def test_what_asks_for_nothing_is_not_reminded_of(ana, mine, known, reminded, fields):
    ana.bill(mine, "R1", **SOON, **fields)
    assert reminded() == []


def test_while_payments_are_not_known_nobody_is_reminded(ana, mine, reminded):
    ana.bill(mine, "R1", **SOON)
    assert reminded() == []
    with ana.books():
        assert db.session.scalar(select(Invoice.reminded_at)) is None
        payments_known()
    assert reminded() == DUE


@pytest.mark.parametrize("why", ["ended", "not activated", "switched off"])
def test_nobody_is_reminded_for_whom_it_is_not(ana, cast, mine, known, reminded, why):
    ana.bill(mine, "R1", **SOON)
    if why == "ended":
        change(ana, CustomerLink, ended_at=clock.now())
    elif why == "not activated":
        change(ana, Account, activated_at=None)
    else:
        dislike(ana, cast.ana, "invoice-due")
    assert reminded() == []


@pytest.mark.parametrize(
    ("moment", "is_day"),
    [
        # Winter time: an hour before UTC.
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 18, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 19, 0, tzinfo=UTC), False),
        # The night to March 29 has an hour less.
        (datetime(2026, 3, 28, 7, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 29, 5, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 6, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 29, 17, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 29, 18, 0, tzinfo=UTC), False),
        # The night to October 25 has an hour more.
        (datetime(2026, 10, 24, 6, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 6, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 25, 7, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 18, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 19, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), False),
    ],
)
def test_nobody_is_woken_up(today, ana, mine, reminded, moment, is_day):
    with ana.books():
        payments_known(date(2026, 1, 1))
    day = clock.local_day(moment) + timedelta(days=2)
    ana.bill(mine, "R1", issued_on=date(2026, 1, 1), due_on=day)
    today.move_to(moment)
    assert reminded() == (DUE if is_day else [])


# ---------------------------------------------------------------- what they say

WHOSE = "2026-10-1, Stranka 1, Lipova ulica 7"
WHOSE_OCTOBER = (
    "2026-10-1 (oktober 2026), Stranka 1, Lipova ulica 7",
    "2026-10-1 (October 2026), Stranka 1, Lipova ulica 7",
)
SAYS = {
    ("new-invoice", "sl"): (
        f"Račun {WHOSE}: 10,27 €, plačajte do 28. novembra",
        "Dober dan, Ana,",
        f"Pripravljen je račun {WHOSE_OCTOBER[0]}.",
        "Plačajte 10,27 € do sobote, 28. novembra.",
    ),
    ("new-invoice", "en"): (
        f"Invoice {WHOSE}: 10,27 €, pay by November 28",
        "Hello Ana,",
        f"Your new invoice is ready: {WHOSE_OCTOBER[1]}.",
        "Pay 10,27 € by Saturday, November 28.",
    ),
    ("invoice-due", "sl"): (
        f"Račun {WHOSE}: še za plačilo 10,27 €",
        f"Do 20. novembra nismo prejeli plačila za račun {WHOSE_OCTOBER[0]}.",
        "Plačajte 10,27 € do srede, 25. novembra.",
        "Če ste že plačali, hvala",
    ),
    ("invoice-due", "en"): (
        f"Invoice {WHOSE}: still to pay 10,27 €",
        f"Up to November 20 we have not received the payment for invoice {WHOSE_OCTOBER[1]}.",
        "Pay 10,27 € by Wednesday, November 25.",
        "If you have paid already, thank you",
    ),
    ("payment-booked", "sl"): (
        "Prejeli smo vaše plačilo: 10,27 €, Stranka 1, Lipova ulica 7",
        "Prejeli smo vaše plačilo (20. novembra 2026): Stranka 1, Lipova ulica 7. Hvala.",
    ),
    ("payment-booked", "en"): (
        "We have received your payment of 10,27 €, Stranka 1, Lipova ulica 7",
        "On November 20, 2026 we received your payment: Stranka 1, Lipova ulica 7. Thank you.",
    ),
}


def queue(resident, customer, batch, kind, language):
    """Let the letter of ``kind`` be written."""
    change(resident, Account, language=language)
    if kind == "payment-booked":
        pay(resident, customer, batch)
    elif kind == "new-invoice":
        resident.bill(customer, "2026-10-1", batch_id=batch, **OCTOBER)
    else:
        resident.bill(customer, "2026-10-1", **SOON, **OCTOBER)
        with resident.books():
            payments_known()
            remind()
        return
    with resident.books():
        announce(batch)


def spaced(text):
    return " ".join(text.split())


@pytest.mark.parametrize(("kind", "language"), SAYS)
def test_the_letter_reaches_the_mail_server_with_its_words_and_headers(
    ana, mine, batch, make_app, kind, language
):
    queue(ana, mine, batch, kind, language)
    keeper = Keeper()
    with running(keeper) as server:
        app = make_app(**server)
        with app.app_context():
            assert send_round().sent == 1
    (letter,) = keeper.taken
    plain = spaced(letter.get_body("plain").get_content())
    html = spaced(letter.get_body("html").get_content())
    subject, *sentences = SAYS[kind, language]
    assert spaced(letter["Subject"]) == subject
    for sentence in (*sentences, "10,27 €"):
        assert sentence in plain
        assert sentence in html
    assert letter["To"] == "ana@primer.si"
    assert letter["Auto-Submitted"] == "auto-generated"
    token = _token(app, kind)
    assert letter["List-Unsubscribe"] == f"<http://localhost/brez-sporocil/{token}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in (plain, html):
        assert f"http://localhost/brez-sporocil/{token}" in part


def _token(app, kind, account_id=1):
    with app.app_context():
        return unsubscribe_token(account_id, kind)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("new-invoice", "/racuni/"),
        ("invoice-due", "/racuni/"),
        ("payment-booked", "/financna-kartica/"),
    ],
)
def test_the_button_leads_to_what_the_letter_tells_of(app, ana, mine, batch, kind, path):
    queue(ana, mine, batch, kind, "sl")
    kept = set(app.config["MAILBOX"].glob("*.eml"))  # other tests may have left some
    with app.app_context():
        send_round()
    (file,) = set(app.config["MAILBOX"].glob("*.eml")) - kept
    text = file.read_text("utf-8").replace("=\n", "").replace("=3D", "=")
    file.unlink()
    address = f"{path}{mine if kind == 'payment-booked' else _invoice(app)}"
    assert f"http://localhost{address}\n" in text
    assert ana.words(address)


def _invoice(app):
    with app.app_context():
        return db.session.scalar(select(Invoice.id))


# ---------------------------------------------------------------- switching them off


def disliked(app):
    with app.app_context():
        found = db.session.scalars(select(UnwantedMail))
        return sorted((one.account_id, one.kind) for one in found)


@pytest.mark.parametrize("kind", CHOICES)
def test_one_press_in_the_mail_program_switches_a_letter_off(make_app, cast, kind):
    app = make_app(csrf=True)
    path = f"/brez-sporocil/{_token(app, kind, cast.ana.id)}"
    for _ in range(2):
        answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert disliked(app) == [(cast.ana.id, kind)]


def test_opening_the_link_changes_nothing_and_the_button_on_it_does(make_app, cast):
    app = make_app(csrf=True)
    path = f"/brez-sporocil/{_token(app, 'new-invoice', cast.ana.id)}"
    client = app.test_client()
    for _ in range(2):
        answer = client.get(path, headers={"Accept-Language": "en"})
        assert answer.status_code == 200
        assert "You will no longer get this letter: A new invoice." in answer.text
        assert disliked(app) == []
    assert client.head(path).status_code == 200
    assert disliked(app) == []
    answer = client.post(path, headers={"Accept-Language": "en"})
    assert "No more letters of this kind will come: A new invoice." in answer.text
    assert disliked(app) == [(cast.ana.id, "new-invoice")]


def test_a_forged_link_is_not_found(app, cast, make_app):
    good = _token(app, "new-invoice", cast.ana.id)
    payload, _, signature = good.rpartition(".")
    others = _token(app, "new-invoice", cast.bojan.id)
    stranger = make_app()
    stranger.config["SECRET_KEY"] = "another secret key, over 32 characters"
    forged = (
        "x",
        payload,
        good[:-1],
        f"{payload}.{signature[::-1]}",
        f"{others.rpartition('.')[0]}.{signature}",
        _token(app, "password-changed", cast.ana.id),
        _token(stranger, "new-invoice", cast.ana.id),
        "%00",
        "č",
        "a" * 5000,
    )
    client = app.test_client()
    for token in forged:
        for ask in (client.get, client.post):
            assert ask(f"/brez-sporocil/{token}").status_code == 404
    assert disliked(app) == []


def test_a_foreign_page_cannot_press_the_button(app, cast):
    path = f"/brez-sporocil/{_token(app, 'new-invoice', cast.ana.id)}"
    answer = app.test_client().post(path, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert disliked(app) == []


def test_the_link_signs_nobody_in(app, cast):
    client = app.test_client()
    client.post(f"/brez-sporocil/{_token(app, 'new-invoice', cast.ana.id)}")
    assert client.get("/").location.startswith("/prijava")


def checked(html):
    return [kind for kind in CHOICES if f'value="{kind}" checked' in html]


def test_in_the_profile_letters_are_switched_off_and_on(app, ana, cast):
    assert checked(ana.html("/profil/sporocila")) == list(CHOICES)
    assert "some are switched off" not in ana.html("/profil")
    for wanted in (["invoice-due"], [], ["new-invoice", "payment-booked"], list(CHOICES)):
        answer = ana.client.post("/profil/sporocila", data={"wanted": wanted})
        assert answer.status_code == 303
        assert checked(ana.html("/profil/sporocila")) == wanted
        off = [(cast.ana.id, kind) for kind in CHOICES if kind not in wanted]
        assert disliked(app) == sorted(off)
        assert ("some are switched off" in ana.html("/profil")) == bool(off)


def test_what_cannot_be_chosen_is_not_kept(app, ana, cast):
    ana.client.post("/profil/sporocila", data={"wanted": ["password-changed", "'", *CHOICES]})
    assert disliked(app) == []


def test_one_persons_choice_is_not_anothers(app, ana, cast, mine, batch, told):
    link(ana, cast.bojan, mine)
    ana.client.post("/profil/sporocila", data={"wanted": []})
    ana.bill(mine, "R1", batch_id=batch)
    assert told() == [("new-invoice", "bojan@primer.si")]


def test_switched_off_by_the_link_no_letter_comes_until_it_is_on_again(
    app, ana, cast, mine, batch, told
):
    path = f"/brez-sporocil/{_token(app, 'new-invoice', cast.ana.id)}"
    app.test_client().post(path)
    ana.bill(mine, "R1", batch_id=batch)
    assert told() == []
    ana.client.post("/profil/sporocila", data={"wanted": list(CHOICES)})
    assert told() == NEW


def test_entries_of_a_ledger_are_no_payments_of_the_bank(ana, mine, batch, told):
    ana.book(mine, -500, date(2026, 11, 20), batch_id=batch)
    with ana.books():
        assert db.session.scalar(select(LedgerEntry.payment_id)) is None
    assert told() == []


def test_the_link_of_an_account_that_is_gone_changes_nothing(app):
    with app.app_context():
        token = unsubscribe_token(999, "new-invoice")
    assert app.test_client().post(f"/brez-sporocil/{token}").status_code == 200
    with app.app_context():
        assert db.session.scalars(select(UnwantedMail)).all() == []


def test_pressing_twice_is_once(app, ana, cast):
    with app.app_context():
        token = unsubscribe_token(cast.ana.id, "new-invoice")
    for _ in range(2):
        assert app.test_client().post(f"/brez-sporocil/{token}").status_code == 200
    with app.app_context():
        assert [one.kind for one in db.session.scalars(select(UnwantedMail))] == ["new-invoice"]


def test_nobody_is_reminded_of_what_came_after_the_last_statement(ana, mine):
    with ana.books():
        payments_known(date(2026, 11, 7))
    ana.bill(mine, "2026-10-1", **SOON)
    with ana.books():
        remind()
        assert db.session.scalars(select(OutboxLetter)).all() == []


# ---------------------------------------------------------------- whose invoice it is


def facts_of(app):
    with app.app_context():
        return [one.facts for one in db.session.scalars(select(OutboxLetter))]


def written(app, language="en"):
    """Subject and paragraphs of the letters in the outbox, as they are written now."""
    with app.app_context(), force_locale(language):
        found = db.session.scalars(select(OutboxLetter).order_by(OutboxLetter.id)).all()
        made = [KINDS[one.kind](one.facts) for one in found]
    return [
        (spaced(one.subject), *(spaced(paragraph) for paragraph in one.paragraphs)) for one in made
    ]


@pytest.mark.parametrize(
    ("points", "place", "more"),
    [
        ("", "Lipova ulica 7", 0),
        ("\nOM-01\n", "Lipova ulica 01", 0),
        ("\nOM-01\n\nOM-9\n", "Lipova ulica 01, Zelena pot 9", 1),
        ("\nunknown\n", "Lipova ulica 7", 0),
        # Somebody else's supply point says nothing of theirs.
        ("\nOM-02\n", "Lipova ulica 7", 0),
    ],
)
def test_the_place_is_the_supply_point_or_the_customers_address(
    app, ana, mine, batch, told, points, place, more
):
    with ana.books():
        point = SupplyPoint(number="OM-9", street="Zelena pot 9")
        db.session.add(point)
        db.session.flush()
        db.session.add(Occupancy(supply_point_id=point.id, customer_id=mine))
    ana.bill(mine, "R1", batch_id=batch, supply_points=points)
    told()
    (facts,) = facts_of(app)
    assert (facts["place"], facts["more_places"]) == (place.partition(",")[0], more)
    ((subject, first, _),) = written(app)
    shown = "Lipova ulica 01 and 1 more supply point" if more else place
    assert subject == f"Invoice R1, Stranka 1, {shown}: 10,27 €, pay by November 28"
    assert first == f"Your new invoice is ready: R1, Stranka 1, {shown}."


def test_more_places_are_counted_in_slovenian(app, ana, mine, batch, told):
    ana.bill(mine, "R1", batch_id=batch)
    told()
    change(ana, OutboxLetter, facts=facts_of(app)[0] | {"more_places": 2})
    assert "Lipova ulica 7 in še 2 odjemni mesti" in written(app, "sl")[0][0]


def test_who_pays_for_two_is_told_whose_each_invoice_is(app, ana, cast, mine, batch, told):
    link(ana, cast.ana, cast.bojans_customer)
    ana.bill(mine, "R1", batch_id=batch)
    ana.bill(cast.bojans_customer, "R2", batch_id=batch)
    told()
    assert [one[0].partition(":")[0] for one in written(app) if "R2" in one[0]] == [
        "Invoice R2, Stranka 2, Lipova ulica 7",
        "Invoice R2, Stranka 2, Lipova ulica 7",
    ]


def test_a_letter_that_leaves_late_asks_for_no_day_in_the_past(app, ana, mine, batch, told, today):
    ana.bill(mine, "R1", batch_id=batch)
    told()
    today.move_to(datetime(2026, 11, 28, 12, tzinfo=UTC))
    assert written(app)[0][2] == "Pay 10,27 € today."
    today.move_to(datetime(2026, 11, 29, 12, tzinfo=UTC))
    ((subject, _, asked),) = written(app)
    assert subject == "Invoice R1, Stranka 1, Lipova ulica 7: 10,27 €"
    assert asked == (
        "The due day was November 28; payments are not known yet. "
        "If you have not paid the 10,27 € yet, pay as soon as you can."
    )


def test_an_invoice_that_comes_late_is_told_of_with_what_is_known(app, ana, mine, batch, told):
    with ana.books():
        payments_known(date(2026, 10, 31))
    ana.bill(mine, "R1", batch_id=batch, due_on=date(2026, 11, 15))
    told()
    assert written(app, "sl")[0][2] == (
        "Rok je bil 15. novembra; plačila poznamo do 31. oktobra. "
        "Če 10,27 € še niste plačali, plačajte čim prej."
    )


def test_a_letter_queued_before_it_named_the_customer_is_still_written(app, ana, mine, batch, told):
    ana.bill(mine, "R1", batch_id=batch)
    pay(ana, mine, batch, cents=-100)
    told()
    new = ("customer_name", "place", "more_places", "known_until")
    with ana.books():
        for one in db.session.scalars(select(OutboxLetter)):
            one.facts = {name: fact for name, fact in one.facts.items() if name not in new}
    invoice, payment = written(app)
    assert invoice[:2] == (
        "Invoice R1: 9,27 €, pay by November 28",
        "Your new invoice is ready: R1.",
    )
    assert payment == (
        "We have received your payment of 1,00 €",
        "On November 20, 2026 we received your payment. Thank you.",
    )


def test_the_number_of_an_invoice_is_named_exactly(app, ana, mine, batch, told):
    ana.bill(mine, "R.2026.10", batch_id=batch)
    told()
    assert written(app)[0][0].startswith("Invoice R.2026.10, Stranka 1")
