"""Codes in the browser: choosing, looking before it happens, making, saving, deleting."""

import re
from datetime import timedelta
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from mojupravljalec import storage
from mojupravljalec.accounts.models import Device
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.codes.models import CodeBatch
from mojupravljalec.config import ROOT
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.jobs.actions import do_next
from mojupravljalec.jobs.models import Job
from mojupravljalec.storage import Shelf
from mojupravljalec.values import clock

from ..bills import counted, words
from ..conftest import PASSWORD
from ..site.html import faults, parse

CODES = "/pisarna/kode"
NEW, PRESENT = "nove", "obstojece"


@pytest.fixture(params=["operator", "clerk"])
def desk(request, cast, browser):
    """The browser of somebody who may make codes; pages are read in English."""
    return english(browser(getattr(cast, request.param)))


@pytest.fixture
def clerk(cast, browser):
    return english(browser(cast.clerk))


def english(client):
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def shows(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert faults(answer.text, language="en") == []
    return words(answer.text)


def chosen(client, whom="vse", codes=PRESENT, **fields):
    """The address of a choice that was sent."""
    answer = client.post(CODES, data={"whom": whom, "codes": codes, **fields})
    assert answer.status_code == 303, words(answer.text)
    return answer.location


def refused(client, whom, codes=PRESENT, **fields):
    answer = client.post(CODES, data={"whom": whom, "codes": codes, **fields})
    assert answer.status_code == 422
    assert faults(answer.text, language="en") == []
    return answer.text


def pressed(client, path, count):
    answer = client.post(f"{path}/naredi", data={"count": str(count)})
    assert answer.status_code == 303
    assert answer.location == path


def works(app):
    with app.app_context():
        while do_next(lambda: False):
            pass


def made(app, client, codes=PRESENT, count=3):
    path = chosen(client, codes=codes)
    pressed(client, path, count)
    works(app)
    return path


def codes(app):
    with app.app_context():
        query = db.select(Customer.number, Customer.access_code)
        return dict(db.session.execute(query).all())


def jobs(app):
    with app.app_context():
        return db.session.scalar(db.select(db.func.count(Job.id)))


def entries(app, event):
    with app.app_context():
        found = db.session.scalars(db.select(AuditEntry).filter_by(event=event))
        return [(one.account_id, one.details) for one in found]


def grown_stale(app):
    """The passwords of all were typed an hour ago."""
    with app.app_context():
        db.session.execute(db.update(Device).values(fresh_at=clock.now() - timedelta(hours=1)))
        db.session.commit()


# ---------------------------------------------------------------- choosing


def test_before_anything_happens_it_is_shown_for_how_many(app, desk):
    before = codes(app)
    path = chosen(desk)
    shown = shows(desk, path)
    assert "Letters for 3 customers" in shown
    assert "All of them" in shown
    for name in ("Stranka 1", "Stranka 2", "Stranka 3"):
        assert name in shown
    assert "The codes do not change." in shown
    assert jobs(app) == 0
    assert codes(app) == before
    assert "No letters were made yet." in shows(desk, CODES)


def test_of_many_the_first_five_are_shown(app, desk):
    with app.app_context():
        for nth in range(4, 13):
            db.session.add(
                Customer(
                    number=f"{nth:02}",
                    name=f"Stranka {nth}",
                    access_code=f"X-{nth}",
                    access_code_key=f"X{nth}",
                )
            )
        db.session.commit()
    shown = shows(desk, chosen(desk))
    assert "Letters for 12 customers" in shown
    assert "The first of them" in shown
    assert "Stranka 5" in shown
    assert "Stranka 6" not in shown


@pytest.mark.parametrize(
    ("whom", "fields", "count"),
    [
        ("vse", {}, 3),
        ("brez-dostopa", {}, 1),
        ("nikoli", {}, 1),
        ("seznam", {"numbers": "01\r\n02"}, 2),
        ("posta", {"post_code": " 2000 "}, 3),
    ],
)
def test_each_way_of_choosing_is_counted(desk, whom, fields, count):
    shown = shows(desk, chosen(desk, whom, **fields))
    assert f"Letters for {count} customer" in shown


def test_those_of_one_import_are_chosen_by_its_number(app, desk):
    from mojupravljalec.imports.models import ImportBatch

    with app.app_context():
        batch = ImportBatch(
            kind="customers",
            file_name="stranke.csv",
            sha256="",
            imported_by="",
            imported_at=clock.now(),
        )
        db.session.add(batch)
        db.session.flush()
        db.session.execute(
            db.update(Customer).where(Customer.number == "02").values(batch_id=batch.id)
        )
        db.session.commit()
        number = batch.id
    shown = shows(desk, chosen(desk, "uvoz", imported=f" {number} "))
    assert "Letters for 1 customer" in shown
    assert f"customers that import {number} brought" in shown


def test_unknown_numbers_are_named_and_nothing_is_lost(desk):
    path = chosen(desk, "seznam", NEW, numbers="01, 77; 02 88")
    shown = shows(desk, path)
    assert "No customer has these numbers: 77, 88." in shown
    assert "Letters for 2 customers" in shown
    page = parse(desk.get(path).text)
    (change,) = [link["href"] for link in page.all("a") if link.text == "Change the choice"]
    form = parse(desk.get(change).text)
    (area,) = form.all("textarea")
    assert area.text.split() == ["01", "77", "02", "88"]
    checked = {one["value"] for one in form.all("input") if "checked" in one}
    assert checked == {"seznam", NEW}


@pytest.mark.parametrize(
    ("whom", "fields", "said"),
    [
        ("seznam", {"numbers": " "}, "Paste at least one customer number."),
        ("seznam", {"numbers": "77 88"}, "No customer has these numbers: 77, 88."),
        ("uvoz", {"imported": "x"}, "Write the number of the import, such as 12."),
        ("uvoz", {"imported": "987654"}, "This import brought no customer, or there is none."),
        ("uvoz", {"imported": "9" * 30}, "Write the number of the import, such as 12."),
        ("posta", {"post_code": ""}, "Write the post code."),
        ("posta", {"post_code": "9\x009"}, "No customer has this post code."),
        ("", {}, "Choose for whom."),
        ("vsi", {}, "Not a valid choice."),
    ],
)
def test_a_choice_that_says_too_little_comes_back_as_it_was(app, desk, whom, fields, said):
    html = refused(desk, whom, numbers_kept="", **fields)
    assert said in words(html)
    for text in fields.values():
        assert text.replace("\x00", "") in html
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(CodeBatch.id))) == 0


