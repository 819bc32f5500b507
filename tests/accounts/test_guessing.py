"""Ten judged guesses in any quarter of an hour; browsers that are known have their own."""

import re
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mojupravljalec.accounts.actions import SIGN_INS_PER_ADDRESS
from mojupravljalec.accounts.models import Account
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.extensions import db
from mojupravljalec.factors.actions import PROOFS_PER_ADDRESS, code_hash
from mojupravljalec.factors.models import RecoveryCode
from mojupravljalec.throttle.actions import book, spent

from ..conftest import PASSWORD
from .conftest import english

WRONG = "not the password"
NEW = {"password": "zelena breza 8", "again": "zelena breza 8"}
COOKIE = "browser"
RECOVERY = "3467-ACDE-HJKM"
MINUTE = timedelta(minutes=1)


def sign_in(client, email="ana@primer.si", password=PASSWORD, **more):
    answer = client.post("/prijava", data={"email": email, "password": password}, **more)
    return answer.status_code


@pytest.fixture
def stranger(browser, cast):
    """A browser that has never signed in."""
    return browser()


@pytest.fixture
def known(browser, cast):
    """A browser in which Ana has signed in and out."""
    client = english(browser())
    assert sign_in(client) == 303
    assert client.post("/odjava").status_code == 303
    return client


@pytest.fixture
def judged(app):
    """How many wrong passwords were judged."""

    def read():
        with app.app_context():
            entries = select(func.count()).select_from(AuditEntry)
            return db.session.scalar(entries.filter_by(event="account.sign-in-refused"))

    return read


def use_up(client, email="ana@primer.si"):
    """Guess until the account's budget is spent."""
    for _ in range(11):
        status = sign_in(client, email, WRONG)
    assert status == 429


# ---------------------------------------------------------------- ten in any quarter of an hour


@pytest.mark.parametrize("email", ["ana@primer.si", "nobody@primer.si"])
def test_ten_guesses_are_judged_wherever_the_quarter_begins(stranger, judged, clock, email):
    clock.shift(14 * MINUTE)
    for _ in range(6):
        assert sign_in(stranger, email, WRONG) == 422
    clock.shift(2 * MINUTE)  # over the edge of a quarter of the clock
    assert [sign_in(stranger, email, WRONG) for _ in range(6)] == [422] * 4 + [429] * 2
    clock.shift(13 * MINUTE)
    assert sign_in(stranger, email, WRONG) == 429  # counted a hundredth longer at most
    clock.shift(timedelta(seconds=9))
    assert [sign_in(stranger, email, WRONG) for _ in range(7)] == [422] * 6 + [429]
    assert judged() == 16


def test_going_on_guessing_does_not_keep_the_account_closed(stranger, clock):
    use_up(stranger)
    for _ in range(15):
        sign_in(stranger, password=WRONG)
        clock.shift(MINUTE)
    assert sign_in(stranger) == 303


def test_the_wait_that_is_told_is_the_one_that_is_left(stranger, clock):
    english(stranger)
    use_up(stranger)
    clock.shift(10 * MINUTE)
    form = {"email": "ana@primer.si", "password": PASSWORD}
    assert "Try again in 5 minutes." in stranger.post("/prijava", data=form).text


@pytest.mark.parametrize("proxies", [0, 1])
def test_of_forty_at_once_with_forged_headers_ten_are_judged(
    make_app, browser, cast, judged, proxies
):
    app = make_app(PROXIES=proxies)
    start, statuses = threading.Barrier(40), []

    def guess(number):
        client = english(browser(other=app))
        forged = {
            "X-Forwarded-For": f"198.51.100.{number}, 192.0.2.7",
            "X-Real-IP": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
        }
        start.wait()
        for _ in range(1000):  # also where too many hash at this moment
            form = {"email": "ana@primer.si", "password": f"{WRONG} {number}"}
            answer = client.post("/prijava", data=form, headers=forged)
            if answer.status_code != 429 or "too many attempts" in answer.text:
                break
            time.sleep(0.1)
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [422] * 10 + [429] * 30
    assert judged() == 10


