"""What is done for somebody who calls, what of it is told, and what is noted."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mojupravljalec.accounts.actions import LETTERS_PER_EMAIL, SIGN_INS_PER_EMAIL
from mojupravljalec.accounts.models import Account, Device, MailLink
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.factors.actions import PROOFS_PER_ACCOUNT
from mojupravljalec.factors.models import TotpKey
from mojupravljalec.mail.letters import write
from mojupravljalec.mail.models import LetterState, OutboxLetter
from mojupravljalec.throttle.actions import Limit, book
from mojupravljalec.values import clock

from ..conftest import PASSWORD
from .conftest import change, letter, link

DAY = 86_400


@pytest.fixture
def path(cast):
    return f"/pisarna/stranke/{cast.anas_customer}"


@pytest.fixture
def ana(cast):
    """The page of Ana's access."""
    return f"/pisarna/dostopi/{cast.ana.id}"


@pytest.fixture
def post(clerk):
    """Send a form; the status, and where it leads."""

    def send(path, **data):
        answer = clerk.client.post(path, data=data)
        return answer.status_code, answer.location

    return send


@pytest.fixture
def subject(cast):
    return f"customer:{cast.anas_customer}"


@pytest.fixture
def active_links(app, cast):
    """How many links of the account to Ana's customer are in force."""

    def count(person):
        with app.app_context():
            return db.session.scalar(
                select(func.count()).where(
                    CustomerLink.account_id == person.id,
                    CustomerLink.customer_id == cast.anas_customer,
                    CustomerLink.ended_at.is_(None),
                )
            )

    return count


# ---------------------------------------------------------------- linking


def test_an_access_is_linked_and_everybody_told_once(
    clerk, cast, path, post, letters, audited, subject, active_links
):
    for _ in range(2):
        assert post(f"{path}/prikljuci", email=" CVETKA@primer.si ") == (303, path)
    assert active_links(cast.cvetka) == 1
    assert letters() == [
        ("customer-linked", cast.ana.email),
        ("linked-by-office", cast.cvetka.email),
    ]
    assert audited("customer.linked") == [(cast.clerk.id, subject, {"account": cast.cvetka.id})]
    text = clerk.words(path)
    assert "The customer is linked. We told everybody by e-mail." in text
    assert "This customer was linked already." in text


def test_whoever_is_linked_sees_the_customer(browser, cast, path, post):
    post(f"{path}/prikljuci", email=cast.cvetka.email)
    assert browser(cast.cvetka).get(f"/odjemna-mesta/{cast.anas_point}").status_code == 200


def test_somebody_who_was_unlinked_is_linked_again(cast, path, post, active_links, clerk):
    with clerk.books():
        link(cast.cvetka, cast.anas_customer, ended_at=clock.now())
    post(f"{path}/prikljuci", email=cast.cvetka.email)
    assert active_links(cast.cvetka) == 1


@pytest.mark.parametrize("email", ["nobody@primer.si", "reader@primer.si", "cvetka@primer.si"])
def test_only_a_resident_who_has_activated_is_linked(clerk, cast, path, letters, email):
    with clerk.books():
        change(cast.cvetka, activated_at=None)
    answer = clerk.client.post(f"{path}/prikljuci", data={"email": email})
    assert answer.status_code == 422
    assert "No resident has an activated access with this address." in answer.text
    assert f'value="{email}"' in answer.text
    assert letters() == []


@pytest.mark.parametrize("email", ["", "  ", "ana", "ana@", "a" * 300 + "@primer.si"])
def test_what_is_no_address_links_nobody(clerk, path, email):
    assert clerk.client.post(f"{path}/prikljuci", data={"email": email}).status_code == 422