def test_a_long_list_is_refused_with_the_number_that_goes(desk):
    html = refused(desk, "seznam", numbers=" ".join(map(str, range(5001))))
    assert "Paste at most 5000 numbers at once." in html


def test_of_many_unknown_numbers_some_are_named(desk):
    numbers = " ".join(f"9{nth:03}" for nth in range(30))
    assert "9018, 9019 and 10 more" in refused(desk, "seznam", numbers=numbers)


def test_a_choice_that_holds_nobody_is_refused(app, desk):
    with app.app_context():
        db.session.execute(db.update(Customer).values(email="a@primer.si"))
        db.session.commit()
    assert "There is no such customer." in refused(desk, "nikoli")


def test_the_desk_leads_here_with_a_customer(desk):
    form = parse(desk.get(f"{CODES}?stranka=02").text)
    (area,) = form.all("textarea")
    assert area.text == "02"
    assert {one["value"] for one in form.all("input") if "checked" in one} == {"seznam", PRESENT}


@pytest.mark.parametrize("query", ["?izbor=987654", "?izbor=x", "?izbor=-1"])
def test_an_earlier_choice_that_is_none_does_no_harm(desk, query):
    assert desk.get(CODES + query).status_code in {200, 404}


# ---------------------------------------------------------------- making


def test_letters_are_made_and_stand_in_the_list(app, desk):
    before = codes(app)
    path = made(app, desk)
    assert codes(app) == before
    shown = shows(desk, path)
    assert "ready" in shown
    assert "present ones" in shown
    assert "The file holds secrets." in shown
    listed = shows(desk, CODES)
    assert "all customers present ones" in re.sub(r"(For whom|Codes): ", "", listed)
    assert "ready" in listed


def test_new_codes_are_asked_about_once_more_with_the_number(app, desk):
    before = codes(app)
    path = chosen(desk, codes=NEW)
    shown = shows(desk, path)
    assert "The codes on their old bills stop working at once." in shown
    assert "Whoever is linked already stays linked." in shown
    assert list(parse(desk.get(path).text).all("form"))[1:] == []
    shown = shows(desk, f"{path}/naredi")
    assert "3 customers get new codes." in shown
    assert "cannot be undone" in shown
    assert codes(app) == before
    pressed(desk, path, 3)
    assert codes(app) == before
    works(app)
    assert set(codes(app).values()) & set(before.values()) == set()


def test_when_the_number_has_changed_nothing_is_made(app, desk):
    path = chosen(desk, codes=NEW)
    for count in ("2", "", "x"):
        answer = desk.post(f"{path}/naredi", data={"count": count})
        assert answer.status_code == 422
        assert faults(answer.text, language="en") == []
        assert "The number of customers has changed since." in answer.text
        assert 'value="3"' in answer.text
    assert jobs(app) == 0


