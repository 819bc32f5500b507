"""The billing program sends files: the worker checks and imports them as it does the office's."""

import io
import json
import threading
import zipfile
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from mojupravljalec import storage
from mojupravljalec.api.actions import FILE_KINDS
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.imports.models import ImportBatch
from mojupravljalec.intake import wording
from mojupravljalec.intake.actions import keep_mapping
from mojupravljalec.intake.models import Upload
from mojupravljalec.storage import Shelf

from .conftest import OURS, Program

FOREIGN = "Šifra kupca;Naziv kupca;Naslov;Opomba\n77;Ana Čuk;Lipova 1;x\n"
STRANGE = "a;b;c\n77;Ana Čuk;Lipova 1\n"
BAD = OURS + ";Nihče;Lipova 3\n"


def customers(app):
    with app.app_context():
        rows = db.session.execute(db.select(Customer.number, Customer.name).order_by(Customer.id))
        return [tuple(row) for row in rows if row.number in {"77", "78"}]


def kept_files(app):
    with app.app_context():
        folder = storage.path_of(Shelf.UPLOADS, "x").parent
        return {path.name for path in folder.iterdir()}


def uploads(app):
    with app.app_context():
        return list(db.session.scalars(db.select(Upload).order_by(Upload.id)))


def done(program, works, answer):
    """The state of what was taken in, when the worker is through with it."""
    assert answer.status_code == 202, answer.text
    works()
    return program.get(answer.location).json


