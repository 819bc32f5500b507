"""Linking a customer by the code on the bill, and what stops those who guess."""

import threading
import time
from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select, update

from mojupravljalec.accounts.models import Account
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.customers import actions
from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.customers.rules import code_key
from mojupravljalec.extensions import db
from mojupravljalec.mail.models import OutboxLetter
from mojupravljalec.metering.models import Occupancy
from mojupravljalec.throttle.actions import Limit, book
from mojupravljalec.throttle.models import ThrottleWindow

from ..conftest import PASSWORD
from .conftest import english

PATH = "/prikljuci-stranko"
DAY = 86_400


def link(client, code, **more):
    return client.post(PATH, data={"code": code, **more})


@pytest.fixture
def count(app):
    """How many rows of a table fit."""

    def read(table, **what):
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(table).filter_by(**what))

    return read


@pytest.fixture
def code_of(app):
    def read(customer_id):
        with app.app_context():
            return db.session.get_one(Customer, customer_id).access_code

    return read


def spend(app, name, most, who, seconds=DAY):
    """Use a limit up, as ``most`` wrong codes do."""
    with app.test_request_context():
        for _ in range(most):
            book(Limit(name, most, seconds), who)
        db.session.commit()


# ---------------------------------------------------------------- a right code


@pytest.mark.parametrize(
    "form",
    [
        str,
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')} ",
        lambda code: code.replace("-", "\N{EN DASH}"),
    ],
)
def test_the_code_links_however_it_is_written(cvetka, cast, count, form):
    answer = link(cvetka, form(cast.free_code))
    assert (answer.status_code, answer.location) == (303, "/odjemna-mesta")
    assert "The customer is linked." in cvetka.get("/odjemna-mesta").text
    assert count(CustomerLink, account_id=cast.cvetka.id) == 1
    assert count(AuditEntry, event="customer.linked", account_id=cast.cvetka.id) == 1


def test_a_code_that_came_in_a_file_is_taken_as_it_is(app, cvetka):
    with app.app_context():
        db.session.add(
            Customer(number="77", name="Kos", access_code="ab-12", access_code_key="AB12")
        )
        db.session.commit()
    assert link(cvetka, "AB 12").status_code == 303


def test_the_first_sign_in_lands_at_the_code_and_later_ones_do_not(browser, cast):
    client = english(browser())
    form = {"email": cast.cvetka.email, "password": PASSWORD}
    assert client.post("/prijava", data=form).location == "/"
    assert client.get("/").location == PATH
    assert "This is your first sign-in" in client.get(PATH).text
    link(client, cast.free_code)
    assert client.get("/").status_code == 200
    assert "This is your first sign-in" not in client.get(PATH).text


def test_linking_twice_is_one_link(cvetka, cast, count):
    for _ in range(2):
        assert link(cvetka, cast.free_code).status_code == 303
    assert count(CustomerLink, account_id=cast.cvetka.id) == 1


def test_one_account_links_several_customers(cvetka, cast, code_of):
    link(cvetka, code_of(cast.anas_customer))
    link(cvetka, code_of(cast.bojans_customer))
    page = cvetka.get("/odjemna-mesta").text
    assert "Stranka 1" in page
    assert "Stranka 2" in page
    assert cvetka.get(f"/odjemna-mesta/{cast.anas_point}").status_code == 200
    assert cvetka.get(f"/odjemna-mesta/{cast.bojans_point}").status_code == 200


def test_the_others_who_are_linked_get_a_letter_and_the_new_one_does_not(
    app, browser, cvetka, cast, code_of
):
    code = code_of(cast.anas_customer)
    link(browser(cast.bojan), code)
    link(cvetka, code)
    with app.app_context():
        letters = db.session.scalars(select(OutboxLetter).order_by(OutboxLetter.id)).all()
    assert [(one.kind, one.to_address) for one in letters] == [
        ("customer-linked", cast.ana.email),
        ("customer-linked", cast.ana.email),
        ("customer-linked", cast.bojan.email),
    ]
    assert letters[-1].facts["who"] == "Cvetka Novak"
    assert letters[-1].facts["customer_number"] == "01"


