"""The document of the API, made of the tables by which it works (OpenAPI 3.1.0)."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ..exports.files import MIME
from ..intake.models import UploadState
from ..web.errors import PROBLEM
from ..web.outages import Cause
from . import rules
from .actions import FILE_KINDS
from .operations import (
    FORM_TYPE,
    JSON_TYPE,
    OPERATIONS,
    RAW_TYPES,
    TEXT,
    Operation,
    Parameter,
)
from .problems import TYPES, type_of

VERSION = "1.0.0"
Json = dict[str, Any]

ABOUT = """\
Files of the billing program in, readings of residents out. The same rules and limits hold as on \
the pages of the office, and everything is noted in the audit under the name of the program.

A POST may carry an Idempotency-Key: repeated with the same key within seven days, it is not done \
again but gets the first answer once more. Only answers of success are kept.

Errors are problem details (RFC 9457). What is said of a file is Slovenian, as in the office."""

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Another one for every request, the same for its repetition.",
    "schema": {"type": "string", "pattern": '^("[!#-~]{1,200}"|[!#-~]{1,200})$'},
    "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}
FILE_NAME = {
    "name": "X-File-Name",
    "in": "header",
    "description": "The name of a file that is the whole body: UTF-8 with percent signs.",
    "schema": {"type": "string", "pattern": "^[ -~]*$"},
    "example": "stranke.csv",
}
NUMBER = {
    "name": "number",
    "in": "path",
    "required": True,
    "description": "As links say it.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
}


def document_of(site_url: str, site_name: str) -> Json:
    """The whole document, for the portal at ``site_url``."""
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{site_name}: API", "version": VERSION, "description": ABOUT},
        "servers": [{"url": site_url}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {"schemas": SCHEMAS, "securitySchemes": {"token": SECURITY}},
    }


SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token that an operator made in the office, under Programs. Scopes: "
    f"{', '.join(rules.Scope)}.",
}


def path_of(rule: str) -> str:
    """The path of a route as the document has it."""
    return "/api" + re.sub(r"<int:(\w+)>", r"{\1}", rule)


def _paths() -> Json:
    paths: Json = {}
    for name, operation in OPERATIONS.items():
        here = paths.setdefault(path_of(operation.rule), {})
        here[operation.method.lower()] = _operation(name, operation)
    return paths


def _operation(name: str, operation: Operation) -> Json:
    told = {
        "operationId": name,
        "summary": operation.about,
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.scope is None:
        told["security"] = []
    else:
        told["description"] = f"Takes a token for {operation.scope}."
    if operation.takes:
        told["requestBody"] = {"required": True, "content": _body(operation)}
    return told


def _parameters(operation: Operation) -> list[Json]:
    told = [_parameter(one) for one in operation.parameters]
    if "<int" in operation.rule:
        told.append(NUMBER)
    if operation.takes_file:
        told.append(FILE_NAME)
    if operation.is_repeatable:
        told.append(KEY)
    return told


def _parameter(one: Parameter) -> Json:
    value: Json = {"schema": one.schema}
    if one.example is not None:
        value["example"] = one.example
    held = {"content": {JSON_TYPE: value}} if one.is_json else value
    return {"name": one.name, "in": "query", "description": one.about, **held}


def _body(operation: Operation) -> Json:
    if not operation.takes_file:
        schema = _ref(operation.takes)
        return {JSON_TYPE: {"schema": schema, "examples": EXAMPLES[operation.takes]}}
    binary: Json = {"type": "string", "format": "binary"}
    form = {
        "type": "object",
        "properties": {"file": binary},
        "required": ["file"],
        "additionalProperties": False,
    }
    content: Json = {FORM_TYPE: {"schema": form, "example": {"file": CSV_EXAMPLE}}}
    content |= {one: {"schema": binary} for one in RAW_TYPES}
    content["text/csv"]["example"] = CSV_EXAMPLE
    return content


# ---------------------------------------------------------------- answers


def _responses(operation: Operation) -> Json:
    status, what = operation.gives
    told = {str(status): _success(status, what)}
    by_status: dict[int, list[str]] = {one: [] for one in operation.bare_problems}
    for name in operation.problems:
        by_status.setdefault(TYPES[name][0], []).append(name)
    return told | {str(one): _problem(one, by_status[one]) for one in sorted(by_status)}


def _success(status: int, what: str) -> Json:
    told: Json = {"description": HTTPStatus(status).phrase}
    if what in MIME.values():
        return {**told, "content": {what: {"schema": {"type": "string", "format": "binary"}}}}
    content: Json = {"schema": _ref(what)}
    if what in EXAMPLES:
        content["examples"] = EXAMPLES[what]
    told["content"] = {JSON_TYPE: content}
    if status in (201, 202):
        told["headers"] = {"Location": _header("Where it is, as links.self says.")}
    return told


def _problem(status: int, names: list[str]) -> Json:
    titles = [TYPES[name][1] for name in names] or [HTTPStatus(status).phrase]
    content: Json = {"schema": _ref("Problem")}
    if names:
        content["examples"] = {name: {"value": _example(name)} for name in names}
    told: Json = {"description": "; ".join(titles), "content": {PROBLEM: content}}
    if status in _HEADERS:
        name, about = _HEADERS[status]
        told["headers"] = {name: _header(about)}
    return told


_HEADERS = {
    401: ("WWW-Authenticate", "Bearer (RFC 6750)."),
    429: ("Retry-After", "Seconds."),
    503: ("Retry-After", "Seconds."),
}


def _header(about: str) -> Json:
    return {"description": about, "schema": {"type": "string"}}


def _example(name: str) -> Json:
    status, title = TYPES[name]
    return {"type": type_of(name), "title": title, "status": status, "detail": f"{title}."}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


# ---------------------------------------------------------------- schemas


def _object(members: Mapping[str, Any], *, required: bool = True, **more: Any) -> Json:
    schema = {"type": "object", "properties": dict(members), "additionalProperties": False, **more}
    return {**schema, "required": list(members)} if required else schema


def _or_null(schema: Mapping[str, Any]) -> Json:
    return {**schema, "type": [schema["type"], "null"]}


_STRING = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_MOMENT = {"type": "string", "format": "date-time"}
_DAY = {"type": "string", "format": "date"}
_MONTH = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
_LINK = {"type": "string", "format": "uri-reference"}
_STRINGS = {"type": "array", "items": _STRING}
_YES_NO = {"type": "boolean"}

_COUNTS = _object(dict.fromkeys(("new", "changed", "unchanged", "rejected"), _COUNT))
_EXPORT = {
    "number": _COUNT,
    "rows": _COUNT,
    "made_at": _MOMENT,
    "by": _STRING,
    "month": _or_null(_MONTH),
    "from": _or_null(_DAY),
    "to": _or_null(_DAY),
    "taken_back_at": _or_null(_MOMENT),
    "links": _object({"self": _LINK, "csv": _LINK, "xlsx": _or_null(_LINK)}),
}

SCHEMAS: Json = {
    "Import": _object(
        {
            "id": _COUNT,
            "state": {"type": "string", "enum": list(UploadState)},
            "kind": {"type": ["string", "null"], "enum": [*FILE_KINDS, None]},
            "file_name": _STRING,
            "size_bytes": _COUNT,
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "received_at": _MOMENT,
            "finished_at": _or_null(_MOMENT),
            "by": _STRING,
            "mapping": {"type": "object", "additionalProperties": _STRING},
            "skip_bad": _YES_NO,
            "accept_sums": _YES_NO,
            "progress_percent": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
            "counts": {"anyOf": [_COUNTS, {"type": "null"}]},
            "bad_rows": {**_STRINGS, "description": "The first of them, each with its reason."},
            "notes": _STRINGS,
            "ignored_files": {**_STRINGS, "description": "In a ZIP, those that are nothing."},
            "trouble": {"type": ["string", "null"], "description": "Why nothing came of it."},
            "batch": {
                "type": ["integer", "null"],
                "description": "The number of the import; null also where nothing changed.",
            },
            "links": _object({"self": _LINK, "import": _or_null(_LINK)}),
        }
    ),
    "ExportWish": _object(
        {
            "month": {**_or_null(_MONTH), "description": "Readings for this month's bill."},
            "from": {**_or_null(_DAY), "description": "Readings taken on this day or later."},
            "to": {**_or_null(_DAY), "description": "Readings taken on this day or earlier."},
            "layout": {**_or_null(TEXT), "description": "Headings kept under this name."},
            "include_doubtful": {
                **_or_null(_YES_NO),
                "default": False,
                "description": "Also those that wait for the office's review.",
            },
        },
        required=False,
        anyOf=[{"required": ["month"]}, {"required": ["from", "to"]}],
    ),
    "Export": _object(
        {**_EXPORT, "left_out": {**_COUNT, "description": "Doubtful ones; when it is made."}},
        required=False,
    )
    | {"required": list(_EXPORT)},
    "Exports": _object(
        {
            "exports": {"type": "array", "items": {"$ref": "#/components/schemas/Export"}},
            "page": {"type": "integer", "minimum": 1},
            "links": _object({"self": _LINK, "next": _or_null(_LINK), "previous": _or_null(_LINK)}),
        }
    ),
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "enum": ["about:blank", *map(type_of, TYPES)],
            },
            "title": _STRING,
            "status": {"type": "integer"},
            "detail": _STRING,
            "errors": {
                "type": "array",
                "items": _object(
                    {"detail": _STRING, "parameter": _STRING, "pointer": _STRING}, required=False
                ),
                "description": "Each fault, with the query's parameter or a JSON pointer.",
            },
            "doubtful": {**_COUNT, "description": "Readings that wait for review."},
            "mark": {"type": "string", "description": "Leads to the error in the log."},
            "cause": {
                "type": "string",
                "enum": list(Cause),
                "description": "Of a 503: what is out of order.",
            },
        },
        "required": ["type", "title", "status", "detail"],
    },
    "Document": {"type": "object", "description": "OpenAPI 3.1."},
}

CSV_EXAMPLE = "sifra_stranke;Kupec;ulica\n77;Ana Čuk;Lipova 1\n"
_IMPORT_EXAMPLE = {
    "id": 12,
    "state": "imported",
    "kind": "customers",
    "file_name": "stranke.csv",
    "size_bytes": 5120,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "received_at": "2026-11-22T12:00:00Z",
    "finished_at": "2026-11-22T12:00:03Z",
    "by": "program: Vodarček",
    "mapping": {"naziv": "Kupec"},
    "skip_bad": True,
    "accept_sums": False,
    "progress_percent": None,
    "counts": {"new": 2, "changed": 0, "unchanged": 118, "rejected": 1},
    "bad_rows": ['stranke.csv:4: sifra_stranke: "": manjka'],
    "notes": [],
    "ignored_files": [],
    "trouble": None,
    "batch": 7,
    "links": {"self": "/api/imports/12", "import": None},
}
_EXPORT_EXAMPLE = {
    "number": 3,
    "rows": 120,
    "made_at": "2026-11-30T23:10:00Z",
    "by": "program: Vodarček",
    "month": "2026-11",
    "from": None,
    "to": None,
    "taken_back_at": None,
    "left_out": 2,
    "links": {
        "self": "/api/exports/3",
        "csv": "/api/exports/3/odcitki.csv",
        "xlsx": "/api/exports/3/odcitki.xlsx",
    },
}
EXAMPLES: Json = {
    "Import": {"imported": {"value": _IMPORT_EXAMPLE}},
    "Export": {"made": {"value": _EXPORT_EXAMPLE}},
    "ExportWish": {
        "month": {"value": {"month": "2026-11", "layout": None, "include_doubtful": False}},
        "days": {"value": {"from": "2026-11-01", "to": "2026-11-30"}},
    },
}
