"""Letters are made by the worker: every code of them is in the database, or none has changed."""

import os
import re
import time
import zipfile
from datetime import timedelta

import pypdfium2 as pdfium
import pytest

from mojupravljalec import storage
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.codes import actions, queries
from mojupravljalec.codes.models import CodeBatch
from mojupravljalec.codes.queries import Stage
from mojupravljalec.codes.rules import Choice, Whom, as_csv, from_json, numbers_in, town
from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.customers.rules import code_key, is_ours
from mojupravljalec.extensions import db
from mojupravljalec.jobs.actions import Task, do_next
from mojupravljalec.jobs.models import Job, JobState
from mojupravljalec.storage import Shelf
from mojupravljalec.values import clock

from ..files import stored

ALL = Choice(Whom.ALL)


@pytest.fixture
def office(app, cast):
    """The worker's context, with an empty shelf."""
    with app.app_context():
        for name in stored(Shelf.LETTERS):
            storage.discard(Shelf.LETTERS, name)
        yield cast
        db.session.remove()


def asked(office, choice=ALL, *, new=False):
    """The number of a pile that waits for the worker."""
    who = {"by": office.operator.email, "account_id": office.operator.id}
    batch = actions.choose(choice, makes_new=new, **who)
    actions.begin(batch, **who)
    db.session.commit()
    return batch.id


def silent(_done, _total):
    """Nobody watches how far the letters are."""


def works(stopping=lambda: False):
    while do_next(stopping):
        pass


def made(office, choice=ALL, *, new=False):
    """The pile after the worker is done."""
    number = asked(office, choice, new=new)
    works()
    return queries.pile_of(number)


def codes():
    """The present code of each customer, by number."""
    db.session.rollback()
    return dict(db.session.execute(db.select(Customer.number, Customer.access_code)).all())


def letters(pile):
    """The text of each sheet, without spaces."""
    path = storage.path_of(Shelf.LETTERS, pile.batch.stored)
    with pdfium.PdfDocument(path) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return ["".join(text.split()) for text in pages]


def shelf():
    return {path.name for path in storage.path_of(Shelf.LETTERS, "").iterdir()}


def entries(event):
    return list(db.session.scalars(db.select(AuditEntry).filter_by(event=event)))


# ---------------------------------------------------------------- for whom


@pytest.fixture
def known(office):
    """Ana unlinked herself, the third has an e-mail address; a fourth came with nothing."""
    link = db.session.scalars(db.select(CustomerLink).filter_by(account_id=office.ana.id)).one()
    link.ended_at = clock.now()
    third = db.session.scalars(db.select(Customer).filter_by(number="03")).one()
    third.email, third.post_code = "tri@primer.si", "2999"
    db.session.add(Customer(number="04", name="Stranka 4", access_code="X-4", access_code_key="X4"))
    db.session.commit()


def numbers(choice):
    found = sorted(one.number for one in queries.customers(choice))
    assert queries.count(choice) == len(found)
    assert [one.number for one in queries.first(choice, 9)] == found
    return found


def test_a_choice_holds_whom_it_says(known):
    assert numbers(ALL) == ["01", "02", "03", "04"]
    assert numbers(Choice(Whom.UNLINKED)) == ["01", "03", "04"]
    assert numbers(Choice(Whom.UNREACHED)) == ["04"]
    assert numbers(Choice(Whom.POST_CODE, post_code="2999")) == ["03"]
    assert numbers(Choice(Whom.NUMBERS, numbers=("04", "77", "01"))) == ["01", "04"]
    assert numbers(Choice(Whom.IMPORTED, batch_id=7)) == []


def test_numbers_that_nobody_has_are_named_in_their_order(known):
    assert queries.unknown(("88", "01", "77")) == ["88", "77"]


def test_the_first_customers_come_without_their_codes(known):
    assert {one.code for one in queries.first(ALL, 9)} == {""}


@pytest.mark.parametrize(
    "choice",
    [
        ALL,
        Choice(Whom.NUMBERS, numbers=("1", "2")),
        Choice(Whom.IMPORTED, batch_id=3),
        Choice(Whom.POST_CODE, post_code="2000"),
    ],
)
def test_a_choice_is_kept_as_it_is(choice):
    assert from_json(choice.as_json()) == choice


