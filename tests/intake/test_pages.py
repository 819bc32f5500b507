"""The office brings files in: guessed, mapped, tried, imported, taken back, all in the browser."""

import io
import re

import pytest

from mojupravljalec import storage
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.imports.models import ImportBatch
from mojupravljalec.intake.models import HeadingMap, Upload, UploadState
from mojupravljalec.jobs.actions import do_next
from mojupravljalec.storage import Shelf

from ..ledger.test_camt053 import document, entry, statement
from ..site.html import faults

OURS = "sifra_stranke;naziv;ulica\n77;Ana Čuk;Lipova 1\n78;Bojan Žgur;Lipova 2\n"
FOREIGN = "Partner;Kupec;Naslov;Opomba\n77;Ana Čuk;Lipova 1;x\n78;Bojan Žgur;Lipova 2;y\n"


@pytest.fixture
def desk(browser, cast):
    return browser(cast.operator)


def sends(desk, content, name="stranke.csv", encoding="utf-8"):
    data = content.encode(encoding) if isinstance(content, str) else content
    return desk.post("/pisarna/uvozi", data={"files": (io.BytesIO(data), name)})


def comes_in(desk, content, name="stranke.csv", **more):
    """The address of a file that was sent, once the worker has looked into it."""
    answer = sends(desk, content, name, **more)
    assert answer.status_code == 303, answer.text
    works(desk.application)
    return answer.location


def presses(desk, path, do, **fields):
    answer = desk.post(path, data={"do": do, **fields})
    assert answer.status_code == 303, answer.text
    return answer


def works(app):
    """The worker does all that waits."""
    with app.app_context():
        while do_next(lambda: False):
            pass


def shows(desk, path):
    answer = desk.get(path)
    assert answer.status_code == 200
    assert faults(answer.text, language="sl") == []
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def customers(app):
    with app.app_context():
        rows = db.session.execute(db.select(Customer.number, Customer.name).order_by(Customer.id))
        return [tuple(row) for row in rows if row.number in {"77", "78"}]


def upload(app):
    with app.app_context():
        return db.session.scalar(db.select(Upload).order_by(Upload.id.desc()))


def test_a_file_is_looked_at_before_anything_is_written(app, desk):
    path = comes_in(desk, OURS)
    shown = shows(desk, path)
    assert "Ana Čuk" in shown
    assert "UTF-8" in shown
    presses(desk, path, "check", kind="customers")
    assert customers(app) == []
    works(app)
    assert "77" in shows(desk, path)
    assert customers(app) == []
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(ImportBatch.id))) == 0
    presses(desk, path, "import", kind="customers")
    assert customers(app) == []
    works(app)
    assert customers(app) == [("77", "Ana Čuk"), ("78", "Bojan Žgur")]
    assert upload(app).state == UploadState.IMPORTED
    assert shows(desk, path)


def test_the_same_file_again_changes_nothing(app, desk):
    for _ in range(2):
        path = comes_in(desk, OURS)
        presses(desk, path, "check", kind="customers")
        works(app)
        shown = shows(desk, path)
        presses(desk, path, "import", kind="customers")
        works(app)
    assert "uvoz ne bi ničesar spremenil" in shown
    assert upload(app).state == UploadState.IMPORTED
    assert upload(app).batch_id is None
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(ImportBatch.id))) == 1


def test_a_statement_without_payments_can_be_imported_and_taken_back(app, desk):
    """It has no row, but tells up to when nobody paid."""

    def tries():
        path = comes_in(desk, document(statement(entry(sign="DBIT"))), "izpisek.xml")
        presses(desk, path, "check", kind="statements")
        works(app)
        return path

    first = tries()
    assert "Plačila so znana do 19. 10. 2026" in shows(desk, first)
    assert 'value="import"' in desk.get(first).text
    presses(desk, first, "import", kind="statements")
    works(app)
    batch = f"/pisarna/uvozi/stevilke/{upload(app).batch_id}"
    assert "izpisek.xml" in shows(desk, batch)
    again = tries()
    assert "uvoz ne bi ničesar spremenil" in shows(desk, again)
    assert 'value="import"' not in desk.get(again).text
    desk.post(batch)
    works(app)
    assert 'value="import"' in desk.get(tries()).text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1250"])
