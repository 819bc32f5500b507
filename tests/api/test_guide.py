"""The examples of docs/api.md are run as they stand there, by bash and curl."""

import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mojupravljalec.api.operations import OPERATIONS
from mojupravljalec.config import ROOT

from .conftest import OURS, Program

GUIDE = (ROOT / "docs" / "api.md").read_text("utf-8")


@pytest.fixture
def clock() -> None:
    """Time goes on as ever: a server and its caller wait for each other."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files that the examples send."""
    (tmp_path / "stranke.csv").write_text(OURS, "utf-8")
    (tmp_path / "kupci.csv").write_text(OURS.replace("naziv", "Kupec"), "utf-8")
    with zipfile.ZipFile(tmp_path / "vse.zip", "w") as archive:
        archive.writestr("stranke.csv", OURS)
    return tmp_path


@pytest.fixture
def typed(
    served: str, program: Program, folder: Path, works: Callable[[], None]
) -> Iterator[Callable[[], str]]:
    """Types the examples one after the other; the worker is through before each."""
    examples = iter(re.findall(r"```sh\n(.+?)```", GUIDE, re.DOTALL)[1:])
    environ = {"PATH": os.environ["PATH"], "PORTAL": served, "TOKEN": program.token or ""}

    def run() -> str:
        works()
        command = ["bash", "-euc", next(examples)]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True)
        return done.stdout.decode()

    yield run
    assert next(examples, None) is None


def test_the_examples_of_the_guide_work(typed, folder, sent):
    sent()
    first, whole = json.loads(typed()), json.loads(typed())
    assert (first["id"], first["state"]) == (1, "importing")
    assert (whole["id"], whole["file_name"]) == (2, "vse.zip")
    assert typed() == ""
    tried = json.loads((folder / "answer.json").read_text("utf-8"))
    assert (tried["id"], tried["state"]) == (3, "checking")
    assert tried["kind"] == "customers"
    imported = json.loads(typed())
    assert (imported["kind"], imported["counts"]["new"]) == ("customers", 2)
    assert json.loads(typed())["state"] == "importing"
    assert json.loads(typed())["number"] == 1
    assert typed() == ""
    assert (folder / "odcitki.csv").read_bytes().startswith(b"\xef\xbb\xbfstevilka_vodomera;")
    problem = json.loads(typed())
    assert problem == json.loads(re.search(r"```json\n(.+?)```", GUIDE, re.DOTALL)[1])


def test_the_guide_knows_every_parameter_and_status():
    for parameter in OPERATIONS["bring_in"].parameters:
        assert f"`{parameter.name}`" in GUIDE
    for operation in OPERATIONS.values():
        for status in operation.bare_problems:
            assert f"| {status} |" in GUIDE