def test_the_audit_names_a_short_list_and_counts_a_long_one():
    short, long = (Choice(Whom.NUMBERS, tuple(map(str, range(many)))) for many in (3, 60))
    assert short.told() == {"whom": "seznam", "numbers": ["0", "1", "2"]}
    assert long.told() == {"whom": "seznam", "numbers": 60}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        (" \r\n;,\t", ()),
        ("12\r\n13\r\n12", ("12", "13")),
        ("12;13, 14\t15", ("12", "13", "14", "15")),
        ("A-1\x00B", ("A-1", "B")),
    ],
)
def test_a_pasted_list_is_read_however_it_is_parted(text, found):
    assert numbers_in(text) == found


def test_a_town_is_a_place_without_its_post_code():
    assert town("2999 Podgorje pri Reki") == "Podgorje pri Reki"
    assert town("Podgorje") == "Podgorje"


# ---------------------------------------------------------------- done


def test_letters_with_present_codes_change_no_code(office):
    before = codes()
    pile = made(office)
    assert pile.stage == Stage.READY
    assert pile.batch.letters == 3
    assert codes() == before
    found = letters(pile)
    assert len(found) == 3
    for text, code in zip(found, before.values(), strict=True):
        assert code in text


def test_the_codes_of_new_letters_are_those_of_the_database(office):
    before = codes()
    pile = made(office, new=True)
    after = codes()
    assert set(after.values()) & set(before.values()) == set()
    for text, (number, code) in zip(letters(pile), sorted(after.items()), strict=True):
        assert code in text
        assert before[number] not in text
        assert is_ours(code_key(code))
    keys = db.session.execute(db.select(Customer.access_code, Customer.access_code_key))
    assert all(key == code_key(code) for code, key in keys)


def test_only_the_chosen_get_new_codes_and_links_stay(office):
    before = codes()
    made(office, Choice(Whom.NUMBERS, numbers=("01",)), new=True)
    assert {number for number, code in codes().items() if code != before[number]} == {"01"}
    assert db.session.scalar(db.select(db.func.count()).where(CustomerLink.ended_at.is_(None))) == 2


def test_letters_come_in_the_order_of_the_post(office):
    streets = {"01": "Lipova ulica 10", "02": "Lipova ulica 2", "03": "Čopova 1"}
    for one in db.session.scalars(db.select(Customer)):
        one.street = streets[one.number]
    db.session.commit()
    found = letters(made(office))
    order = [next(street for street in streets.values() if _bare(street) in x) for x in found]
    assert order == ["Čopova 1", "Lipova ulica 2", "Lipova ulica 10"]


def _bare(text):
    # ends with the post code of the next line, so that 1 is not found in 10
    return "".join(text.split()) + "2000"


def test_the_letter_is_dated_and_comes_from_the_operator(office):
    (text, *_) = letters(made(office))
    assert "Podgorje," in text
    assert "2999Podgorje," not in text
    assert "KomunalaPodgorje" in text
    assert "Vodovodnacesta1" in text
    assert "localhost/registracija" in text


def test_many_letters_come_as_a_zip_of_pdfs(office, monkeypatch):
    monkeypatch.setattr(actions, "ONE_PDF", 2)
    pile = made(office, new=True)
    path = storage.path_of(Shelf.LETTERS, pile.batch.stored)
    assert path.suffix == ".zip"
    found = []
    with zipfile.ZipFile(path) as together:
        assert together.namelist() == ["pisma-000001-000002.pdf", "pisma-000003-000003.pdf"]
        for name in together.namelist():
            with pdfium.PdfDocument(together.read(name)) as document:
                found += ["".join(p.get_textpage().get_text_range().split()) for p in document]
    assert all(code in text for code, text in zip(codes().values(), found, strict=True))


def test_what_was_made_is_noted_without_a_code(office):
    pile = made(office, Choice(Whom.NUMBERS, numbers=("01", "03")), new=True)
    (entry,) = entries("codes.made")
    assert entry.account_id == office.operator.id
    assert entry.subject == f"code_batch:{pile.batch.id}"
    assert entry.details == {
        "letters": 2,
        "new": True,
        "which": {"whom": "seznam", "numbers": ["01", "03"]},
    }
    kept = str([(one.subject, one.details) for one in db.session.scalars(db.select(AuditEntry))])
    kept += str([one.which for one in db.session.scalars(db.select(CodeBatch))])
    for code in codes().values():
        assert code not in kept


