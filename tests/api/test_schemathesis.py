"""Schemathesis plays the document against the portal, over a real port."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mojupravljalec.exports.files import MIME, Ending

from .conftest import DOCUMENT, OURS, Program

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]
FILES = ("text/csv", "application/xml", "application/zip", MIME[Ending.XLSX])
api = schemathesis.openapi.from_dict(DOCUMENT)


@schemathesis.serializer(*FILES)
def as_it_is(_context: Any, body: Any) -> dict[str, Any]:
    """A file that is the whole body."""
    return {"data": getattr(body, "data", body)}


@pytest.fixture
def clock() -> None:
    """Time goes on as ever: a server and its caller wait for each other."""


@pytest.fixture
def numbers(program: Program, sent: Any, works: Any) -> list[int]:
    """The numbers of what there is: imports in several states, and an export."""
    sent()
    program.post("/api/exports", json={"month": "2026-11"})
    for query in ("?dry_run=1", "?kind=customers", ""):
        program.sends(OURS, query)
        works()
    sent(day=19)
    return [1, 2, 3]


@api.parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_portal_does_what_the_document_says(
    case: schemathesis.Case, served: str, program: Program, numbers: list[int]
) -> None:
    number = case.path_parameters.get("number")
    if isinstance(number, int) and number % 2:
        case.path_parameters["number"] = numbers[number % len(numbers)]
    headers = {"Authorization": f"Bearer {program.token}"}
    case.call_and_validate(base_url=served, headers=headers, checks=CHECKS)