def test_a_file_is_taken_in_and_imported_by_the_worker(app, cast, program, works, audit):
    answer = program.sends(OURS)
    assert answer.json["state"] == "importing"
    assert answer.json["kind"] is None
    assert answer.json["progress_percent"] == 0
    assert answer.location == answer.json["links"]["self"]
    assert customers(app) == []
    state = done(program, works, answer)
    assert customers(app) == [("77", "Ana Čuk"), ("78", "Bojan Žgur")]
    assert (state["state"], state["kind"]) == ("imported", "customers")
    assert state["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "rejected": 0}
    assert state["progress_percent"] is None
    assert state["by"] == "program: Vodarček"
    with app.app_context():
        batch = db.session.get_one(ImportBatch, state["batch"])
        assert batch.imported_by == "program: Vodarček"
    ((who, subject, details),) = audit("upload.received")
    assert (who, subject) == (cast.operator.id, f"upload:{state['id']}")
    assert details["by"] == "program: Vodarček"


def test_the_same_file_twice_changes_nothing_the_second_time(program, works):
    first = done(program, works, program.sends(OURS))
    second = done(program, works, program.sends(OURS))
    assert first["id"] != second["id"]
    assert second["state"] == "imported"
    assert second["batch"] is None
    assert second["counts"] == {"new": 0, "changed": 0, "unchanged": 2, "rejected": 0}


@pytest.mark.parametrize(
    ("mimetype", "name"),
    [
        ("text/csv", "datoteka.csv"),
        ("text/csv; charset=utf-8", "datoteka.csv"),
        ("application/octet-stream", "datoteka"),
    ],
)
def test_a_file_may_be_the_whole_body(program, works, mimetype, name):
    answer = program.post("/api/imports", data=OURS.encode(), content_type=mimetype)
    assert answer.json["file_name"] == name
    assert done(program, works, answer)["counts"]["new"] == 2


@pytest.mark.parametrize(
    ("query", "headers", "name"),
    [
        ("", {"X-File-Name": "stranke%C4%8D.csv"}, "strankeč.csv"),
        ("?name=prva.csv", {"X-File-Name": "druga.csv"}, "prva.csv"),
        ("?name=../../a.csv", {}, "a.csv"),
    ],
)
def test_the_whole_body_has_the_name_that_is_said(program, query, headers, name):
    answer = program.post(
        f"/api/imports{query}", data=OURS.encode(), content_type="text/csv", headers=headers
    )
    assert answer.json["file_name"] == name


def test_a_zip_is_all_that_is_in_it(app, program, works):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("stranke.csv", OURS)
        archive.writestr("beri.txt", "pozdrav")
    answer = program.post("/api/imports", data=packed.getvalue(), content_type="application/zip")
    state = done(program, works, answer)
    assert state["kind"] == "all"
    assert state["ignored_files"] == ["beri.txt"]
    assert len(customers(app)) == 2


def test_headings_of_the_program_are_guessed(app, program, works):
    state = done(program, works, program.sends(FOREIGN, name="partnerji.csv"))
    assert state["mapping"]["sifra_stranke"] == "Šifra kupca"
    assert customers(app) == [("77", "Ana Čuk")]


def test_headings_are_mapped_as_the_program_says(app, program, works):
    mapping = {"sifra_stranke": "a", "naziv": "b", "ulica": "c"}
    query = urlencode({"kind": "customers", "mapping": json.dumps(mapping)})
    state = done(program, works, program.sends(STRANGE, f"?{query}", name="x.csv"))
    assert state["mapping"] == mapping
    assert customers(app) == [("77", "Ana Čuk")]


def test_headings_that_the_office_keeps_are_taken_by_their_name(app, program, works):
    with app.app_context():
        mapping = {"sifra_stranke": "a", "naziv": "b", "ulica": "c", "posta": "d"}
        keep_mapping("customers", "Vodarček", mapping)
        db.session.commit()
    query = urlencode({"kind": "customers", "headings": "Vodarček"})
    state = done(program, works, program.sends(STRANGE, f"?{query}", name="x.csv"))
    assert state["mapping"] == {"sifra_stranke": "a", "naziv": "b", "ulica": "c"}
    assert customers(app) == [("77", "Ana Čuk")]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"kind": "dogs"}, "kind"),
        ({"skip_bad": "da"}, "skip_bad"),
        ({"dryrun": "true"}, "dryrun"),
        ({"mapping": "{"}, "mapping"),
        ({"mapping": '{"barva": "naziv"}'}, "mapping"),
        ({"mapping": '{"stanje": "Kupec"}', "kind": "customers"}, "mapping"),
        ({"mapping": '{"naziv": "\\ud800"}'}, "mapping"),
        ({"mapping": '{"naziv": "Kupec"}', "kind": "all"}, "mapping"),
        ({"encoding": "utf-16"}, "encoding"),
        ({"mapping": "{}", "headings": "A"}, "headings"),
        ({"headings": "A"}, "headings"),
        ({"headings": ""}, "headings"),
        ({"headings": "\x00"}, "headings"),
    ],
)
def test_what_is_wrong_in_the_query_is_named_and_no_file_is_kept(app, program, query, parameter):
    before = kept_files(app)
    answer = program.sends(OURS, f"?{urlencode(query)}")
    assert answer.status_code == 422
    assert answer.json["type"] == "/api/problems/not-valid"
    assert {error["parameter"] for error in answer.json["errors"]} == {parameter}
    assert uploads(app) == []
    assert kept_files(app) == before


def refused(app, program, works, answer):
    """Why the file was refused; it is not kept."""
    state = done(program, works, answer)
    assert state["state"] == "refused"
    assert state["counts"] is None
    assert uploads(app)[-1].stored == ""
    assert customers(app) == []
    return state["trouble"]


def test_headings_cannot_be_said_of_a_zip(app, program, works):
    before = kept_files(app)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("stranke.csv", OURS)
    answer = program.sends(packed.getvalue(), '?mapping={"naziv": "naziv"}', name="vse.zip")
    assert "ni ena sama tabela" in refused(app, program, works, answer)
    assert kept_files(app) == before


