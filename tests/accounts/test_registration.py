"""From the form to an access that works, and nothing told on the way."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from mojupravljalec.accounts.actions import FORMS_PER_ADDRESS, clear_links
from mojupravljalec.accounts.models import Account, MailLink
from mojupravljalec.extensions import db
from mojupravljalec.throttle.actions import book

from .conftest import english, told

NEW = {
    "email": "dana@primer.si",
    "first_name": "Dana",
    "last_name": "Kos",
    "password": "zelena breza 8",
    "again": "zelena breza 8",
}


FORMS_FOR_ANYBODY = {
    "/registracija": NEW,
    "/aktivacija/novo-sporocilo": {},
    "/pozabljeno-geslo": {},
}


def register(client, **other):
    return client.post("/registracija", data=NEW | other)


def sign_in(client, email=NEW["email"], password=NEW["password"]):
    return client.post("/prijava", data={"email": email, "password": password})


@pytest.fixture
def letter(client, letters):
    """Dana has registered: the facts of the letter that she got."""
    assert register(client).status_code == 303
    (found,) = letters()
    assert (found.kind, found.to_address) == ("activation", "dana@primer.si")
    return found.facts


def test_from_the_form_to_the_customer_code(app, client, letter, row):
    assert sign_in(client).status_code == 422
    page = client.get(letter["path"])
    assert page.status_code == 200
    assert row(Account).activated_at is None
    done = client.post(letter["path"])
    assert (done.status_code, done.location) == (303, "/prijava")
    assert "Your access is active" in client.get("/prijava").text
    assert sign_in(client).location == "/"
    assert client.get("/").location == "/prikljuci-stranko"
    assert "This is your first sign-in" in client.get("/prikljuci-stranko").text


def test_registering_leads_to_the_page_for_the_code_with_the_address_filled_in(client):
    assert register(client).location == "/aktivacija"
    page = client.get("/aktivacija").text
    assert "We sent a letter to dana@primer.si" in page
    assert 'value="dana@primer.si"' in page


PAGES_BEFORE_SIGNING_IN = [
    "/aktivacija",
    "/prijava",
    "/aktivacija/novo-sporocilo",
    "/pozabljeno-geslo",
    "/registracija",
]


@pytest.mark.parametrize("path", PAGES_BEFORE_SIGNING_IN)
@pytest.mark.parametrize("form", ["/registracija", "/aktivacija/novo-sporocilo"])
def test_the_next_person_on_the_phone_is_not_offered_the_address(client, form, path):
    client.post(form, data=NEW)
    client.get("/aktivacija")
    assert "dana@primer.si" not in client.get(path).text
    with client.session_transaction() as session:
        assert "dana@primer.si" not in str(dict(session))


def test_an_address_that_was_never_shown_is_not_offered_later(client, clock):
    register(client)
    clock.shift(timedelta(minutes=1))
    assert "dana@primer.si" not in client.get("/aktivacija").text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_mail_scanner_activates_nobody(client, letter, row, method):
    for _ in range(3):
        assert client.open(letter["path"], method=method).status_code == 200
    assert row(Account).activated_at is None
    assert row(MailLink).used_at is None


def test_the_link_works_in_another_browser_and_after_a_sign_in_in_between(browser, cast, letter):
    other = browser(cast.bojan)
    assert other.get("/profil").status_code == 200
    assert other.post(letter["path"]).status_code == 303
    assert sign_in(browser()).status_code == 303


def test_the_language_of_the_browser_is_the_language_of_the_letter(browser, letters):
    for language in ("en", "sl"):
        browser().post(
            "/registracija",
            data=NEW | {"email": f"{language}@primer.si"},
            headers={"Accept-Language": language},
        )
    assert [letter.language for letter in letters()] == ["en", "sl"]


# ---------------------------------------------------------------- the code


@pytest.mark.parametrize("shape", ["{}", " {} ", "{:.3} {:.6}"])
def test_the_six_digits_activate(client, letter, row, shape):
    code = letter["code"]
    typed = f"{code[:3]} {code[3:]}" if "." in shape else shape.format(code)
    answer = client.post("/aktivacija", data={"email": "DANA@primer.si", "code": typed})
    assert (answer.status_code, answer.location) == (303, "/prijava")
    assert row(Account).activated_at


def wrong_of(code):
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_wrong_code_is_said_at_its_field_and_stays_in_it(client, letter, row):
    wrong = wrong_of(letter["code"])
    answer = client.post("/aktivacija", data={"email": "dana@primer.si", "code": wrong})
    assert answer.status_code == 422
    assert "This code does not fit" in answer.text
    assert f'value="{wrong}"' in answer.text
    assert row(Account).activated_at is None


def test_five_wrong_codes_kill_the_code_but_not_the_link(client, letter, row):
    code = letter["code"]
    for _ in range(5):
        client.post("/aktivacija", data={"email": "dana@primer.si", "code": wrong_of(code)})
    answer = client.post("/aktivacija", data={"email": "dana@primer.si", "code": code})
    assert answer.status_code == 422
    assert row(Account).activated_at is None
    assert client.post(letter["path"]).status_code == 303
    assert row(Account).activated_at


def test_four_wrong_codes_leave_one_try(client, letter):
    code = letter["code"]
    for _ in range(4):
        client.post("/aktivacija", data={"email": "dana@primer.si", "code": wrong_of(code)})
    answer = client.post("/aktivacija", data={"email": "dana@primer.si", "code": code})
    assert answer.status_code == 303


def test_the_code_of_one_person_is_not_the_code_of_another(client, letter, cast, row):
    answer = client.post("/aktivacija", data={"email": cast.ana.email, "code": letter["code"]})
    assert answer.status_code == 422
    assert row(Account, email="dana@primer.si").activated_at is None


def test_codes_are_limited_for_an_address_too(client, letter):
    form = {"email": "nobody@primer.si", "code": "000000"}
    for _ in range(30):
        assert client.post("/aktivacija", data=form).status_code == 422
    late = client.post("/aktivacija", data={"email": "dana@primer.si", "code": letter["code"]})
    assert late.status_code == 429
    assert "There were too many attempts" in late.text
    assert f'value="{letter["code"]}"' in late.text


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef"])
def test_what_is_no_code_is_not_compared(client, letter, row, code):
    answer = client.post("/aktivacija", data={"email": "dana@primer.si", "code": code})
    assert answer.status_code == 422
    assert row(MailLink).wrong_codes == 0


def test_the_code_is_not_kept_as_it_is(letter, row):
    assert letter["code"] not in row(MailLink).code_hash


# ---------------------------------------------------------------- links that are over


def over(answer, says, leads_to):
    assert answer.status_code == 410
    assert says in answer.text
    assert f'class="btn" href="{leads_to}"' in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_used_link_says_so_and_leads_on(client, letter, method):
    client.post(letter["path"])
    over(client.open(letter["path"], method=method), "The link was used already", "/")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_old_link_says_so_and_leads_on(client, letter, clock, row, method):
    clock.shift(timedelta(days=3))
    answer = client.open(letter["path"], method=method)
    over(answer, "The link is too old", "/aktivacija/novo-sporocilo")
    assert row(Account).activated_at is None


def test_a_link_works_to_the_last_second(client, letter, clock):
    clock.shift(timedelta(days=3) - timedelta(seconds=1))
    assert client.post(letter["path"]).status_code == 303


def test_an_old_code_works_no_more(client, letter, clock):
    clock.shift(timedelta(days=3))
    form = {"email": "dana@primer.si", "code": letter["code"]}
    assert client.post("/aktivacija", data=form).status_code == 422


def test_a_new_letter_kills_the_link_and_the_code_of_the_old_one(client, letter, letters, row):
    again = client.post("/aktivacija/novo-sporocilo", data={"email": "Dana@primer.si"})
    assert (again.status_code, again.location) == (303, "/aktivacija")
    over(client.post(letter["path"]), "We sent you a newer letter", "/aktivacija/novo-sporocilo")
    _, newer = letters()
    assert newer.kind == "activation"
    if newer.facts["code"] != letter["code"]:
        form = {"email": "dana@primer.si", "code": letter["code"]}
        assert client.post("/aktivacija", data=form).status_code == 422
    assert row(Account).activated_at is None
    assert client.post(newer.facts["path"]).status_code == 303


def test_asking_for_a_new_letter_when_active_gives_the_letter_for_a_known_address(
    client, cast, letters
):
    client.post("/aktivacija/novo-sporocilo", data={"email": cast.ana.email})
    assert [(one.kind, one.to_address) for one in letters()] == [("known-address", cast.ana.email)]


def test_four_letters_an_hour_go_to_one_address_and_the_answer_stays_the_same(
    client, letter, letters, clock
):
    answers = [
        client.post("/aktivacija/novo-sporocilo", data={"email": "dana@primer.si"})
        for _ in range(6)
    ]
    assert {answer.status_code for answer in answers} == {303}
    assert len(letters()) == 4
    clock.shift(timedelta(hours=1))
    client.post("/aktivacija/novo-sporocilo", data={"email": "dana@primer.si"})
    assert len(letters()) == 5


@pytest.fixture
def spend(app):
    """Uses up all but ``left`` of the forms that an address may send."""

    def use(address, left=0):
        with app.test_request_context():
            for _ in range(FORMS_PER_ADDRESS.most - left):
                book(FORMS_PER_ADDRESS, address)
            db.session.commit()

    return use


def test_a_shared_address_has_room_for_the_day_of_the_bills(client, letters, spend):
    spend("127.0.0.1", left=1)
    assert FORMS_PER_ADDRESS.most == 300
    assert register(client).status_code == 303
    assert len(letters()) == 1


@pytest.mark.parametrize(
    "path", ["/registracija", "/aktivacija/novo-sporocilo", "/pozabljeno-geslo"]
)
def test_more_forms_an_hour_do_not_come_from_one_address(client, cast, letters, path, clock, spend):
    spend("127.0.0.1")
    late = client.post(path, data=NEW | {"email": cast.ana.email})
    assert late.status_code == 429
    assert "There were too many attempts" in late.text
    assert f'value="{cast.ana.email}"' in late.text
    assert letters() == []
    elsewhere = client.post(path, data=NEW, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 303
    clock.shift(timedelta(hours=1))
    assert client.post(path, data=NEW).status_code == 303


def test_neighbours_in_one_network_of_ipv6_are_one_address(client, spend):
    spend("2001:db8:1:2::/64", left=3)
    for number in range(3):
        client.post(
            "/pozabljeno-geslo",
            data={"email": f"somebody{number}@primer.si"},
            environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{number:x}"},
        )
    for address, status in ("2001:db8:1:2:ffff::1", 429), ("2001:db8:1:3::1", 303):
        answer = client.post(
            "/pozabljeno-geslo",
            data={"email": "dana@primer.si"},
            environ_base={"REMOTE_ADDR": address},
        )
        assert answer.status_code == status


def test_callers_of_ipv4_are_told_apart_where_ipv6_carries_them(client, spend):
    spend("192.0.2.7", left=3)
    for number in range(3):
        client.post(
            "/pozabljeno-geslo",
            data={"email": f"somebody{number}@primer.si"},
            environ_base={"REMOTE_ADDR": "::ffff:192.0.2.7"},
        )
    for address, status in ("192.0.2.7", 429), ("::ffff:192.0.2.8", 303):
        answer = client.post(
            "/pozabljeno-geslo",
            data={"email": "dana@primer.si"},
            environ_base={"REMOTE_ADDR": address},
        )
        assert answer.status_code == status


# ---------------------------------------------------------------- a known address


def test_registering_a_known_address_mails_its_owner_and_changes_nothing(
    client, cast, letters, row
):
    before = row(Account, email=cast.ana.email)
    answer = register(client, email="ANA@primer.si")
    assert answer.status_code == 303
    (letter,) = letters()
    assert (letter.kind, letter.to_address) == ("known-address", cast.ana.email)
    assert letter.facts["first_name"] == "Ana"
    after = row(Account, email=cast.ana.email)
    for name in ("first_name", "last_name", "password_hash", "activated_at", "email"):
        assert getattr(after, name) == getattr(before, name)
    assert row(Account, first_name="Dana") is None
    assert client.get(letter.facts["path"]).status_code == 200


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("dana@primer.si", "DANA@Primer.SI"),
        ("dana@žaga.si", "dana@xn--aga-b3a.si"),
        ("Dana@XN--AGA-B3A.si", "dana@ŽAGA.si"),
    ],
)
def test_an_address_is_one_however_it_is_written(client, letters, first, second):
    register(client, email=first)
    client.post(letters()[0].facts["path"])
    assert register(client, email=second).status_code == 303
    assert [letter.kind for letter in letters()] == ["activation", "known-address"]
    assert sign_in(client, email=second).status_code == 303


@pytest.fixture
def unactivated(app, cast):
    """Bojan has registered, but not activated yet."""
    with app.app_context():
        db.session.execute(
            update(Account).where(Account.id == cast.bojan.id).values(activated_at=None)
        )
        db.session.commit()
    return cast.bojan


@pytest.mark.parametrize("path", FORMS_FOR_ANYBODY)
def test_the_answer_does_not_tell_who_is_known(browser, cast, unactivated, path):
    """Neither the status nor a header, a cookie, the page after it, nor a word of it."""
    heard = []
    for address in ("nobody@primer.si", cast.ana.email, unactivated.email):
        client = english(browser())
        answer = client.post(path, data=FORMS_FOR_ANYBODY[path] | {"email": address})
        after = client.get(answer.location)
        heard.append((told(answer, address), told(after, address)))
    assert heard[0] == heard[1] == heard[2]


EQUAL = {
    "INSERT throttle_window": 2,
    "UPDATE throttle_window": 2,
    "INSERT audit_entry": 1,
    "UPDATE mail_link": 1,
    "INSERT mail_link": 1,
    "INSERT outbox_letter": 1,
}


@pytest.mark.parametrize("path", FORMS_FOR_ANYBODY)
def test_the_work_differs_by_the_account_of_a_registration_alone(
    client, cast, unactivated, writes, path
):
    for address in ("nobody@primer.si", cast.ana.email, unactivated.email):
        with writes() as seen:
            client.post(path, data=FORMS_FOR_ANYBODY[path] | {"email": address})
        of_accounts = {name for name in seen if name.endswith(" account")}
        assert Counter({name: n for name, n in seen.items() if name not in of_accounts}) == EQUAL
        assert len(of_accounts) <= (1 if path == "/registracija" else 0)


@pytest.mark.parametrize("path", [*FORMS_FOR_ANYBODY, "/prijava", "/aktivacija"])
def test_an_answer_comes_after_a_whole_number_of_steps(cast, make_app, path):
    """Real seconds, but only a least number of them: a machine that is busy cannot fail it."""
    app = make_app()
    app.config["ANSWER_STEP_S"] = 0.1
    client = english(app.test_client())
    form = NEW | {"email": "nobody@primer.si", "code": "123456"}
    begun = time.perf_counter()
    client.post(path, data=form)
    assert time.perf_counter() - begun >= 0.1


def test_links_for_addresses_that_nobody_has_are_forgotten(app, client, cast, row):
    for address in ("nobody@primer.si", cast.ana.email):
        client.post("/pozabljeno-geslo", data={"email": address})
    with app.app_context():
        clear_links()
        db.session.commit()
    assert row(MailLink).account_id == cast.ana.id


def test_old_links_are_forgotten(app, client, cast, row, clock):
    client.post("/pozabljeno-geslo", data={"email": cast.ana.email})
    clock.shift(timedelta(days=31))
    with app.app_context():
        clear_links()
        db.session.commit()
    assert row(MailLink) is None


@pytest.mark.parametrize(
    ("path", "again"),
    [
        ("/aktivacija/", "/aktivacija/novo-sporocilo"),
        ("/novo-geslo/", "/pozabljeno-geslo"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_was_cut_says_so_and_leads_on(client, path, again, method):
    answer = client.open(f"{path}WzFd.abc", method=method)
    assert answer.status_code == 404
    assert "The link is not whole" in answer.text
    assert f'class="btn" href="{again}"' in answer.text


def test_an_unknown_address_costs_a_letter_that_is_never_sent(app, client, letters):
    from sqlalchemy import select

    from mojupravljalec.mail.models import OutboxLetter

    client.post("/pozabljeno-geslo", data={"email": "nobody@primer.si"})
    assert letters() == []
    with app.app_context():
        (kept,) = db.session.scalars(select(OutboxLetter))
        assert (kept.state, kept.kind) == ("dropped", "reset")


# ---------------------------------------------------------------- what is typed


def test_names_are_cleaned(client, row, letters):
    register(
        client, first_name=" Da\N{RIGHT-TO-LEFT OVERRIDE}na\r\nBcc: x ", last_name="Kos\0\t ml."
    )
    kept = row(Account)
    assert (kept.first_name, kept.last_name) == ("Dana Bcc: x", "Kos ml.")
    assert letters()[0].facts["first_name"] == "Dana Bcc: x"


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("email", "", "Type your e-mail address."),
        ("email", "dana", "This is not an e-mail address."),
        ("email", "dana@primer.si\r\nBcc: x@y.si", "This is not an e-mail address."),
        ("first_name", "", "Type your first name."),
        ("first_name", "   ", "Type your first name."),
        ("first_name", "\N{RIGHT-TO-LEFT OVERRIDE}", "Write the name with letters."),
        ("last_name", "x" * 61, "Use at most 60 characters."),
        ("password", "", "Choose a password."),
        ("password", "abc12", "The password is too short: 1 more character is needed."),
        ("password", "ab", "The password is too short: 4 more characters are needed."),
        ("password", "x" * 129, "use at most 128 characters"),
        ("password", "123456", "Many people use this password."),
        ("password", "dana2026", "This password is easy to guess"),
        ("password", "Podgorje", "This password is easy to guess"),
        ("again", "zelena breza 9", "The two passwords differ."),
        ("again", "", "Type the password once more."),
    ],
)
def test_a_mistake_is_said_at_its_field_and_nothing_typed_is_lost(
    client, row, letters, field, text, says
):
    same = {"again": text} if field == "password" else {}
    answer = register(client, **{field: text}, **same)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'id="{field}-error"' in answer.text
    assert f'href="#{field}"' in answer.text
    for name in {"email", "first_name", "last_name", "password", "again"} - {field, *same}:
        assert f'value="{NEW[name]}"' in answer.text
    assert row(Account) is None
    assert letters() == []


def test_the_least_length_of_a_password_is_a_setting_and_stands_on_the_form(make_app):
    client = english(make_app(PASSWORD_MIN_LENGTH=14).test_client())
    assert "must have at least 14 characters" in client.get("/registracija").text
    short = {"password": "modra lipa 77", "again": "modra lipa 77"}
    assert register(client, **short).status_code == 422
    assert register(client, password="modra lipa 777", again="modra lipa 777").status_code == 303


def test_a_password_is_kept_only_as_a_hash(client, letters, row):
    register(client)
    assert row(MailLink).password_hash.startswith("$argon2id$")
    client.post(letters()[0].facts["path"])
    assert row(Account).password_hash.startswith("$argon2id$")
