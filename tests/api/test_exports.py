"""The billing program takes readings: the same exports as the office makes."""

import pytest

from mojupravljalec.api import queries
from mojupravljalec.exports import actions, files
from mojupravljalec.exports.models import ReadingExport
from mojupravljalec.extensions import db
from mojupravljalec.metering.models import Reading, Status

NOVEMBER = {"month": "2026-11"}


def exports(app):
    with app.app_context():
        return list(db.session.scalars(db.select(ReadingExport).order_by(ReadingExport.id)))


def test_the_readings_of_a_month_are_exported_locked_and_given_as_files(
    app, cast, program, sent, audit
):
    reading = sent()
    answer = program.post("/api/exports", json=NOVEMBER)
    assert answer.status_code == 201
    number = answer.json["number"]
    assert answer.json["rows"] == 1
    assert answer.json["left_out"] == 0
    assert answer.json["by"] == "program: Vodarček"
    assert answer.location == f"/api/exports/{number}"
    with app.app_context():
        assert db.session.get_one(Reading, reading).export_id == number
    csv = program.get(answer.json["links"]["csv"])
    assert csv.text.split("\r\n")[1].startswith("182044101;OM-01;01;20.11.2026;480")
    assert csv.headers["Content-Disposition"] == f"attachment; filename=odcitki-{number}.csv"
    assert program.get(answer.json["links"]["xlsx"]).data.startswith(b"PK")
    ((who, subject, details),) = audit("export.made")
    assert (who, subject) == (cast.operator.id, f"reading_export:{number}")
    assert details["by"] == "program: Vodarček"
    downloaded = audit("export.downloaded")
    assert [details["file"] for _, _, details in downloaded] == [
        f"odcitki-{number}.csv",
        f"odcitki-{number}.xlsx",
    ]
    assert {details["by"] for _, _, details in downloaded} == {"program: Vodarček"}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_files_are_the_same_each_time(program, sent, clock, ending):
    sent()
    path = program.post("/api/exports", json=NOVEMBER).json["links"][ending]
    first = program.get(path).data
    clock.shift(3600)
    assert program.get(path).data == first


def test_the_readings_of_some_days_are_exported(program, sent):
    sent(day=20)
    body = {"from": "2026-11-21", "to": "2026-11-30"}
    assert program.post("/api/exports", json=body).status_code == 409
    answer = program.post("/api/exports", json={**body, "from": "2026-11-20"})
    assert answer.status_code == 201
    assert (answer.json["month"], answer.json["from"]) == (None, "2026-11-20")


def test_doubtful_readings_come_along_only_when_asked_for(program, sent):
    sent(day=19)
    sent(value_l=900_000, day=20, status=Status.PENDING)
    answer = program.post("/api/exports", json=NOVEMBER)
    assert (answer.json["rows"], answer.json["left_out"]) == (1, 1)
    refused = program.post("/api/exports", json=NOVEMBER)
    assert refused.status_code == 409
    assert refused.json["doubtful"] == 1
    answer = program.post("/api/exports", json={**NOVEMBER, "include_doubtful": True})
    assert answer.json["rows"] == 1


def test_a_layout_gives_the_file_its_headings(app, program, sent):
    sent()
    with app.app_context():
        headings = {"stanje": "Odčitek", "stevilka_vodomera": "Števec"}
        actions.add_layout("Vodarček", headings, account_id=None)
        db.session.commit()
    answer = program.post("/api/exports", json={**NOVEMBER, "layout": "Vodarček"})
    csv = program.get(answer.json["links"]["csv"]).data.decode("utf-8-sig")
    assert csv == "Odčitek;Števec\r\n480;182044101\r\n"


def test_a_layout_that_is_not_there_is_named_and_nothing_is_exported(app, program, sent):
    sent()
    answer = program.post("/api/exports", json={**NOVEMBER, "layout": "Nihče"})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "#/layout"
    assert exports(app) == []


def test_where_nothing_waits_there_is_no_export(app, program):
    answer = program.post("/api/exports", json=NOVEMBER)
    assert answer.status_code == 409
    assert answer.json["type"] == "/api/problems/nothing-waits"
    assert exports(app) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"month": "\\ud800'])
def test_a_body_that_is_no_json_is_400(program, body):
    answer = program.post("/api/exports", data=body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("body", ["[]", "1", "null", "{}", '{"month": "2026-13"}', '{"x": 1}'])
def test_a_body_that_asks_for_nothing_is_422(program, body):
    answer = program.post("/api/exports", data=body, content_type="application/json")
    assert answer.status_code == 422


def test_a_body_of_another_type_is_415(program):
    assert program.post("/api/exports", data={"month": "2026-11"}).status_code == 415


def test_a_body_that_is_too_large_is_413(program):
    body = b'{"month": "' + b"x" * 300_000
    answer = program.post("/api/exports", data=body, content_type="application/json")
    assert answer.status_code == 413


def test_exports_come_page_by_page_the_newest_first(program, sent, monkeypatch):
    monkeypatch.setattr(queries, "PAGE_ROWS", 2)
    for day in (18, 19, 20):
        sent(day=day)
        program.post("/api/exports", json=NOVEMBER)
    first = program.get("/api/exports").json
    second = program.get(first["links"]["next"]).json
    rows = [one["number"] for one in first["exports"] + second["exports"]]
    assert rows == sorted(rows, reverse=True)
    assert len(rows) == 3
    assert (first["links"]["previous"], second["links"]["next"]) == (None, None)
    assert program.get(second["links"]["previous"]).json == first
    assert program.get("/api/exports?page=999999999").json["exports"] == []


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1.0", "9" * 30, "１"])
def test_a_page_that_no_list_has_is_422(program, page):
    assert program.get(f"/api/exports?page={page}").status_code == 422


def test_an_export_that_was_taken_back_says_so(app, program, sent):
    sent()
    number = program.post("/api/exports", json=NOVEMBER).json["number"]
    with app.app_context():
        actions.take_back(number, by="Cvetka")
        db.session.commit()
    assert program.get(f"/api/exports/{number}").json["taken_back_at"] == "2026-11-22T12:00:00Z"


@pytest.mark.parametrize("rest", ["", "/odcitki.csv", "/odcitki.xlsx"])
def test_an_export_that_never_was_is_missing(program, rest):
    for number in (1, 987654, 2**31):
        assert program.get(f"/api/exports/{number}{rest}").status_code == 404


def test_a_workbook_has_not_so_many_rows(app, program, sent, audit):
    sent()
    number = program.post("/api/exports", json=NOVEMBER).json["number"]
    with app.app_context():
        db.session.execute(db.update(ReadingExport).values(rows=files.XLSX_ROWS + 1))
        db.session.commit()
    assert program.get(f"/api/exports/{number}").json["links"]["xlsx"] is None
    answer = program.get(f"/api/exports/{number}/odcitki.xlsx")
    assert answer.status_code == 404
    assert answer.json["type"] == "/api/problems/too-many-rows"
    assert audit("export.downloaded") == []