@pytest.mark.parametrize(
    ("mapping", "why"),
    [({"naziv": "Kupec"}, "ni stolpca »Kupec«"), ({"stanje": "naziv"}, "»stanje« ni stolpec")],
)
def test_a_mapping_that_does_not_fit_the_file_is_refused(app, program, works, mapping, why):
    answer = program.sends(OURS, f"?{urlencode({'mapping': json.dumps(mapping)})}")
    assert why in refused(app, program, works, answer)


def test_headings_that_are_kept_for_another_kind_are_refused(app, program, works):
    with app.app_context():
        keep_mapping("ledger", "Vodarček", {"opis": "Kupec"})
        db.session.commit()
    query = urlencode({"headings": "Vodarček"})
    assert "Vodarček" in refused(app, program, works, program.sends(OURS, f"?{query}"))


def test_a_file_that_could_be_anything_is_refused(app, program, works):
    before = kept_files(app)
    answer = program.sends(STRANGE, name="x.csv")
    assert "ni jasno, kaj je v datoteki" in refused(app, program, works, answer)
    assert kept_files(app) == before


def test_the_encoding_of_text_can_be_said(app, program, works):
    latin = OURS.replace("Čuk", "Šuk").encode("iso-8859-2")
    state = done(program, works, program.sends(latin))
    assert state["state"] == "refused"
    assert "»©uk«" in state["trouble"]
    assert customers(app) == []
    state = done(program, works, program.sends(latin, "?encoding=iso-8859-2"))
    assert state["state"] == "imported"
    assert customers(app) == [("77", "Ana Šuk"), ("78", "Bojan Žgur")]


def test_the_kinds_are_those_of_the_office():
    assert set(FILE_KINDS) == set(wording.KINDS)