def test_letters_of_the_office_speak_the_residents_language(app, clerk, cast, path, post):
    with clerk.books():
        change(cast.cvetka, language="en")
    post(f"{path}/prikljuci", email=cast.cvetka.email)
    with app.app_context():
        languages = dict(db.session.execute(select(OutboxLetter.kind, OutboxLetter.language)).all())
    # The clerk's page speaks English; Ana has chosen nothing.
    assert languages == {"customer-linked": "sl", "linked-by-office": "en"}


def test_both_letters_of_the_office_say_which_customer(app, cast, path, post, row):
    post(f"{path}/prikljuci", email=cast.cvetka.email)
    post(f"{path}/povezave/{row(CustomerLink, account_id=cast.cvetka.id).id}")
    for kind, subject in (
        ("linked-by-office", "Customer 01 is linked to your access"),
        ("unlinked-by-office", "Customer 01 is no longer linked to your access"),
    ):
        one = row(OutboxLetter, kind=kind)
        one.language = "en"
        with app.app_context():
            written = write(one)
        assert (written.subject, written.recipients) == (subject, [cast.cvetka.email])
        assert "Customer: Stranka 1, number 01" in written.body
        assert "If this was not your wish, call us at once" in written.body


def test_an_access_is_unlinked_at_once_and_its_owner_told(
    app, browser, clerk, cast, path, post, letters, audited, subject, active_links, row
):
    link_id = row(CustomerLink, account_id=cast.ana.id).id
    page = f"{path}/povezave/{link_id}"
    assert "You can undo it by linking the access again." in clerk.words(page)
    assert post(page) == (303, path)
    assert active_links(cast.ana) == 0
    assert browser(cast.ana).get(f"/odjemna-mesta/{cast.anas_point}").status_code == 404
    assert letters() == [("unlinked-by-office", cast.ana.email)]
    assert audited("customer.unlinked") == [(cast.clerk.id, subject, {"account": cast.ana.id})]
    assert post(page) == (303, path)
    assert "This access was unlinked already." in clerk.words(path)
    assert len(letters()) == len(audited("customer.unlinked")) == 1


def test_a_link_is_ended_only_under_its_own_customer(clerk, cast, row):
    link_id = row(CustomerLink, account_id=cast.ana.id).id
    path = f"/pisarna/stranke/{cast.bojans_customer}/povezave/{link_id}"
    assert clerk.client.post(path).status_code == 404


# ---------------------------------------------------------------- the code


def code_of(row, cast):
    return row(Customer, id=cast.anas_customer).access_code


def test_the_code_is_shown_once_for_each_press_and_that_is_noted(
    clerk, cast, path, post, row, audited, subject
):
    code = code_of(row, cast)
    assert code not in clerk.html(path)
    assert code not in clerk.html(f"{path}/koda")
    assert post(f"{path}/koda") == (303, f"{path}/koda")
    assert code in clerk.html(f"{path}/koda")
    assert code not in clerk.html(f"{path}/koda")
    assert audited("customer.code-shown") == [(cast.clerk.id, subject, {})]


def test_the_code_of_another_customer_is_not_shown_instead(clerk, cast, path, post, row):
    post(f"{path}/koda")
    other = f"/pisarna/stranke/{cast.bojans_customer}/koda"
    assert row(Customer, id=cast.bojans_customer).access_code not in clerk.html(other)


def mark_on(clerk, path):
    return re.search(r'name="mark"[^>]* value="(\w+)"', clerk.html(f"{path}/koda/nova"))[1]


def test_a_new_code_kills_the_old_one_and_two_presses_are_one(
    app, browser, clerk, cast, path, post, row, audited, subject
):
    old, mark = code_of(row, cast), mark_on(clerk, path)
    assert post(f"{path}/koda/nova", mark=mark) == (303, f"{path}/koda")
    new = code_of(row, cast)
    assert new != old
    assert post(f"{path}/koda/nova", mark=mark) == (303, f"{path}/koda")
    assert code_of(row, cast) == new
    page = clerk.html(f"{path}/koda")
    assert new in page
    assert "The code was renewed already. Nothing more was done." in page
    assert audited("customer.code-renewed") == [(cast.clerk.id, subject, {})]
    cvetka = browser(cast.cvetka)
    assert cvetka.post("/prikljuci-stranko", data={"code": old}).status_code == 422
    assert cvetka.post("/prikljuci-stranko", data={"code": new}).status_code == 303


