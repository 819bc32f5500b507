"""Signing in and out: devices, limits, where one is led, and nothing told to strangers."""

from collections import Counter
from datetime import timedelta
from unicodedata import normalize

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from mojupravljalec.accounts import passwords
from mojupravljalec.accounts.models import Account, Device
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.extensions import db

from ..conftest import PASSWORD
from ..site.places import rows_of
from .conftest import english, told

WRONG = "not the password"
NEW = {"password": "zelena breza 8", "again": "zelena breza 8"}
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) Chrome/131.0 Mobile Safari/537.36"


def sign_in(client, email="ana@primer.si", password=PASSWORD, **more):
    return client.post("/prijava", data={"email": email, "password": password}, **more)


@pytest.mark.parametrize("email", ["ana@primer.si", "ANA@Primer.SI", "  ana@primer.si "])
def test_ana_signs_in_however_she_writes_her_address(client, cast, email):
    answer = sign_in(client, email)
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/").status_code == 200
    assert client.get("/profil").status_code == 200


@pytest.fixture
def storm():
    """So many sign in at this moment that nobody else may wait for a hash."""
    places = iter(lambda: passwords._queue.acquire(blocking=False), False)
    taken = sum(1 for _ in places)
    yield
    passwords._queue.release(taken)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/prijava", {"email": "ana@primer.si", "password": PASSWORD}),
        (
            "/registracija",
            {"email": "dana@primer.si", "first_name": "Dana", "last_name": "Kos"} | NEW,
        ),
        ("/profil/geslo", {"old_password": PASSWORD} | NEW),
        ("/profil/naslov", {"new_email": "anja@primer.si", "email_password": PASSWORD}),
    ],
)
def test_in_a_storm_the_form_comes_back_and_nothing_counts(app, browser, cast, storm, path, form):
    client = english(browser(cast.ana if "profil" in path else None))
    before = rows_of(app)
    answer = client.post(path, data=form)
    assert answer.status_code == 429
    assert "Many people sign in at this moment." in answer.text
    for name in {"email", "first_name", "new_email"} & set(form):
        assert f'value="{form[name]}"' in answer.text
    assert rows_of(app) == before


def test_a_password_may_be_pasted_with_any_signs(app, client, cast):
    with app.app_context():
        odd = passwords.hash_password("  žabja noga 🐸 <&> ")
        db.session.execute(update(Account).values(password_hash=odd))
        db.session.commit()
    assert sign_in(client, password="žabja noga 🐸 <&>").status_code == 422
    assert sign_in(client, password="  žabja noga 🐸 <&> ").status_code == 303