@pytest.mark.parametrize(
    ("proxies", "counted"), [(0, "127.0.0.1"), (1, "192.0.2.7")], ids=["none", "one"]
)
def test_only_what_the_trusted_proxy_says_is_the_address(make_app, browser, cast, proxies, counted):
    app = make_app(PROXIES=proxies)
    with app.test_request_context():
        for _ in range(SIGN_INS_PER_ADDRESS.most):
            book(SIGN_INS_PER_ADDRESS, counted)
        db.session.commit()
    for forged in ("203.0.113.9", "198.51.100.1, 203.0.113.9"):
        headers = {"X-Forwarded-For": f"{forged}, 192.0.2.7"}
        assert sign_in(browser(other=app), headers=headers) == 429


def test_an_address_that_is_stopped_uses_up_no_guesses_of_an_account(app, stranger, cast):
    with app.test_request_context():
        for _ in range(SIGN_INS_PER_ADDRESS.most):
            book(SIGN_INS_PER_ADDRESS, "127.0.0.1")
        db.session.commit()
    for _ in range(12):
        assert sign_in(stranger, password=WRONG) == 429
    assert sign_in(stranger, environ_base={"REMOTE_ADDR": "192.0.2.7"}) == 303


def test_successful_sign_ins_do_not_count_against_an_address(app, browser, cast):
    with app.test_request_context():
        for _ in range(SIGN_INS_PER_ADDRESS.most - 1):
            book(SIGN_INS_PER_ADDRESS, "127.0.0.1")
        db.session.commit()
    for _ in range(3):
        assert sign_in(browser()) == 303
    assert sign_in(browser(), password=WRONG) == 422
    assert sign_in(browser()) == 429


def test_right_second_proofs_do_not_count_against_an_address(app, browser, cast):
    with app.test_request_context():
        for _ in range(PROOFS_PER_ADDRESS.most - 1):
            book(PROOFS_PER_ADDRESS, "127.0.0.1")
        known = code_hash(cast.operator.id, RECOVERY)
        db.session.add(RecoveryCode(account_id=cast.operator.id, code_hash=known))
        db.session.commit()
    answer = browser(cast.half).post("/prijava/drugi-dokaz", data={"code": RECOVERY})
    assert answer.status_code == 303
    with app.app_context():
        assert not spent(PROOFS_PER_ADDRESS, "127.0.0.1")


# ---------------------------------------------------------------- browsers that are known


def test_a_stranger_does_not_lock_out_a_browser_that_has_signed_in(known, stranger):
    use_up(stranger)
    assert sign_in(stranger) == 429
    assert sign_in(known) == 303


def test_nor_does_a_stranger_with_the_same_address(app, known, stranger):
    with app.test_request_context():
        for _ in range(SIGN_INS_PER_ADDRESS.most):
            book(SIGN_INS_PER_ADDRESS, "127.0.0.1")
        db.session.commit()
    assert sign_in(stranger) == 429
    assert sign_in(known) == 303


def test_a_known_browser_has_ten_guesses_of_its_own(known, stranger, judged):
    assert [sign_in(known, password=WRONG) for _ in range(11)] == [422] * 10 + [429]
    assert sign_in(known) == 429
    assert judged() == 10
    assert sign_in(stranger) == 303


def test_two_known_browsers_do_not_share_their_guesses(browser, known):
    other = browser()
    sign_in(other)
    other.post("/odjava")
    for _ in range(10):
        sign_in(other, password=WRONG)
    assert sign_in(other) == 429
    assert sign_in(known) == 303


def test_for_another_account_the_cookie_is_worth_nothing(known, stranger, cast):
    use_up(stranger, cast.bojan.email)
    assert sign_in(known, cast.bojan.email) == 429


def test_people_who_share_a_browser_are_each_known(known, stranger, cast):
    sign_in(known, cast.bojan.email)
    known.post("/odjava")
    for email in (cast.ana.email, cast.bojan.email):
        use_up(stranger, email)
        assert sign_in(known, email) == 303
        known.post("/odjava")


@pytest.mark.parametrize("by", ["profile", "letter"])
def test_a_new_password_ends_it(browser, known, stranger, cast, letters, by):
    if by == "profile":
        form = {"old_password": PASSWORD, **NEW}
        assert browser(cast.ana).post("/profil/geslo", data=form).status_code == 303
    else:
        stranger.post("/pozabljeno-geslo", data={"email": cast.ana.email})
        assert stranger.post(letters()[-1].facts["path"], data=NEW).status_code == 303
    use_up(stranger)
    assert sign_in(known, password=NEW["password"]) == 429