def test_a_letter_about_a_link_is_in_the_language_of_who_gets_it(app, cvetka, cast, code_of):
    with app.app_context():
        db.session.get_one(Account, cast.ana.id).language = "sl"
        db.session.commit()
    link(cvetka, code_of(cast.anas_customer))
    with app.app_context():
        assert db.session.scalar(select(OutboxLetter)).language == "sl"


def test_linking_twice_tells_nobody_twice(app, cvetka, cast, code_of, count):
    for _ in range(2):
        link(cvetka, code_of(cast.anas_customer))
    assert count(OutboxLetter) == 1


# ---------------------------------------------------------------- the end of a link


def test_unlinking_takes_the_supply_points_away_and_stays_on_screen(app, browser, cast, count):
    ana = english(browser(cast.ana))
    with app.app_context():
        (number,) = db.session.scalars(select(CustomerLink.id).filter_by(account_id=cast.ana.id))
    path = f"/profil/stranke/{number}/odklop"
    assert "You will no longer see" in ana.get(path).text
    assert ana.get(f"/odjemna-mesta/{cast.anas_point}").status_code == 200
    assert ana.post(path).location == "/profil"
    page = ana.get("/profil").text
    assert "The customer is no longer linked." in page
    assert "linked from" in page
    assert ana.get(f"/odjemna-mesta/{cast.anas_point}").status_code == 404
    assert ana.post(path).status_code == 404
    assert ana.get("/").location == PATH
    assert count(AuditEntry, event="customer.unlinked") == 1


def test_who_unlinked_may_link_again_and_both_times_are_kept(app, browser, cast, code_of, count):
    ana = browser(cast.ana)
    with app.app_context():
        (number,) = db.session.scalars(select(CustomerLink.id).filter_by(account_id=cast.ana.id))
    ana.post(f"/profil/stranke/{number}/odklop")
    assert link(ana, code_of(cast.anas_customer)).status_code == 303
    assert count(CustomerLink, account_id=cast.ana.id) == 2
    assert ana.get(f"/odjemna-mesta/{cast.anas_point}").status_code == 200


# ---------------------------------------------------------------- a wrong code


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("", "Copy the customer code from your last bill."),
        ("   ", "Copy the customer code from your last bill."),
        ("4821307A", "You typed 8 signs, the code has 12."),
        ("7KQF-M2XW-9O", "There are no O, 0, Z and 2 in the code."),
        ("TPJ3-3333-3336", "We do not know this code."),
        ("100482", "This looks like a customer number."),
        ("182044101", "This looks like the number of a meter"),
        ("2026-10-1", "This looks like the number of an invoice."),
        ("-", "We do not know this code."),
        ("x" * 65, "Use at most 64 characters."),
        ("3333-3333-3334", "The code is not copied right"),
        ("' OR 1=1 --", "You typed 4 signs, the code has 12."),
    ],
)
def test_a_wrong_code_is_said_at_its_field_and_stays_in_it(cvetka, cast, count, code, says):
    answer = link(cvetka, code)
    assert answer.status_code == 422
    assert says in answer.text
    assert 'id="code-error"' in answer.text
    if code.strip(" '-"):
        assert code.replace("'", "&#39;") in answer.text
    assert count(CustomerLink, account_id=cast.cvetka.id) == 0


def test_a_wrong_code_is_in_the_audit_without_the_code(app, cvetka, cast):
    link(cvetka, "4821307A")
    with app.app_context():
        (entry,) = db.session.scalars(select(AuditEntry))
    assert entry.event == "customer.code-refused"
    assert (entry.account_id, entry.address) == (cast.cvetka.id, "127.0.0.1")
    assert "4821307A" not in str(entry.details)


