"""How large a request may be, and the real application behind the gateway."""

import io
import threading
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine

from mojupravljalec.accounts.actions import end_devices
from mojupravljalec.accounts.roles import FRESH_LASTS
from mojupravljalec.extensions import db
from mojupravljalec.gateway import Gateway
from mojupravljalec.values import clock
from mojupravljalec.web.exchange import EXCHANGE, Exchange, Hashing

from ..conftest import PASSWORD
from .running import run_apart
from .test_gateway import Client

FORM = "application/x-www-form-urlencoded"


def with_file(size: int) -> dict[str, object]:
    return {"value": "480", "photo": (io.BytesIO(b"a" * size), "slika.jpg")}


@pytest.mark.parametrize("who", ["ana", None])
@pytest.mark.parametrize("path", ["/prijava", "/registracija", "/profil/geslo", "/profil/ime"])
def test_a_form_without_a_file_field_takes_no_file(browser, cast, who, path):
    client = browser(who and cast.ana)
    answer = client.post(path, data=with_file(300_000), content_type="multipart/form-data")
    assert answer.status_code == (303 if not who and "profil" in path else 413)


@pytest.fixture
def ended(app, browser, cast):
    """Ana's browser, whose sign-in the office has ended."""
    client = browser(cast.ana)
    with app.app_context():
        end_devices(cast.ana.id)
        db.session.commit()
    return client


def signed_in_as(client, person):
    answer = client.post("/prijava", data={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 303


def test_what_was_typed_waits_for_who_typed_it(ended, cast):
    ended.post("/profil/naslov", data={"new_email": "anja@primer.si"})
    signed_in_as(ended, cast.ana)
    assert 'value="anja@primer.si"' in ended.get("/profil/naslov").text


def test_what_was_typed_is_not_offered_to_the_next_person(ended, cast):
    ended.post("/profil/naslov", data={"new_email": "anja@primer.si"})
    signed_in_as(ended, cast.bojan)
    with ended.session_transaction() as session:
        assert "unsent" not in session
    assert "anja@primer.si" not in ended.get("/profil/naslov").text


def test_where_nobody_was_signed_in_only_a_page_of_ones_own_keeps_what_was_typed(browser, cast):
    client = browser()
    client.post("/profil/naslov", data={"new_email": "anja@primer.si"})
    with client.session_transaction() as session:
        assert "unsent" not in session
    client.post(f"/odjemna-mesta/{cast.anas_point}", data={"value": "480"})
    signed_in_as(client, cast.ana)
    assert 'value="480"' in client.get(f"/odjemna-mesta/{cast.anas_point}").text


@pytest.mark.parametrize("size", [300_000, 3_000_000])
def test_of_a_reading_with_a_photo_what_was_typed_waits(ended, cast, size):
    path = f"/odjemna-mesta/{cast.anas_point}"
    answer = ended.post(path, data=with_file(size), content_type="multipart/form-data")
    assert answer.status_code == 303
    with ended.session_transaction() as session:
        assert session["unsent"]["fields"] == {"value": "480"}


def test_a_strangers_large_photo_is_not_read(browser, cast):
    path = f"/odjemna-mesta/{cast.anas_point}"
    client = browser()
    answer = client.post(path, data=with_file(3_000_000), content_type="multipart/form-data")
    assert answer.status_code == 303
    with client.session_transaction() as session:
        assert "unsent" not in session


@pytest.mark.parametrize(("status", "sentence"), [(408, "prepočasna"), (413, "prevelika")])
def test_a_refusal_of_the_gateway_is_a_page_of_ours(browser, status, sentence):
    exchange = Exchange(1, refusal=status)
    answer = browser().post("/prijava", environ_overrides={EXCHANGE: exchange})
    assert answer.status_code == status
    assert sentence in answer.text


def test_a_refusal_of_the_gateway_is_a_problem_for_programs(browser):
    answer = browser().post("/api/imports", environ_overrides={EXCHANGE: Exchange(1, refusal=408)})
    assert (answer.status_code, answer.mimetype) == (408, "application/problem+json")
    assert "500 bytes a second" in answer.json["detail"]


def test_beyond_the_queue_the_form_comes_back(browser, cast):
    full = Exchange(1000, hashing=Hashing.FULL)
    answer = browser().post(
        "/prijava",
        data={"email": cast.ana.email, "password": PASSWORD},
        environ_overrides={EXCHANGE: full},
    )
    assert answer.status_code == 429
    assert f'value="{cast.ana.email}"' in answer.text


@pytest.mark.parametrize(("password", "status"), [(PASSWORD, 303), ("ni pravo", 422)])
def test_a_sign_in_moves_to_a_thread_that_may_hash(app, cast, tmp_path: Path, password, status):
    app.config["ANSWER_STEP_S"] = 0.05
    form = f"email={cast.ana.email}&password={password}".encode()
    client = Client(form, host="localhost", content_type=FORM, content_length=str(len(form)))
    served = Gateway(app, folder=tmp_path, body_limit=app.config["MAX_FORM_MEMORY_SIZE"])
    try:
        run_apart(served(client.scope(path=b"/prijava"), client.receive, client.send))
    finally:
        app.config["ANSWER_STEP_S"] = 0
    assert client.status == status


def test_what_waited_for_the_password_is_not_done_in_a_thread_that_hashes(
    app, browser, cast, tmp_path: Path, monkeypatch
):
    threads: list[str] = []
    endpoint = "programs.new"
    view = app.view_functions[endpoint]

    @wraps(view)
    def watched() -> Any:
        threads.append(threading.current_thread().name.split("_")[0])
        return view()

    monkeypatch.setitem(app.view_functions, endpoint, watched)
    person = browser(cast.operator)
    served = Gateway(app, folder=tmp_path, body_limit=app.config["MAX_FORM_MEMORY_SIZE"])
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False):
        token = {"name": "Vodarček", "scopes": ["import"]}
        again = urlsplit(person.post("/pisarna/programi/nov", data=token).location)
        form = f"password={cast.operator.password}".encode()
        cookie = f"portal={person.get_cookie('portal').value}"
        sent = {"host": "localhost", "content_type": FORM, "content_length": str(len(form))}
        client = Client(form, cookie=cookie, **sent)
        scope = client.scope(path=again.path.encode()) | {"query_string": again.query.encode()}
        run_apart(served(scope, client.receive, client.send))
        assert client.status == 303
        assert client.answer_headers[b"Location"] == b"/pisarna/programi"
        assert threads == ["write"]
        assert "mu_" in person.get("/pisarna/programi").text


def test_a_photo_that_is_not_wanted_is_not_read(app, cast, tmp_path: Path):
    chunks = [b"a" * 100_000] * 20
    client = Client(
        *chunks,
        host="localhost",
        content_type="multipart/form-data; boundary=b",
        content_length="2000000",
    )
    served = Gateway(app, folder=tmp_path, body_limit=app.config["MAX_FORM_MEMORY_SIZE"])
    run_apart(served(client.scope(path=b"/pisarna/uvozi"), client.receive, client.send))
    assert client.status == 303
    assert client.answer_headers[b"connection"] == b"close"