def test_foreign_headings_are_mapped_once_and_kept_under_a_name(app, desk, encoding):
    path = comes_in(desk, FOREIGN, "export_2026.csv", encoding=encoding)
    mapped = {
        "column-sifra_stranke": "Partner",
        "column-naziv": "Kupec",
        "column-ulica": "Naslov",
        "keep_as": "Vodarček",
    }
    presses(desk, path, "check", kind="customers", **mapped)
    works(app)
    assert upload(app).state == UploadState.CHECKED
    assert "Opomba" in shows(desk, path)
    presses(desk, path, "import", kind="customers")
    works(app)
    assert customers(app) == [("77", "Ana Čuk"), ("78", "Bojan Žgur")]
    with app.app_context():
        kept = db.session.scalars(db.select(HeadingMap)).one()
        assert kept.mapping == {"sifra_stranke": "Partner", "naziv": "Kupec", "ulica": "Naslov"}
    path = comes_in(desk, FOREIGN.replace("Lipova", "Hrastova"), "export_2027.csv")
    presses(desk, path, "fit", kind="customers", kept=str(kept.id))
    assert upload(app).mapping == kept.mapping


def test_what_changes_is_shown_with_the_old_and_the_new(app, desk):
    path = comes_in(desk, OURS)
    presses(desk, path, "import", kind="customers")
    works(app)
    path = comes_in(desk, OURS.replace("Ana Čuk", "Ana Čuk Novak"))
    presses(desk, path, "check", kind="customers")
    works(app)
    shown = shows(desk, path)
    assert "naziv Ana Čuk Ana Čuk Novak" in shown
    assert customers(app)[0] == ("77", "Ana Čuk")


def test_bad_rows_are_named_and_the_others_can_be_imported(app, desk):
    path = comes_in(desk, OURS + ";Nihče;Lipova 3\n")
    presses(desk, path, "check", kind="customers")
    works(app)
    shown = shows(desk, path)
    assert "stranke.csv:4: sifra_stranke" in shown
    with desk.get(f"{path}/zavrnjene/stranke.rejected.csv") as answer:
        assert "Nihče" in answer.text
        assert "razlog" in answer.text
    presses(desk, path, "import", kind="customers")
    works(app)
    assert upload(app).state == UploadState.REFUSED
    assert customers(app) == []
    presses(desk, path, "import", kind="customers", skip_bad="y")
    works(app)
    assert upload(app).state == UploadState.IMPORTED
    assert len(customers(app)) == 2


def test_an_import_is_taken_back(app, desk):
    path = comes_in(desk, OURS)
    presses(desk, path, "import", kind="customers")
    works(app)
    batch = f"/pisarna/uvozi/stevilke/{upload(app).batch_id}"
    assert "stranke.csv" in shows(desk, batch)
    for _ in range(2):  # a double press
        assert desk.post(batch).status_code == 303
    works(app)
    assert customers(app) == []
    assert shows(desk, batch)
    assert "stranke.csv" in shows(desk, "/pisarna/uvozi/stevilke")


def test_an_import_that_something_stands_on_stays_and_says_why(app, desk):
    path = comes_in(desk, OURS)
    presses(desk, path, "import", kind="customers")
    works(app)
    batch = f"/pisarna/uvozi/stevilke/{upload(app).batch_id}"
    points = "sifra_odjemnega_mesta;sifra_stranke;ulica\nOM-9;77;Lipova 1\n"
    path = comes_in(desk, points, "odjemna_mesta.csv")
    presses(desk, path, "import", kind="supply-points")
    works(app)
    desk.post(batch)
    works(app)
    assert "ni mogoče razveljaviti" in shows(desk, batch)
    assert len(customers(app)) == 2


def test_a_file_is_discarded(app, desk):
    path = comes_in(desk, OURS)
    stored = upload(app).stored
    presses(desk, path, "discard", kind="customers")
    with app.app_context():
        assert not storage.path_of(Shelf.UPLOADS, stored).exists()
    presses(desk, path, "check", kind="customers")
    works(app)
    assert upload(app).state == UploadState.DISCARDED
    assert shows(desk, path)


def test_a_double_press_imports_once(app, desk):
    path = comes_in(desk, OURS)
    for _ in range(2):
        presses(desk, path, "import", kind="customers")
    works(app)
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(ImportBatch.id))) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "prazna"), (b"%PDF-1.7 abc", "PDF"), (b"\xd0\xcf\x11\xe0abc", "XLS")],
)
def test_what_is_no_file_of_ours_is_refused_and_not_kept(app, desk, content, why):
    path = sends(desk, content, "x.csv").location
    with app.app_context():
        kept = storage.path_of(Shelf.UPLOADS, upload(app).stored)
    assert kept.exists()
    works(app)
    assert why in shows(desk, path)
    assert (upload(app).state, upload(app).stored) == (UploadState.REFUSED, "")
    assert not kept.exists()