def test_how_far_it_is_can_be_seen(office, monkeypatch):
    monkeypatch.setattr(actions, "ONE_STEP", 2)
    seen = []

    class Watched(Task):
        def progress(self, done, total):
            seen.append((done, total))

    number = asked(office)
    job = db.session.get_one(Job, queries.pile_of(number).batch.job_id)
    actions.run(job, Watched(silent, lambda: False))
    db.session.commit()
    assert seen == [(0, 3), (2, 3)]


def test_while_letters_are_printed_others_can_write(office, monkeypatch):
    """On SQLite, who writes holds the whole database."""
    other = []

    class Printing(Task):
        def progress(self, done, total):
            with db.engine.begin() as connection:
                connection.execute(db.update(Customer).values(street=f"Nova {done}"))
            other.append((done, total))

    number = asked(office)
    job = db.session.get_one(Job, queries.pile_of(number).batch.job_id)
    actions.run(job, Printing(silent, lambda: False))
    db.session.commit()
    assert other == [(0, 3)]


# ---------------------------------------------------------------- not done


def test_a_choice_that_holds_nobody_any_more_is_said(office):
    before = codes()
    pile = made(office, Choice(Whom.POST_CODE, post_code="9999"), new=True)
    assert pile.stage == Stage.FAILED
    assert "nobene stranke" in pile.trouble
    assert codes() == before
    assert shelf() == set()


@pytest.mark.parametrize("new", [False, True])
def test_codes_that_change_meanwhile_fail_the_pile(office, new):
    """Somebody at the desk renews a code, while the letters are being printed."""

    class Meanwhile(Task):
        def progress(self, *_):
            with db.engine.begin() as connection:
                connection.execute(
                    db.update(Customer)
                    .where(Customer.number == "02")
                    .values(access_code="OTHER", access_code_key="OTHER")
                )

    before = codes()
    number = asked(office, new=new)
    job = db.session.get_one(Job, queries.pile_of(number).batch.job_id)
    with pytest.raises(actions.GivenUp):
        actions.run(job, Meanwhile(silent, lambda: False))
    db.session.rollback()
    assert codes() == before | {"02": "OTHER"}
    assert shelf() == set()


def test_a_code_that_another_customer_has_fails_the_pile(office, monkeypatch):
    taken = codes()["03"]
    monkeypatch.setattr(actions, "new_access_code", lambda: taken)
    before = codes()
    pile = made(office, Choice(Whom.NUMBERS, numbers=("01", "02")), new=True)
    assert pile.stage == Stage.FAILED
    assert "Nova koda je enaka" in pile.trouble
    assert codes() == before
    assert shelf() == set()


def test_words_that_leave_no_room_fail_the_pile(office, app, monkeypatch):
    monkeypatch.setitem(app.config, "OPERATOR_HOURS", "od ponedeljka do petka, " * 200)
    pile = made(office)
    assert pile.stage == Stage.FAILED
    assert "ne gre na en list" in pile.trouble
    assert shelf() == set()


def test_a_worker_that_is_told_to_end_leaves_nothing_and_begins_anew(office):
    before = codes()
    number = asked(office, new=True)
    assert do_next(lambda: True)
    assert codes() == before
    assert shelf() == set()
    assert queries.pile_of(number).stage == Stage.BUSY
    works()
    assert queries.pile_of(number).stage == Stage.READY
    assert set(codes().values()) & set(before.values()) == set()


def test_a_worker_that_dies_has_changed_no_code_and_its_file_is_swept(office):
    """Killed at the very end: the letters are printed, the codes are written, nothing is kept."""
    before = codes()
    number = asked(office, new=True)
    job = db.session.get_one(Job, queries.pile_of(number).batch.job_id)
    job.state, job.tries = JobState.RUNNING, 1
    db.session.commit()
    actions.run(job, Task(silent, lambda: False))
    db.session.rollback()  # what the database does when the connection breaks
    (orphan,) = shelf()
    assert codes() == before
    works()
    pile = queries.pile_of(number)
    assert pile.stage == Stage.READY
    assert shelf() == {orphan, pile.batch.stored}
    assert all(code in text for code, text in zip(codes().values(), letters(pile), strict=True))
    _aged(orphan, days=2)
    _chore()
    assert shelf() == {pile.batch.stored}