@pytest.mark.parametrize(
    ("asked", "goal"),
    [
        ("/odjemna-mesta/7?vse=1", "/odjemna-mesta/7?vse=1"),
        ("/prikljuci-stranko", "/prikljuci-stranko"),
        ("/", "/"),
    ],
)
def test_one_is_led_back_to_where_one_wanted(client, cast, asked, goal):
    page = client.get(asked)
    assert page.status_code == 303
    assert "You must sign in to open the requested page." in client.get(page.location).text
    answer = client.post(page.location, data={"email": cast.ana.email, "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, goal)


def test_the_goal_outlives_a_mistake(client, cast):
    url = "/prijava?next=/profil"
    wrong = client.post(url, data={"email": cast.ana.email, "password": WRONG})
    assert wrong.status_code == 422
    assert 'action="' not in wrong.text.split("<main", 1)[1]  # the form goes to the same address
    answer = client.post(url, data={"email": cast.ana.email, "password": PASSWORD})
    assert answer.location == "/profil"


def test_who_is_signed_in_is_led_on_from_the_sign_in_page(client, cast):
    sign_in(client)
    assert client.get("/prijava?next=/profil").location == "/profil"
    assert client.get("/prijava").location == "/"


# ---------------------------------------------------------------- nothing is told


@pytest.fixture
def unactivated(app, cast):
    with app.app_context():
        db.session.execute(
            update(Account).where(Account.id == cast.bojan.id).values(activated_at=None)
        )
        db.session.commit()
    return cast.bojan


def test_a_wrong_pair_is_answered_alike_for_everybody(browser, cast, unactivated):
    heard = []
    for address, password in (
        ("nobody@primer.si", WRONG),
        ("nobody@primer.si", PASSWORD),
        (cast.ana.email, WRONG),
        (unactivated.email, WRONG),
        (unactivated.email, PASSWORD),
        ("not an address", WRONG),
    ):
        answer = sign_in(english(browser()), address, password)
        assert answer.status_code == 422
        heard.append(told(answer, address))
    assert all(one == heard[0] for one in heard)


def test_a_wrong_pair_costs_the_same_writes_for_everybody(client, cast, unactivated, writes):
    for address in ("nobody@primer.si", cast.ana.email, unactivated.email):
        with writes() as seen:
            sign_in(client, address, WRONG)
        assert seen == Counter(
            {"INSERT throttle_window": 2, "UPDATE throttle_window": 2, "INSERT audit_entry": 1}
        )


def test_a_wrong_pair_keeps_the_address_and_not_the_password(client, cast):
    answer = sign_in(client, cast.ana.email, WRONG)
    assert f'value="{cast.ana.email}"' in answer.text
    assert WRONG not in answer.text


def test_a_refusal_and_a_success_are_in_the_audit_without_the_password(app, client, cast, row):
    sign_in(client, password=WRONG)
    sign_in(client)
    refused = row(AuditEntry, event="account.sign-in-refused")
    assert (refused.account_id, refused.address) == (cast.ana.id, "127.0.0.1")
    assert row(AuditEntry, event="account.signed-in").account_id == cast.ana.id
    assert WRONG not in str(vars(refused))


@pytest.mark.parametrize(
    ("email", "password", "field"), [("", PASSWORD, "email"), ("ana@primer.si", "", "password")]
)
def test_an_empty_field_is_said_at_the_field(client, cast, email, password, field):
    answer = sign_in(client, email, password)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize("email", ["ana@primer.si", "nobody@primer.si"])
def test_ten_wrong_ones_in_a_quarter_and_the_right_one_waits_too(client, cast, email, clock):
    for _ in range(10):
        assert sign_in(client, email.upper(), WRONG).status_code == 422
    late = sign_in(client, email)
    assert late.status_code == 429
    assert "There were too many attempts. Try again in 15 minutes." in late.text
    assert f'value="{email}"' in late.text
    assert PASSWORD not in late.text
    clock.shift(timedelta(minutes=15))
    assert sign_in(client, cast.ana.email).status_code == 303


def test_after_a_success_the_browser_may_mistype_again(client, cast):
    for _ in range(9):
        sign_in(client, password=WRONG)
    assert sign_in(client).status_code == 303
    for _ in range(10):
        assert sign_in(client, password=WRONG).status_code == 422


def test_a_hundred_in_a_quarter_from_one_address(app, client, cast, clock):
    from mojupravljalec.accounts.actions import SIGN_INS_PER_ADDRESS
    from mojupravljalec.throttle.actions import book

    with app.test_request_context():
        for _ in range(100):
            book(SIGN_INS_PER_ADDRESS, "127.0.0.1")
        db.session.commit()
    assert sign_in(client).status_code == 429
    assert sign_in(client, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 303
    clock.shift(timedelta(minutes=15))
    assert sign_in(client).status_code == 303


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_no_header_makes_another_address_without_a_trusted_proxy(client, cast, row, header):
    sign_in(client, password=WRONG, headers={header: "192.0.2.7"})
    assert row(AuditEntry).address == "127.0.0.1"


def test_behind_one_proxy_only_its_own_word_counts(make_app, cast, row):
    client = make_app(PROXIES=1).test_client()
    sign_in(client, password=WRONG, headers={"X-Forwarded-For": "203.0.113.9, 192.0.2.7"})
    assert row(AuditEntry).address == "192.0.2.7"


# ---------------------------------------------------------------- devices


def test_a_device_has_a_name_and_a_secret_of_its_own(client, cast, row):
    sign_in(client, headers={"User-Agent": ANDROID})
    device = row(Device)
    assert device.name == "Chrome, Android"
    assert len(device.secret) >= 32
    assert "Chrome, Android" in client.get("/profil").text


def test_signing_in_again_is_another_device(browser, cast, row, app):
    one, other = browser(), browser()
    sign_in(one)
    sign_in(other)
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(Device.id))) == 2


def test_signing_out_ends_the_device_at_once_also_for_a_copied_cookie(browser, cast, row):
    client, thief = browser(), browser()
    sign_in(client)
    cookie = client.get_cookie("portal")
    thief.set_cookie("portal", cookie.value)
    assert thief.get("/profil").status_code == 200
    answer = client.post("/odjava")
    assert (answer.status_code, answer.location) == (303, "/prijava")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert row(Device).ended_at is not None
    assert thief.get("/profil").status_code == 303
    assert client.get("/profil").status_code == 303


def test_signing_out_twice_is_no_mistake(client, cast):
    sign_in(client)
    assert client.post("/odjava").status_code == 303
    assert client.post("/odjava").status_code == 303


def test_a_device_stays_signed_in_for_ninety_days_at_most(client, cast, clock):
    sign_in(client)
    for _ in range(8):  # used often enough, the cookie itself lives on
        clock.shift(timedelta(days=11))
        assert client.get("/profil").status_code == 200
    clock.shift(timedelta(days=2))
    assert client.get("/profil").status_code == 303


def test_a_device_that_is_not_used_is_signed_out_after_two_weeks(client, cast, clock):
    sign_in(client)
    clock.shift(timedelta(days=14, seconds=1))
    assert client.get("/profil").status_code == 303


@pytest.mark.parametrize("secret", ["", "1:", "1:wrong", ":", "wrong"])
def test_a_session_with_another_secret_is_nobodys(client, cast, secret):
    with client.session_transaction() as session:
        session["_user_id"] = secret
    assert client.get("/profil").status_code == 303


def test_a_cookie_signed_with_another_key_is_nobodys(client, cast, make_app):
    sign_in(client)
    other = make_app().test_client()
    value = client.get_cookie("portal").value
    other.set_cookie("portal", value[:-3] + ("abc" if not value.endswith("abc") else "xyz"))
    assert other.get("/profil").status_code == 303


def test_an_outdated_hash_is_made_anew_at_sign_in(app, client, cast, row):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with app.app_context():
        db.session.execute(update(Account).values(password_hash=weak))
        db.session.commit()
    assert sign_in(client).status_code == 303
    assert row(Account, id=cast.ana.id).password_hash != weak
    assert sign_in(client).status_code == 303


# ---------------------------------------------------------------- what a password is

COMPOSED, DECOMPOSED = "\u017eabja noga 8", "z\u030cabja noga 8"


@pytest.mark.parametrize(
    ("kept", "typed", "status"),
    [
        (COMPOSED, COMPOSED, 303),
        (COMPOSED, DECOMPOSED, 303),
        (COMPOSED, f"{COMPOSED} ", 303),  # added by the keyboard of a phone
        (COMPOSED, f"{DECOMPOSED} ", 303),
        (COMPOSED, f"{COMPOSED}  ", 422),
        (COMPOSED, f" {COMPOSED}", 422),
        (f"{COMPOSED} ", f"{COMPOSED} ", 303),
        (f"{COMPOSED}  ", f"{COMPOSED}  ", 303),
        (f"{COMPOSED} ", COMPOSED, 422),
        (DECOMPOSED, DECOMPOSED, 303),  # kept before passwords were normalized
        (DECOMPOSED, COMPOSED, 422),
    ],
)
def test_a_password_is_tried_in_nfc_as_typed_and_without_one_space(
    app, browser, cast, row, kept, typed, status
):
    with app.app_context():
        as_it_is = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(kept)
        db.session.execute(update(Account).values(password_hash=as_it_is))
        db.session.commit()
    assert sign_in(browser(), password=typed).status_code == status
    normal = kept == COMPOSED or kept.startswith(COMPOSED)
    unchanged = row(Account, id=cast.ana.id).password_hash == as_it_is
    assert unchanged == (normal or status == 422)
    if status == 303:
        assert sign_in(browser(), password=typed).status_code == 303
        assert sign_in(browser(), password=normalize("NFC", kept)).status_code == 303


@pytest.mark.parametrize("set_by", ["registration", "reset", "profile"])
def test_a_new_password_is_kept_in_nfc_and_without_a_space_of_the_keyboard(
    browser, cast, letters, set_by
):
    typed = f"{DECOMPOSED} "
    both = {"password": typed, "again": DECOMPOSED}
    client, email = english(browser(cast.ana)), cast.ana.email
    if set_by == "registration":
        email = "anja@primer.si"
        names = {"first_name": "Ana", "last_name": "Kos"}
        client = english(browser())
        assert client.post("/registracija", data={"email": email, **names, **both})
        client.post(letters()[-1].facts["path"])
    elif set_by == "reset":
        client.post("/pozabljeno-geslo", data={"email": email})
        assert client.post(letters()[-1].facts["path"], data=both).status_code == 303
    else:
        form = {"old_password": PASSWORD, **both}
        assert client.post("/profil/geslo", data=form).status_code == 303
    for password in (typed, COMPOSED, f"{COMPOSED} ", DECOMPOSED):
        assert sign_in(browser(), email, password).status_code == 303


def test_a_space_of_the_keyboard_does_not_make_a_password_long_enough(browser, cast):
    form = {"old_password": PASSWORD, "password": "breza ", "again": "breza "}
    answer = english(browser(cast.ana)).post("/profil/geslo", data=form)
    assert "The password is too short: 1 more character is needed." in answer.text


@pytest.mark.parametrize(
    ("typed", "hashes"),
    [("lipa", 1), ("lipa ", 2), (COMPOSED, 1), (DECOMPOSED, 2), (f"{DECOMPOSED} ", 3)],
)
def test_unknown_accounts_cost_the_same_hashes(
    browser, cast, unactivated, monkeypatch, typed, hashes
):
    seen = Counter()
    verify = PasswordHasher.verify

    def counted(self, *args):
        seen["verify"] += 1
        return verify(self, *args)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for address in ("nobody@primer.si", cast.ana.email, unactivated.email):
        seen.clear()
        assert sign_in(browser(), address, typed).status_code == 422
        assert seen == {"verify": hashes}