@pytest.mark.parametrize(
    ("content", "query"),
    [
        (b"%PDF-1.7", ""),
        (b"", ""),
        (b"\x00" * 100, ""),
        (b"PK\x03\x04 but no more", ""),
        (b"<x/>", ""),
        (OURS.encode(), "?kind=statements"),
        (OURS.encode(), "?kind=all"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(app, program, works, content, query):
    before = kept_files(app)
    answer = program.sends(content, query)
    assert refused(app, program, works, answer).startswith("stranke.csv: ")
    assert kept_files(app) == before


def test_a_dry_run_writes_nothing_and_may_be_followed_by_the_import(app, program, works):
    answer = program.sends(OURS, "?dry_run=true")
    assert answer.json["state"] == "checking"
    state = done(program, works, answer)
    assert state["state"] == "checked"
    assert state["counts"]["new"] == 2
    assert state["batch"] is None
    assert customers(app) == []
    state = done(program, works, program.post(state["links"]["import"]))
    assert state["state"] == "imported"
    assert state["links"]["import"] is None
    assert len(customers(app)) == 2


def test_a_bad_row_stops_the_file_unless_it_may_be_left_out(app, program, works):
    state = done(program, works, program.sends(BAD))
    assert state["state"] == "refused"
    assert state["counts"]["rejected"] == 1
    assert state["bad_rows"] == ['stranke.csv:4: sifra_stranke: "": manjka']
    assert customers(app) == []
    state = done(program, works, program.sends(BAD, "?skip_bad=true"))
    assert state["state"] == "imported"
    assert len(customers(app)) == 2


def test_bad_rows_that_a_check_found_may_be_left_out_afterwards(app, program, works):
    state = done(program, works, program.sends(BAD, "?dry_run=1"))
    path = state["links"]["import"]
    assert done(program, works, program.post(f"{path}?skip_bad=true"))["state"] == "imported"
    assert len(customers(app)) == 2


def test_only_what_was_checked_can_be_imported(app, program, works):
    answer = program.sends(OURS)
    path = f"{answer.location}/import"
    for _ in range(2):
        refused = program.post(path)
        assert refused.status_code == 409
        assert refused.json["type"] == "/api/problems/not-checked"
        works()
    assert program.post("/api/imports/987654/import").status_code == 404


def test_a_file_that_a_person_sent_is_seen_as_well(app, browser, cast, program, works):
    operator = browser(cast.operator)
    files = {"files": (io.BytesIO(OURS.encode()), "stranke.csv")}
    page = operator.post("/pisarna/uvozi", data=files).location
    number = page.rpartition("/")[2]
    state = program.get(f"/api/imports/{number}").json
    assert (state["state"], state["by"]) == ("reading", cast.operator.email)
    works()
    assert program.get(f"/api/imports/{number}").json["state"] == "received"
    operator.post(page, data={"do": "check", "kind": "customers"})
    works()
    assert program.post(f"/api/imports/{number}/import").status_code == 202


def test_a_file_that_breaks_off_says_so_in_its_state(program, works):
    state = done(program, works, program.sends("sifra_stranke;ulica\n77;Lipova 1\n"))
    assert state["state"] == "refused"
    assert "naziv" in state["trouble"]
    assert state["counts"] is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"file": "text"},
        {"datoteka": (io.BytesIO(b"x"), "stranke.csv")},
        {"file": (io.BytesIO(b"x"), "stranke.csv"), "kind": "customers"},
        {"file": [(io.BytesIO(b"x"), "a.csv"), (io.BytesIO(b"y"), "b.csv")]},
    ],
)
def test_a_form_has_one_file_and_nothing_else(program, data):
    answer = program.post("/api/imports", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "#/file"


@pytest.mark.parametrize("mimetype", ["text/plain", "application/json", "image/png", ""])
def test_a_body_of_another_type_is_415(program, mimetype):
    answer = program.post("/api/imports", data=OURS.encode(), content_type=mimetype)
    assert answer.status_code == 415


@pytest.mark.parametrize("form", [True, False], ids=["form", "body"])
def test_a_file_that_is_too_large_is_413(app, made, make_app, form):
    program = Program(make_app(IMPORT_MAX_MB=1), made())
    large = OURS.encode() + b"x" * 1_100_000
    if form:
        answer = program.sends(large)
    else:
        answer = program.post("/api/imports", data=large, content_type="text/csv")
    assert answer.status_code == 413
    assert "1 MB" in answer.json["detail"]
    assert uploads(app) == []


def test_a_file_larger_than_a_form_is_taken(program, works):
    rows = "".join(f"{number};Stranka {number};{'Lipova ' * 25}\n" for number in range(2000))
    content = f"sifra_stranke;naziv;ulica\n{rows}".encode()
    assert len(content) > 256 * 1024
    answer = program.post("/api/imports", data=content, content_type="text/csv")
    assert done(program, works, answer)["counts"]["new"] == 2000


class Slow(io.BytesIO):
    """A body on a slow line: ``meanwhile`` is done before its first bytes are there."""

    def __init__(self, content, meanwhile):
        super().__init__(content)
        self._meanwhile = [meanwhile]

    def readinto(self, buffer):
        if self._meanwhile:
            self._meanwhile.pop()()
        return super().readinto(buffer)

    def read(self, size=-1):
        if self._meanwhile:
            self._meanwhile.pop()()
        return super().read(size)


@pytest.mark.parametrize("mimetype", ["text/csv", "multipart/form-data"])
def test_while_a_file_comes_in_the_database_is_free_for_others(app, made, program, mimetype):
    waits = []

    def write():
        thread = threading.Thread(target=made)
        thread.start()
        thread.join(5)
        waits.append(thread.is_alive())

    content, content_type = OURS.encode(), mimetype
    if mimetype == "multipart/form-data":
        file = FileStorage(io.BytesIO(content), "stranke.csv")
        boundary, content = encode_multipart({"file": file})
        content_type = f"{mimetype}; boundary={boundary}"
    answer = program.post(
        "/api/imports",
        input_stream=Slow(content, write),
        content_type=content_type,
        content_length=len(content),
    )
    assert answer.status_code == 202
    assert waits == [False]