def test_after_ten_wrong_codes_the_right_one_waits_for_a_day(cvetka, cast, count, clock):
    for _ in range(10):
        assert link(cvetka, "4821307A").status_code == 422
    late = link(cvetka, cast.free_code)
    assert late.status_code == 429
    assert "There were too many wrong codes. Try again in 24 hours, or call us." in late.text
    assert f'value="{cast.free_code}"' in late.text
    assert count(CustomerLink, account_id=cast.cvetka.id) == 0
    clock.shift(timedelta(hours=23))
    late = link(cvetka, cast.free_code)
    assert "Try again in 1 hour, or call us." in late.text
    clock.shift(timedelta(hours=1))
    assert link(cvetka, cast.free_code).status_code == 303


def test_right_codes_are_not_counted(cvetka, cast, count):
    for _ in range(9):
        link(cvetka, "4821307A")
    for _ in range(15):
        assert link(cvetka, cast.free_code).status_code == 303
    assert link(cvetka, "4821307A").status_code == 422
    assert link(cvetka, "4821307A").status_code == 429


def test_another_account_has_its_own_ten(browser, cvetka, cast):
    for _ in range(11):
        link(cvetka, "4821307A")
    assert link(browser(cast.bojan), cast.free_code).status_code == 303


def test_twenty_wrong_codes_an_hour_come_from_one_address(app, browser, cvetka, cast, clock):
    for person in (cast.ana, cast.bojan):
        client = browser(person)
        for _ in range(10):
            assert link(client, "4821307A").status_code == 422
    assert link(cvetka, cast.free_code).status_code == 429
    elsewhere = cvetka.post(
        PATH, data={"code": cast.free_code}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert elsewhere.status_code == 303
    clock.shift(timedelta(hours=1))
    assert link(cvetka, cast.free_code).status_code == 303


def test_a_try_that_is_not_judged_counts_nowhere(browser, cvetka, cast):
    neighbours = [browser(cast.ana), browser(cast.bojan)]
    for client in neighbours:
        for _ in range(10):
            link(client, "4821307A")
    for _ in range(11):  # the address is spent: none of these is looked at
        assert link(cvetka, cast.free_code).status_code == 429
    home = {"REMOTE_ADDR": "192.0.2.7"}
    for _ in range(21):  # Ana's account is spent, and goes on trying at home
        neighbours[0].post(PATH, data={"code": "4821307A"}, environ_base=home)
    assert cvetka.post(PATH, data={"code": cast.free_code}, environ_base=home).status_code == 303


def test_the_limits_are_settings(make_app, browser, cast):
    client = browser(cast.cvetka, make_app(CODES_PER_ACCOUNT=2))
    assert [link(client, "4821307A").status_code for _ in range(3)] == [422, 422, 429]


def test_the_table_of_tries_keeps_no_address(app, cvetka):
    link(cvetka, "4821307A")
    with app.app_context():
        keys = "".join(db.session.scalars(select(ThrottleWindow.key)))
    assert "127.0.0.1" not in keys


def test_of_forty_guesses_at_once_at_most_ten_are_judged(app, browser, cast):
    """Each in its own browser and at the same moment, as a program would do it."""
    clients = [browser(cast.cvetka) for _ in range(40)]
    start = threading.Barrier(40)
    statuses = []

    def guess(client, number):
        start.wait()
        statuses.append(link(client, f"4821307A{number}").status_code)

    threads = [threading.Thread(target=guess, args=(one, n)) for n, one in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [422] * 10 + [429] * 30
    with app.app_context():
        judged = select(func.count()).select_from(AuditEntry)
        assert db.session.scalar(judged.filter_by(event="customer.code-refused")) == 10
    assert link(clients[0], cast.free_code).status_code == 429


# ---------------------------------------------------------------- the second proof


@pytest.fixture
def proving(make_app, browser, cast):
    """Cvetka's browser on a portal that asks for the meter number too."""
    app = make_app(LINK_SECOND_PROOF="meter", DEFAULT_LANGUAGE="en")
    return english(browser(cast.cvetka, app))


@pytest.mark.parametrize("serial", ["182044101", "0182044101", "1820-44101 "])
def test_with_the_second_proof_code_and_meter_link_together(proving, cast, code_of, serial):
    assert 'name="serial"' in proving.get(PATH).text
    answer = link(proving, code_of(cast.anas_customer), serial=serial)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("from_on", "to_on", "status"),
    [
        (date(2020, 1, 1), date(2026, 11, 22), 303),
        (date(2026, 11, 22), date(2027, 12, 31), 303),
        (date(2020, 1, 1), date(2026, 11, 21), 422),
        (date(2026, 11, 23), None, 422),
    ],
)
def test_the_meter_proves_whoever_uses_it_today(
    app, proving, cast, code_of, from_on, to_on, status
):
    with app.app_context():
        db.session.execute(update(Occupancy).values(from_on=from_on, to_on=to_on))
        db.session.commit()
    code = code_of(cast.anas_customer)
    assert link(proving, code, serial="182044101").status_code == status


@pytest.mark.parametrize("serial", ["182044102", "0", "---", "x"])
def test_a_wrong_meter_and_a_wrong_code_get_the_same_sentence(proving, cast, code_of, serial):
    wrong_meter = link(proving, code_of(cast.anas_customer), serial=serial)
    wrong_code = link(proving, "TPJ3-3333-3336", serial="182044101")
    for answer in (wrong_meter, wrong_code):
        assert answer.status_code == 422
        assert "do not belong together" in answer.text
    assert 'value="182044101"' in wrong_code.text


def test_without_the_meter_nothing_is_judged(proving, cast, code_of, count):
    answer = link(proving, code_of(cast.anas_customer))
    assert answer.status_code == 422
    assert 'id="serial-error"' in answer.text
    assert count(ThrottleWindow) == 0


def test_wrong_proofs_are_counted_like_wrong_codes(proving, cast, code_of):
    code = code_of(cast.anas_customer)
    for _ in range(10):
        assert link(proving, code, serial="1").status_code == 422
    assert link(proving, code, serial="182044101").status_code == 429


def test_without_the_setting_no_meter_is_asked_for(cvetka):
    assert 'name="serial"' not in cvetka.get(PATH).text


def test_after_200_wrong_codes_on_the_site_the_meter_is_asked_of_all_and_nobody_is_stopped(
    app, browser, cvetka, cast, code_of, clock
):
    spend(app, "code-site", 200, "")
    assert 'name="serial"' in cvetka.get(PATH).text
    code = code_of(cast.anas_customer)
    assert link(cvetka, code).status_code == 422
    assert link(cvetka, code, serial="182044101").status_code == 303
    clock.shift(timedelta(days=1))
    assert 'name="serial"' not in browser(cast.bojan).get(PATH).text


def test_the_200th_wrong_code_is_the_last_without_the_meter(app, cvetka, count):
    spend(app, "code-site", 199, "")
    assert 'name="serial"' not in cvetka.get(PATH).text
    link(cvetka, "4821307A")
    assert 'name="serial"' in cvetka.get(PATH).text
    assert count(AuditEntry, event="customer.code-alarm") == 0
    link(cvetka, "4821307A", serial="1")
    assert count(AuditEntry, event="customer.code-alarm") == 1


def test_the_profile_names_the_others_with_access(browser, cvetka, cast, code_of):
    ana = english(browser(cast.ana))
    assert "Others with access" not in ana.get("/profil").text
    link(cvetka, code_of(cast.anas_customer))
    assert "Others with access: Cvetka" in ana.get("/profil").text
    assert "Others with access: Ana" in cvetka.get("/profil").text
    assert "Others with access" not in english(browser(cast.bojan)).get("/profil").text


@pytest.mark.parametrize("code", ["4821307A", "of ana"])
def test_the_second_proof_is_answered_after_a_whole_number_of_steps(
    make_app, browser, cast, code_of, code
):
    """Real seconds, but only a least number of them: a machine that is busy cannot fail it."""
    app = make_app(LINK_SECOND_PROOF="meter")
    app.config["ANSWER_STEP_S"] = 0.1
    client = browser(cast.cvetka, app)
    code = code_of(cast.anas_customer) if code == "of ana" else code
    begun = time.perf_counter()
    assert link(client, code, serial="1").status_code == 422
    assert time.perf_counter() - begun >= 0.1


def test_a_wrong_code_asks_the_database_as_much_as_a_wrong_meter(app, proving, cast, code_of):
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    with proving.application.app_context():
        engine = db.engine
    seen = []
    right = code_of(cast.anas_customer)
    event.listen(engine, "before_cursor_execute", note)
    for code in (right, "4821307A", right, "4821307A"):
        asked.clear()
        link(proving, code, serial="1")
        seen.append(tuple(asked))
    event.remove(engine, "before_cursor_execute", note)
    assert seen[0] == seen[1] == seen[2] == seen[3]


# ---------------------------------------------------------------- what the form of a code tells


def import_code(app, customer_id, code):
    """Give the customer another code, as an import does."""
    with app.app_context():
        customer = db.session.get_one(Customer, customer_id)
        customer.access_code, customer.access_code_key = code, code_key(code)
        db.session.flush()
        actions.summarize_codes()
        db.session.commit()


def test_an_imported_code_changes_what_is_said_at_once(app, cvetka, cast):
    assert "the code has 12." in link(cvetka, "482130A").text
    import_code(app, cast.anas_customer, "4821-307A")
    assert "You typed 7 signs, the code has 8 or 12." in link(cvetka, "482130A").text
    # A check character proves nothing where codes of others are in force.
    assert "We do not know this code." in link(cvetka, "3333-3333-3334").text
    assert "We do not know this code." in link(cvetka, "4821-307B").text


def test_a_renewed_code_widens_what_is_said_at_once(app, cvetka, cast):
    for number, customer_id in enumerate((cast.anas_customer, cast.bojans_customer)):
        import_code(app, customer_id, f"4821-307{number}")
    with app.app_context():
        rest = select(Customer.id).where(Customer.access_code.not_like("4821%"))
        third = db.session.scalars(rest).one()
    import_code(app, third, "4821-3079")
    assert "You typed 12 signs, the code has 8." in link(cvetka, "TPJ3-3333-3336").text
    with app.test_request_context():
        actions.renew_code(db.session.get_one(Customer, third), by=cast.clerk.id)
        db.session.commit()
    assert "We do not know this code." in link(cvetka, "TPJ3-3333-3336").text


def test_what_is_said_narrows_when_the_last_imported_code_is_renewed(app, cvetka, cast):
    import_code(app, cast.anas_customer, "4821-3079")
    assert "You typed 9 signs, the code has 8 or 12." in link(cvetka, "TPJ3-3333-3").text
    with app.test_request_context():
        actions.renew_code(db.session.get_one(Customer, cast.anas_customer), by=cast.clerk.id)
        db.session.commit()
    assert "You typed 9 signs, the code has 12." in link(cvetka, "TPJ3-3333-3").text


def test_a_code_of_a_wrong_form_counts_as_every_other(cvetka, cast, clock):
    for _ in range(10):
        assert link(cvetka, "100482").status_code == 422
    assert link(cvetka, cast.free_code).status_code == 429


def test_what_is_said_of_a_code_does_not_depend_on_which_codes_exist(app, cvetka, cast):
    """Neither a taken number nor another code of the same shape changes the sentence."""
    said = [link(cvetka, code).text.count("We do not know") for code in ("100482", "4821-307B")]
    with app.app_context():
        db.session.get_one(Customer, cast.anas_customer).number = "100482"
        db.session.commit()
    again = [link(cvetka, code).text.count("We do not know") for code in ("100482", "4821-307B")]
    assert said == again == [0, 0]