def test_several_files_are_taken_together(app, desk):
    points = "sifra_odjemnega_mesta;sifra_stranke;ulica\nOM-9;77;Lipova 1\n"
    answer = desk.post(
        "/pisarna/uvozi",
        data={
            "files": [
                (io.BytesIO(points.encode()), "odjemna_mesta.csv"),
                (io.BytesIO(OURS.encode()), "stranke.csv"),
            ]
        },
    )
    path = answer.location
    works(app)
    assert upload(app).kind == "all"
    presses(desk, path, "import", kind="all")
    works(app)
    assert upload(app).state == UploadState.IMPORTED, upload(app).trouble
    assert len(customers(app)) == 2


def test_a_missing_column_is_said_where_the_file_is(app, desk):
    path = comes_in(desk, "a;b\n1;2\n", "cudno.csv")
    assert upload(app).kind == ""
    presses(desk, path, "check", kind="customers")
    works(app)
    assert upload(app).state == UploadState.REFUSED
    assert "manjka stolpec" in shows(desk, path)


def test_kept_headings_can_be_forgotten(app, desk):
    with app.app_context():
        from mojupravljalec.intake.actions import keep_mapping

        keep_mapping("customers", "Vodarček", {"naziv": "Kupec"})
        db.session.commit()
        mapping_id = db.session.scalar(db.select(HeadingMap.id))
    path = f"/pisarna/uvozi/naslovi/{mapping_id}"
    assert "Vodarček" in shows(desk, "/pisarna/uvozi")
    assert "Kupec" in shows(desk, path)
    assert desk.post(path).status_code == 303
    assert desk.get(path).status_code == 404


def test_the_web_process_does_not_look_into_a_file(app, desk, monkeypatch):
    monkeypatch.setattr("mojupravljalec.imports.guessing._form", None)  # it would be called
    monkeypatch.setattr("mojupravljalec.imports.table_file.examine", None)
    path = sends(desk, OURS).location
    assert upload(app).state == UploadState.READING
    for again in ("fit", "check", "import", "discard"):
        presses(desk, path, again, kind="customers", encoding="cp852")
    assert upload(app).state == UploadState.READING
    assert "Datoteka se bere" in desk.get(path).text


def test_a_table_that_was_read_is_mapped_anew_without_the_file(app, desk):
    path = comes_in(desk, FOREIGN, "export_2026.csv")
    with app.app_context():
        storage.path_of(Shelf.UPLOADS, upload(app).stored).unlink()
    presses(desk, path, "fit", kind="ledger")
    assert (upload(app).kind, upload(app).state) == ("ledger", UploadState.RECEIVED)
    assert "Kupec" in upload(app).mapping.values()
    answer = desk.post(path, data={"do": "fit", "kind": "all"})
    assert answer.status_code == 422
    assert "ena sama tabela" in answer.text


LATIN = OURS.replace("Čuk", "Šuk")


@pytest.mark.parametrize(("encoding", "seen"), [("iso-8859-2", "»©uk«"), ("cp852", "»¦gur«")])
def test_text_in_another_encoding_is_refused_and_read_as_chosen(app, desk, encoding, seen):
    path = comes_in(desk, LATIN, encoding=encoding)
    assert upload(app).state == UploadState.REFUSED
    shown = shows(desk, path)
    assert seen in shown
    assert encoding in shown
    assert "Ana" not in shown.replace("»", "")
    presses(desk, path, "fit", kind="customers", encoding=encoding)
    works(app)
    assert "Ana Šuk" in shows(desk, path)
    presses(desk, path, "check", kind="customers", encoding=encoding)
    works(app)
    presses(desk, path, "import", kind="customers")
    works(app)
    assert customers(app) == [("77", "Ana Šuk"), ("78", "Bojan Žgur")]


def test_the_encoding_may_be_said_with_the_file(app, desk):
    data = {"files": (io.BytesIO(LATIN.encode("cp852")), "stranke.csv"), "encoding": "cp852"}
    path = desk.post("/pisarna/uvozi", data=data).location
    works(app)
    presses(desk, path, "import", kind="customers")
    works(app)
    assert customers(app)[0] == ("77", "Ana Šuk")


def test_another_encoding_is_read_before_the_file_is_checked(app, desk):
    path = comes_in(desk, "sifra_stranke;naziv\n77;©uk\n", encoding="cp1250")
    presses(desk, path, "fit", kind="customers", encoding="windows-1250")
    works(app)
    assert "©uk" in shows(desk, path)
    presses(desk, path, "check", kind="customers", encoding="iso-8859-2")
    assert upload(app).state == UploadState.READING
    works(app)
    assert upload(app).state == UploadState.RECEIVED
    assert "Šuk" in shows(desk, path)


def test_while_the_worker_is_busy_the_page_says_so(app, desk):
    path = comes_in(desk, OURS)
    presses(desk, path, "check", kind="customers")
    shown = desk.get(path).text
    assert "<progress" in shown
    assert 'http-equiv="refresh"' in shown
    part = desk.get(path, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="found">')