def test_a_double_press_makes_one_pile(app, desk):
    path = chosen(desk, codes=NEW)
    for _ in range(2):
        pressed(desk, path, 3)
    works(app)
    first = codes(app)
    pressed(desk, path, 3)
    works(app)
    assert codes(app) == first
    assert jobs(app) == 1


def test_while_the_worker_is_busy_the_page_says_so(app, desk):
    path = chosen(desk)
    pressed(desk, path, 3)
    html = desk.get(path).text
    assert "<progress" in html
    assert 'http-equiv="refresh"' in html
    part = desk.get(path, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="found">')
    assert "being made" in shows(desk, CODES)


def test_a_pile_that_failed_says_why_and_can_be_tried_again(app, desk, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(app.config, "OPERATOR_HOURS", "od ponedeljka do petka, " * 200)
        path = made(app, desk, NEW)
    shown = shows(desk, path)
    assert "ne gre na en list" in shown
    assert "No code has changed." in shown
    assert "not made" in shows(desk, CODES)
    pressed(desk, path, 3)
    works(app)
    assert "ready" in shows(desk, path)


def test_a_later_pile_with_new_codes_is_warned_of(app, desk):
    old = made(app, desk)
    assert "Later, new codes were made" not in shows(desk, old)
    new = made(app, desk, NEW)
    assert f"letters {new.rpartition('/')[2]}" in shows(desk, old)
    assert "Later, new codes were made" not in shows(desk, new)


def test_making_asks_for_the_password_and_comes_back_to_what_was_chosen(app, clerk):
    path = chosen(clerk)
    grown_stale(app)
    answer = clerk.post(f"{path}/naredi", data={"count": "3"})
    assert answer.location.startswith(f"/prijava/ponovno?next={path}/naredi&obrazec=")
    assert jobs(app) == 0
    clerk.post(answer.location, data={"password": PASSWORD})
    assert jobs(app) == 1


# ---------------------------------------------------------------- files


def test_the_saved_letters_hold_the_codes_of_the_database(app, desk):
    path = made(app, desk, NEW)
    with desk.post(f"{path}/pisma") as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Cache-Control"] == "no-store"
        name = f"pisma-{path.rpartition('/')[2]}.pdf"
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
        data = answer.data
    with pdfium.PdfDocument(data) as document:
        texts = ["".join(p.get_textpage().get_text_range().split()) for p in document]
    for text, code in zip(texts, codes(app).values(), strict=True):
        assert code in text


def test_the_list_has_the_codes_and_opens_in_a_spreadsheet(app, desk):
    path = made(app, desk)
    answer = desk.post(f"{path}/kode.csv")
    assert answer.status_code == 200
    rows = answer.data.decode("utf-8-sig").split("\r\n")
    assert rows[0] == "sifra_stranke;naziv;ulica;posta;kraj;koda_stranke"
    assert [row.split(";")[::5] for row in rows[1:-1]] == [
        list(row) for row in sorted(codes(app).items())
    ]


def test_each_file_that_is_saved_is_noted(app, cast, clerk):
    path = made(app, clerk)
    clerk.post(f"{path}/pisma").close()
    clerk.post(f"{path}/kode.csv")
    assert entries(app, "codes.downloaded") == [
        (cast.clerk.id, {"file": "pdf", "rows": 3}),
        (cast.clerk.id, {"file": "csv", "rows": 3}),
    ]


@pytest.mark.parametrize("name", ["pisma", "kode.csv"])
def test_a_file_is_given_only_to_whoever_typed_the_password(app, clerk, name):
    path = made(app, clerk)
    grown_stale(app)
    for method in ("GET", "POST"):
        answer = clerk.open(f"{path}/{name}", method=method)
        assert answer.location.startswith(f"/prijava/ponovno?next={path}/{name}")
    assert entries(app, "codes.downloaded") == []
    with clerk.post(answer.location, data={"password": PASSWORD}) as file:
        assert "attachment" in file.headers["Content-Disposition"]
    assert len(entries(app, "codes.downloaded")) == 1


@pytest.mark.parametrize("name", ["pisma", "kode.csv"])
def test_an_address_alone_gives_no_file(app, clerk, name):
    path = made(app, clerk)
    assert clerk.get(f"{path}/{name}").location == path
    assert entries(app, "codes.downloaded") == []


@pytest.mark.parametrize("name", ["naredi", "izbrisi", "pisma", "kode.csv"])
def test_a_form_without_a_token_does_nothing(app, cast, browser, make_app, name):
    clerk = english(browser(cast.clerk))
    path = made(app, clerk) if name != "naredi" else chosen(clerk)
    other = make_app(csrf=True)
    guarded = english(browser(cast.clerk, other))
    before = jobs(app)
    answer = guarded.post(f"{path}/{name}", data={"count": "3"})
    assert answer.status_code in {303, 422}
    assert answer.mimetype == "text/html"
    assert jobs(app) == before
    assert entries(app, "codes.downloaded") == entries(app, "codes.discarded") == []


def test_the_file_is_deleted_at_once_and_the_codes_stay(app, cast, clerk):
    path = made(app, clerk, NEW)
    with app.app_context():
        stored = db.session.scalar(db.select(CodeBatch.stored))
        assert storage.path_of(Shelf.LETTERS, stored).is_file()
    before = codes(app)
    assert "The file goes for good." in shows(clerk, f"{path}/izbrisi")
    for _ in range(2):  # a double press
        assert clerk.post(f"{path}/izbrisi").location == path
    with app.app_context():
        assert not storage.path_of(Shelf.LETTERS, stored).exists()
    assert codes(app) == before
    assert entries(app, "codes.discarded") == [(cast.clerk.id, {})]
    shown = shows(clerk, path)
    assert "The file with the letters is deleted." in shown
    assert "Save the letters" not in shown
    assert "file deleted" in shows(clerk, CODES)
    assert clerk.post(f"{path}/pisma").location == path
    assert entries(app, "codes.downloaded") == []


def test_a_file_that_vanished_from_the_disk_is_said_to_be_gone(app, clerk):
    path = made(app, clerk)
    with app.app_context():
        storage.discard(Shelf.LETTERS, db.session.scalar(db.select(CodeBatch.stored)))
    answer = clerk.post(f"{path}/pisma", follow_redirects=True)
    assert "Make the letters once more." in answer.text


# ---------------------------------------------------------------- who may


def test_only_whoever_makes_codes_gets_here(app, cast, browser, clerk):
    path = made(app, clerk)
    pages = (CODES, path, f"{path}/naredi", f"{path}/izbrisi")
    files = (f"{path}/pisma", f"{path}/kode.csv")
    for person, status in ((cast.ana, 404), (cast.reader, 403)):
        client = browser(person)
        for page in (*pages, *files):
            assert client.get(page).status_code == status
            assert page == path or client.post(page).status_code == status
    for page in (*pages, *files):
        assert browser().get(page).location.startswith("/prijava")


@pytest.mark.parametrize("rest", ["", "/naredi", "/izbrisi", "/pisma", "/kode.csv"])
def test_a_pile_that_is_none_is_not_found(desk, rest):
    assert desk.get(f"{CODES}/987654{rest}").status_code == 404


def test_pages_show_no_code(app, clerk):
    path = made(app, clerk, NEW)
    seen = [clerk.get(page).text for page in (CODES, path, f"{CODES}?oblika=csv")]
    draft = chosen(clerk, codes=NEW)
    seen += [clerk.get(page).text for page in (draft, f"{draft}/naredi")]
    for code in codes(app).values():
        assert all(code not in text for text in seen)


def test_a_page_takes_few_queries(app, clerk):
    path = made(app, clerk)
    draft = chosen(clerk, "seznam", numbers="01 02 77")
    for page in (CODES, path, draft):
        with counted(app) as statements:
            clerk.get(page)
        assert len(statements) <= 10, (page, statements)


# ---------------------------------------------------------------- the letter's square


def test_the_square_leads_to_a_page_that_can_keep_the_code(browser):
    page = parse(browser().get("/registracija").text)
    (script,) = page.all("script")
    assert script["src"] == "/static/code.js"
    (sentence,) = [one for one in page.all("p") if one["id"] == "code-ready"]
    assert "hidden" in sentence


def test_the_page_where_a_customer_is_linked_can_fill_it_in(cast, browser):
    page = parse(browser(cast.cvetka).get("/prikljuci-stranko").text)
    (script,) = page.all("script")
    assert script["src"] == "/static/code.js"
    (sentence,) = [one for one in page.all("p") if one["id"] == "code-filled"]
    assert "hidden" in sentence
    assert [one["name"] for one in page.all("input") if one["id"] == "code"] == ["code"]


def test_signing_in_knows_nothing_of_it(browser):
    assert "code.js" not in browser().get("/prijava").text


def test_the_script_sends_nothing_and_is_small():
    script = Path(ROOT / "static" / "code.js").read_text("utf-8")
    assert len(script) < 2000
    for way_out in ("fetch", "XMLHttpRequest", "sendBeacon", "Image", "WebSocket", "cookie"):
        assert way_out not in script
    for newer in ("=>", "let ", "const ", "`"):
        assert newer not in script