def test_a_button_without_its_mark_renews_nothing(cast, path, post, row):
    old = code_of(row, cast)
    assert post(f"{path}/koda/nova")[0] == 303
    assert post(f"{path}/koda/nova", mark="š")[0] == 303
    assert code_of(row, cast) == old


def test_no_code_stands_in_the_audit_the_cookie_or_a_letter(app, clerk, cast, path, post, row):
    old = code_of(row, cast)
    post(f"{path}/koda")
    post(f"{path}/koda/nova", mark=mark_on(clerk, path))
    with app.app_context():
        told = [repr(one.details) for one in db.session.scalars(select(AuditEntry))]
        told += [repr(one.facts) for one in db.session.scalars(select(OutboxLetter))]
    with clerk.client.session_transaction() as session:
        told.append(repr(dict(session)))
    for code in (old, code_of(row, cast)):
        assert not any(code in text or code.replace("-", "") in text for text in told)


# ---------------------------------------------------------------- letters that lead in


def test_who_has_activated_gets_a_link_for_a_new_password(
    clerk, browser, cast, ana, post, letters, audited
):
    assert "a link for a new password" in clerk.words(f"{ana}/pismo")
    assert post(f"{ana}/pismo") == (303, ana)
    assert letters() == [("reset", cast.ana.email)]
    assert audited("account.letter-asked") == [(cast.clerk.id, f"account:{cast.ana.id}", {})]


def test_who_has_not_gets_the_activation_again_and_the_old_link_dies(
    app, clerk, cast, ana, post, letters
):
    with clerk.books():
        change(cast.ana, activated_at=None)
    assert "activate the access" in clerk.words(f"{ana}/pismo")
    for _ in range(2):
        assert post(f"{ana}/pismo") == (303, ana)
    assert letters() == [("activation", cast.ana.email)] * 2
    with app.app_context():
        first, second = db.session.scalars(select(MailLink).order_by(MailLink.id)).all()
    assert (first.replaced_at is None, second.replaced_at is None) == (False, True)


def test_nobody_is_flooded_with_letters(clerk, ana, post, letters):
    for _ in range(4):
        post(f"{ana}/pismo")
    answer = clerk.client.post(f"{ana}/pismo")
    assert answer.status_code == 429
    assert "Several letters were sent to this address lately." in answer.text
    assert len(letters()) == 4
    post(f"{ana}/zapora")
    assert post(f"{ana}/pismo") == (303, ana)


# ---------------------------------------------------------------- another address


NEW = {"email": "ana.nova@primer.si", "reason": "izgubljen predal, osebna izkaznica"}


def test_a_new_address_counts_at_once_and_leads_back_in(
    app, browser, clerk, cast, ana, post, letters, audited, row
):
    phone = browser(cast.ana)
    phone.post("/pozabljeno-geslo", data={"email": cast.ana.email})
    assert post(f"{ana}/naslov", **NEW) == (303, ana)
    account = row(Account, id=cast.ana.id)
    assert (account.email, account.email_key) == (NEW["email"], NEW["email"])
    assert letters()[-2:] == [("email-changed", cast.ana.email), ("reset", NEW["email"])]
    assert phone.get("/profil").status_code == 303
    assert audited("account.email-changed") == [
        (
            cast.clerk.id,
            f"account:{cast.ana.id}",
            {"old": cast.ana.email, "new": NEW["email"], "reason": NEW["reason"]},
        )
    ]
    with app.app_context():
        links = db.session.scalars(select(MailLink).order_by(MailLink.id)).all()
    assert [one.replaced_at is None for one in links] == [False] * (len(links) - 1) + [True]
    assert links[-1].asked_for == NEW["email"]


