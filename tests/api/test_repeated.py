"""A request that is sent again with its key is not done again."""

import threading
from datetime import timedelta

import pytest
import time_machine

from mojupravljalec.api import actions
from mojupravljalec.api.models import ApiAnswer
from mojupravljalec.exports.models import ReadingExport
from mojupravljalec.extensions import db
from mojupravljalec.intake.models import Upload

from .conftest import NOON, OURS, Program

KEY = {"Idempotency-Key": '"8e03978e-40d5"'}
NOVEMBER = {"month": "2026-11"}


def count(app, model):
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(model))


def test_a_repeated_file_is_taken_once_and_answered_alike(app, program, works):
    first = program.sends(OURS, headers=KEY)
    works()
    again = program.sends(OURS, headers=KEY)
    assert (again.status_code, again.json, again.location) == (202, first.json, first.location)
    assert count(app, Upload) == 1


def test_without_a_key_each_request_is_its_own(app, program):
    assert program.sends(OURS).location != program.sends(OURS).location
    assert count(app, Upload) == 2


def test_a_repeated_export_is_made_once(app, program, sent):
    sent()
    first = program.post("/api/exports", json=NOVEMBER, headers=KEY)
    again = program.post("/api/exports", json=NOVEMBER, headers=KEY)
    assert (again.status_code, again.json) == (201, first.json)
    assert count(app, ReadingExport) == 1


def test_a_repeated_import_of_what_was_checked_begins_once(program, works):
    path = program.sends(OURS, "?dry_run=true").location
    works()
    first = program.post(f"{path}/import", headers=KEY)
    assert first.status_code == 202
    works()
    assert program.post(f"{path}/import", headers=KEY).json == first.json
    assert program.post(f"{path}/import").status_code == 409


def test_a_key_with_and_without_quotes_is_the_same(program):
    first = program.sends(OURS, headers=KEY)
    bare = {"Idempotency-Key": KEY["Idempotency-Key"].strip('"')}
    assert program.sends(OURS, headers=bare).json == first.json


@pytest.mark.parametrize(
    ("content", "query", "name"),
    [
        (OURS + "79;Cvetka;Lipova 3\n", "", "stranke.csv"),
        (OURS, "?dry_run=true", "stranke.csv"),
        (OURS, "", "druge.csv"),
    ],
)
def test_a_key_of_another_request_is_refused(app, program, content, query, name):
    program.sends(OURS, headers=KEY)
    answer = program.sends(content, query, name, headers=KEY)
    assert answer.status_code == 422
    assert answer.json["type"] == "/api/problems/key-reused"
    assert count(app, Upload) == 1


def test_a_key_of_another_address_is_refused(program, sent):
    sent()
    program.sends(OURS, headers=KEY)
    assert program.post("/api/exports", json=NOVEMBER, headers=KEY).status_code == 422


def test_another_program_has_keys_of_its_own(app, program, made):
    other = Program(app, made(name="Druga"))
    first = program.sends(OURS, headers=KEY)
    assert other.sends(OURS, headers=KEY).json["id"] != first.json["id"]


def test_an_error_is_not_kept(app, program, sent):
    assert program.post("/api/exports", json=NOVEMBER, headers=KEY).status_code == 409
    assert count(app, ApiAnswer) == 0
    sent()
    assert program.post("/api/exports", json=NOVEMBER, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", '"a', "x" * 201])
def test_a_key_that_is_none_is_400_and_nothing_is_done(app, program, key):
    answer = program.sends(OURS, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert answer.json["type"] == "/api/problems/key-not-valid"
    assert count(app, Upload) == 0


def test_of_two_at_once_one_is_done(app, program):
    answers, ready = [], threading.Barrier(6)

    def send():
        ready.wait()
        answers.append(program.sends(OURS, headers=KEY))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json["id"] for answer in answers if answer.status_code == 202}) == 1
    assert count(app, Upload) == 1


def test_a_key_that_somebody_holds_is_in_use(app, program, tokens):
    with app.app_context():
        (token,) = tokens()
        held = actions.queries.Program(token.id, "", frozenset(), token.account_id, None)
        actions.reserve(held, "one", "a")
        with pytest.raises(actions.KeyInUse):
            actions.reserve(held, "one", "a")


def test_answers_are_kept_for_seven_days(app, program):
    first = program.sends(OURS, headers=KEY)
    for days, is_kept in ((7, True), (7.01, False)):
        with time_machine.travel(NOON + timedelta(days=days), tick=False), app.app_context():
            actions.clear_answers()
            db.session.commit()
        again = program.sends(OURS, headers=KEY)
        assert (again.json["id"] == first.json["id"]) is is_kept


def test_the_worker_clears_answers(app):
    assert actions.clear_answers in app.extensions["every_hour"]