def test_a_pile_that_failed_can_be_made_once_more(office, app, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(app.config, "OPERATOR_HOURS", "od ponedeljka do petka, " * 200)
        pile = made(office)
    assert pile.can_be_made
    actions.begin(pile.batch, by=office.clerk.email, account_id=office.clerk.id)
    db.session.commit()
    works()
    pile = queries.pile_of(pile.batch.id)
    assert (pile.stage, pile.batch.by) == (Stage.READY, office.clerk.email)


def test_a_pile_is_made_once(office):
    number = asked(office)
    for _ in range(2):
        batch = queries.pile_of(number).batch
        with pytest.raises(actions.NotNow):
            actions.begin(batch, by=office.clerk.email, account_id=office.clerk.id)
        db.session.rollback()
        works()
    assert db.session.scalar(db.select(db.func.count(Job.id))) == 1


# ---------------------------------------------------------------- the end of files


def _aged(name, days):
    old = time.time() - days * 86_400
    os.utime(storage.path_of(Shelf.LETTERS, name), (old, old))


def _chore():
    actions.clear_files()
    db.session.commit()


def test_a_file_goes_after_a_week_and_not_before(office):
    pile = made(office)
    _aged(pile.batch.stored, days=6)
    _chore()
    pile = queries.pile_of(pile.batch.id)
    assert pile.stage == Stage.READY
    assert shelf() == {pile.batch.stored}
    pile.batch.asked_at -= timedelta(days=7, minutes=1)
    db.session.commit()
    _chore()
    pile = queries.pile_of(pile.batch.id)
    assert (pile.stage, pile.batch.letters) == (Stage.GONE, 3)
    assert shelf() == set()


def test_a_choice_that_nobody_went_on_with_goes_after_a_day(office):
    kept = asked(office)
    batch = actions.choose(ALL, makes_new=False, by="", account_id=office.operator.id)
    db.session.commit()
    _chore()
    assert queries.pile_of(batch.id).stage == Stage.DRAFT
    for one in db.session.scalars(db.select(CodeBatch)):
        one.asked_at -= timedelta(days=2)
    db.session.commit()
    _chore()
    assert list(db.session.scalars(db.select(CodeBatch.id))) == [kept]


# ---------------------------------------------------------------- the list


def test_the_list_has_the_codes_of_now_in_the_order_of_the_letters(office):
    batch = made(office, new=True).batch
    first = db.session.scalars(db.select(Customer).filter_by(number="01")).one()
    first.street, first.access_code, first.access_code_key = "Žabja 1", "NOW-1", "NOW1"
    db.session.commit()
    data = actions.take_list(batch, account_id=office.operator.id)
    db.session.commit()
    present = codes()
    assert data.decode("utf-8-sig").split("\r\n") == [
        "sifra_stranke;naziv;ulica;posta;kraj;koda_stranke",
        f"02;Stranka 2;Lipova ulica 7;2000;Podgorje;{present['02']}",
        f"03;Stranka 3;Lipova ulica 7;2000;Podgorje;{present['03']}",
        "01;Stranka 1;Žabja 1;2000;Podgorje;NOW-1",
        "",
    ]
    assert data.startswith(b"\xef\xbb\xbf")
    (entry,) = entries("codes.downloaded")
    assert entry.details == {"file": "csv", "rows": 3}


def test_no_cell_of_the_list_is_a_formula():
    data = as_csv([("1", "=HYPERLINK(1)", '@"x"', "+1", "a;b", "\tx")]).decode("utf-8-sig")
    assert data.splitlines()[1] == '1;\'=HYPERLINK(1);"\'@""x""";+1;"a;b";\'\tx'


def test_the_words_fit_on_a_sheet_in_both_languages(office, app, monkeypatch):
    for language in ("sl", "en"):
        monkeypatch.setitem(app.config, "DEFAULT_LANGUAGE", language)
        for new in (False, True):
            pile = made(office, new=new)
            assert pile.stage == Stage.READY, pile.trouble
            assert len(letters(pile)) == 3


def test_the_letter_has_four_steps_and_the_phone(office):
    (text, *_) = letters(made(office))
    assert re.search(r"1\..+2\..+3\..+4\.", text)
    assert "025550120" in text