def test_the_old_password_signs_in_with_the_new_address_only(browser, cast, ana, post):
    post(f"{ana}/naslov", **NEW)
    for email, status in ((cast.ana.email, 422), (NEW["email"], 303)):
        form = {"email": email, "password": PASSWORD}
        assert browser().post("/prijava", data=form).status_code == status


def test_somebody_who_mistyped_the_address_gets_the_activation(clerk, cast, ana, post, letters):
    with clerk.books():
        change(cast.ana, activated_at=None)
    post(f"{ana}/naslov", **NEW)
    assert letters() == [("email-changed", cast.ana.email), ("activation", NEW["email"])]


def test_the_second_press_finds_the_address_taken_and_changes_nothing(clerk, ana, letters):
    answers = [clerk.client.post(f"{ana}/naslov", data=NEW) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 422]
    assert len(letters()) == 2


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"email": "Bojan@Primer.si"}, "This address has an access already."),
        ({"email": "reader@primer.si"}, "This address has an access already."),
        ({"email": "nowhere"}, "This is not an e-mail address."),
        ({"email": ""}, "Type the e-mail address."),
        ({"reason": "  "}, "Write why, and how you know who is calling."),
    ],
)
def test_a_taken_address_or_no_reason_changes_nothing(
    clerk, cast, ana, row, letters, form, sentence
):
    answer = clerk.client.post(f"{ana}/naslov", data={**NEW, **form})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert row(Account, id=cast.ana.id).email == cast.ana.email
    assert letters() == []


@pytest.mark.parametrize("page", ["naslov", "dvojna-prijava"])
def test_what_weighs_most_asks_for_the_password_again(clerk, today, ana, page, letters):
    today.shift(timedelta(minutes=16))
    for answer in (clerk.client.get(f"{ana}/{page}"), clerk.client.post(f"{ana}/{page}", data=NEW)):
        assert answer.status_code == 303
        assert "next=" in answer.location
    assert letters() == []


# ---------------------------------------------------------------- signing out, locks, proofs


def test_everything_is_signed_out(browser, cast, ana, post, audited):
    devices = [browser(cast.ana) for _ in range(2)]
    bojan = browser(cast.bojan)
    for _ in range(2):
        assert post(f"{ana}/odjava") == (303, ana)
    assert [one.get("/profil").status_code for one in devices] == [303, 303]
    assert bojan.get("/profil").status_code == 200
    subject = f"account:{cast.ana.id}"
    assert audited("account.signed-out-everywhere") == [
        (cast.clerk.id, subject, {"devices": 2}),
        (cast.clerk.id, subject, {"devices": 0}),
    ]


def test_locks_are_shown_and_opened(app, browser, clerk, cast, ana, post, audited):
    codes = Limit("code-account", app.config["CODES_PER_ACCOUNT"], DAY)
    with app.test_request_context():
        for limit, who in (
            (SIGN_INS_PER_EMAIL, cast.ana.email),
            (LETTERS_PER_EMAIL, cast.ana.email),
            (PROOFS_PER_ACCOUNT, str(cast.ana.id)),
            (codes, str(cast.ana.id)),
        ):
            for _ in range(limit.most):
                book(limit, who)
        db.session.commit()
    locked = browser(cast.ana)
    assert locked.post("/prikljuci-stranko", data={"code": cast.free_code}).status_code == 429
    text = clerk.words(ana)
    for what in ("passwords", "second proofs", "customer codes"):
        assert f"locked: too many wrong {what}" in text
    for _ in range(2):
        assert post(f"{ana}/zapora") == (303, ana)
    assert "locked:" not in clerk.words(ana)
    assert locked.post("/prikljuci-stranko", data={"code": cast.free_code}).status_code == 303
    form = {"email": cast.ana.email, "password": PASSWORD}
    assert browser().post("/prijava", data=form).status_code == 303
    assert audited("account.lock-opened") == [(cast.clerk.id, f"account:{cast.ana.id}", {})] * 2