def test_a_hash_that_is_made_anew_does_not_end_it(app, known, stranger):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with app.app_context():
        db.session.execute(db.update(Account).values(password_hash=weak))
        db.session.commit()
    for _ in range(2):
        use_up(stranger) if sign_in(stranger, password=WRONG) == 422 else None
        assert sign_in(known) == 303
        known.post("/odjava")


@pytest.mark.parametrize("value", ["", "x", "W1sxLDEsIngiXV0.abc", "[[1,1,1]]"])
def test_a_cookie_that_was_made_up_is_worth_nothing(known, stranger, value):
    use_up(stranger)
    known.set_cookie(COOKIE, value)
    assert sign_in(known) == 429


def test_a_cookie_signed_with_another_key_is_worth_nothing(known, stranger):
    use_up(stranger)
    value = known.get_cookie(COOKIE).value
    known.set_cookie(COOKIE, value[:-3] + ("abc" if not value.endswith("abc") else "xyz"))
    assert sign_in(known) == 429


def test_a_wrong_password_makes_no_browser_known(stranger, cast):
    sign_in(stranger, password=WRONG)
    assert stranger.get_cookie(COOKIE) is None


def test_signing_out_leaves_the_cookie_and_clears_the_rest(browser, cast):
    client = browser()
    sign_in(client)
    answer = client.post("/odjava")
    assert '"cookies"' not in answer.headers["Clear-Site-Data"]
    assert '"*"' not in answer.headers["Clear-Site-Data"]
    assert client.get_cookie(COOKIE) is not None
    assert client.get("/profil").status_code == 303


def test_the_cookie_is_guarded_and_tells_nothing_of_the_person(make_app, browser, cast):
    app = make_app(SITE_URL="https://localhost")
    client = app.test_client()
    form = {"email": cast.ana.email, "password": PASSWORD}
    answer = client.post("/prijava", data=form, base_url="https://localhost")
    (line,) = [
        one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"__Host-{COOKIE}=")
    ]
    parts = set(line.split("; ")[1:])
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
    assert not any(part.startswith("Domain") for part in parts)
    assert cast.ana.email not in line


def test_staff_are_known_only_after_the_second_proof(app, browser, cast):
    with app.app_context():
        known = code_hash(cast.operator.id, RECOVERY)
        db.session.add(RecoveryCode(account_id=cast.operator.id, code_hash=known))
        db.session.commit()
    client = browser()
    assert sign_in(client, cast.operator.email) == 303
    assert client.get_cookie(COOKIE) is None
    assert client.post("/prijava/drugi-dokaz", data={"code": RECOVERY}).status_code == 303
    client.post("/odjava")
    use_up(browser(), cast.operator.email)
    assert sign_in(client, cast.operator.email) == 303


# ---------------------------------------------------------------- while signed in


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/prijava/ponovno", {"password": PASSWORD}),
        ("/profil/geslo", {"old_password": PASSWORD, **NEW}),
        ("/profil/naslov", {"email_password": PASSWORD, "new_email": "anja@primer.si"}),
    ],
)
def test_a_stranger_does_not_stop_who_is_signed_in(browser, cast, stranger, path, form):
    client = browser(cast.ana)
    use_up(stranger)
    assert client.post(path, data=form).status_code == 303


def test_a_signed_in_browser_and_its_cookie_share_their_guesses(browser, cast):
    client = browser()
    sign_in(client)
    for _ in range(10):
        client.post("/prijava/ponovno", data={"password": WRONG})
    client.post("/odjava")
    assert sign_in(client) == 429


def test_the_office_sees_and_opens_the_lock_of_a_known_browser(browser, known, cast):
    for _ in range(10):
        sign_in(known, password=WRONG)
    clerk = english(browser(cast.clerk))
    page = f"/pisarna/dostopi/{cast.ana.id}"
    assert "locked: too many wrong passwords" in re.sub(r"\s+", " ", clerk.get(page).text)
    assert clerk.post(f"{page}/zapora").status_code == 303
    assert "locked:" not in clerk.get(page).text
    assert sign_in(known) == 303