def test_two_step_sign_in_is_turned_off_once(app, browser, clerk, cast, ana, post, row, letters):
    with clerk.books():
        moment = clock.now()
        change(cast.ana, factor_since=moment)
        db.session.add(
            TotpKey(
                account_id=cast.ana.id, secret="A", made_at=clock.now(), confirmed_at=clock.now()
            )
        )
    for _ in range(2):
        assert post(f"{ana}/dvojna-prijava") == (303, ana)
    assert row(Account, id=cast.ana.id).factor_since is None
    assert row(TotpKey, account_id=cast.ana.id) is None
    assert letters() == [("factor-changed", cast.ana.email)]
    assert row(AuditEntry, event="factor.reset").account_id == cast.clerk.id
    assert (
        row(Device, account_id=cast.ana.id) is None or row(Device, account_id=cast.ana.id).ended_at
    )


# ---------------------------------------------------------------- letters again


def test_a_refused_letter_is_tried_again_at_once_and_once(clerk, cast, post, row, audited):
    with clerk.books():
        one = letter(
            "ana@primer.si",
            at=clock.now() - timedelta(days=2),
            state=LetterState.FAILED,
            last_error="550",
            tries=4,
        )
    page = f"/pisarna/sporocila/{one}"
    assert "Try again" in clerk.words(page)
    for _ in range(2):
        assert post(page) == (303, page)
    kept = row(OutboxLetter, id=one)
    assert (kept.state, kept.next_try_at) == (LetterState.QUEUED, clock.now())
    assert audited("letter.tried-again") == [
        (cast.clerk.id, f"letter:{one}", {"old": "failed", "new": "queued"})
    ]
    text = clerk.words(page)
    assert "The letter is queued and leaves at once." in text
    assert "This letter cannot be tried again now." in text
    assert "Try again" not in text


@pytest.mark.parametrize(
    "fields",
    [
        {"state": LetterState.SENT, "sent_at": None},
        {"state": LetterState.QUEUED},
        {"state": LetterState.FAILED, "facts": {}},
    ],
)
def test_other_letters_are_not_tried_again(clerk, post, row, fields):
    with clerk.books():
        one = letter("ana@primer.si", **fields)
    assert post(f"/pisarna/sporocila/{one}")[0] == 303
    assert row(OutboxLetter, id=one).state == fields["state"]


# ---------------------------------------------------------------- who may


def test_nobody_but_clerk_and_operator_changes_anything(
    app, browser, cast, path, ana, letters, row
):
    link_id = row(CustomerLink, account_id=cast.ana.id).id
    for person, status in ((cast.reader, 403), (cast.bojan, 404), (cast.ana, 404)):
        client = browser(person)
        for page, form in (
            (f"{path}/prikljuci", {"email": cast.cvetka.email}),
            (f"{path}/povezave/{link_id}", {}),
            (f"{path}/koda", {}),
            (f"{path}/koda/nova", {}),
            (f"{ana}/pismo", {}),
            (f"{ana}/naslov", NEW),
            (f"{ana}/odjava", {}),
            (f"{ana}/zapora", {}),
            (f"{ana}/dvojna-prijava", {}),
        ):
            assert client.post(page, data=form).status_code == status, (person.email, page)
    assert letters() == []


def test_a_form_without_its_token_changes_nothing(browser, cast, make_app, path, ana, letters):
    client = browser(cast.clerk, make_app(csrf=True))
    for page in (f"{path}/prikljuci", f"{path}/koda", f"{path}/koda/nova", f"{ana}/pismo"):
        assert client.post(page, data={"email": cast.cvetka.email}).status_code == 422
    assert letters() == []
