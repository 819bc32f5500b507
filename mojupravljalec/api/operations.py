"""Everything that a program can ask for: the table that addresses and their document share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..exports.files import MIME, Ending
from ..imports.text_encoding import ENCODINGS
from . import rules
from .actions import FILE_KINDS
from .problems import TYPES
from .rules import Scope

TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": rules.LONGEST_NAME}
YES_NO: Mapping[str, Any] = {"type": "boolean", "default": False}
# In which types a file may be the whole body.
RAW_TYPES = (
    "text/csv",
    "application/zip",
    "application/xml",
    MIME[Ending.XLSX],
    "application/octet-stream",
)
FORM_TYPE, JSON_TYPE = "multipart/form-data", "application/json"


@dataclass(frozen=True)
class Parameter:
    """Something in the query. ``read`` makes it of text, or raises ValueError saying why not."""

    name: str
    about: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any]
    example: Any = None
    is_json: bool = False


@dataclass(frozen=True)
class Operation:
    """One address with one method.

    ``gives`` is the status of success and what comes: a schema of the document, or a type of
    files. ``takes`` is what is sent: »file«, the name of a schema, or nothing. ``own_problems``
    are those of `problems.TYPES` that not every operation has.
    """

    method: str
    rule: str
    about: str
    scope: Scope | None
    gives: tuple[int, str]
    parameters: tuple[Parameter, ...] = ()
    takes: str = ""
    own_problems: tuple[str, ...] = ()

    @property
    def takes_file(self) -> bool:
        return self.takes == "file"

    @property
    def is_repeatable(self) -> bool:
        """Whether an Idempotency-Key makes a difference."""
        return self.method == "POST"

    @property
    def problems(self) -> list[str]:
        """The names of all problems with a type of ours that it may be answered with."""
        found = {"not-valid", *self.own_problems}
        if self.scope:
            found |= {"no-token", "too-many-tokens", "scope-missing"}
        if self.is_repeatable:
            found |= {"key-not-valid", "key-in-use", "key-reused"}
        if self.takes and not self.takes_file:
            found.add("malformed")
        return [name for name in TYPES if name in found]

    @property
    def bare_problems(self) -> list[int]:
        """The statuses of those that say nothing but their status."""
        found = {500, 503}
        if "<int" in self.rule:
            found.add(404)
        if self.is_repeatable:
            found |= {400, 413}
        if self.takes:
            found.add(415)
        return sorted(found)


def _kind(text: str) -> str:
    if text not in FILE_KINDS:
        raise ValueError(f"One of: {', '.join(FILE_KINDS)}.")
    return text


def _encoding(text: str) -> str:
    if text not in ENCODINGS:
        raise ValueError(f"One of: {', '.join(ENCODINGS)}.")
    return text


_SKIP_BAD = Parameter(
    "skip_bad", "Leave bad rows out and import the rest.", YES_NO, rules.yes_no, True
)

OPERATIONS: Mapping[str, Operation] = {
    "bring_in": Operation(
        "POST",
        "/imports",
        "Send a file to be checked and imported. The answer does not wait for that: "
        "follow links.self until state is imported or refused.",
        Scope.IMPORT,
        (202, "Import"),
        (
            Parameter(
                "kind",
                "What is in the file. Without it, it is guessed from headings and names.",
                {"type": "string", "enum": list(FILE_KINDS)},
                _kind,
                "customers",
            ),
            _SKIP_BAD,
            Parameter(
                "accept_sums",
                "Let invoices in that do not add up, and mark them.",
                YES_NO,
                rules.yes_no,
            ),
            Parameter(
                "dry_run",
                "Only check the file; nothing is written. See links.import in its state.",
                YES_NO,
                rules.yes_no,
            ),
            Parameter(
                "mapping",
                "The file's headings by ours, for those that are called otherwise and are not "
                "guessed. Not together with headings.",
                {"type": "object", "additionalProperties": {"type": "string"}},
                rules.mapping,
                {"naziv": "Kupec"},
                is_json=True,
            ),
            Parameter(
                "headings",
                "The name under which the office keeps headings for this kind.",
                TEXT,
                rules.one_line,
            ),
            Parameter(
                "encoding",
                "In which encoding tables in text are, where it is not found out rightly.",
                {"type": "string", "enum": list(ENCODINGS)},
                _encoding,
                "windows-1250",
            ),
            Parameter(
                "name",
                "The name of a file that is the whole body; goes before X-File-Name.",
                {"type": "string"},
                rules.file_name,
                "stranke.csv",
            ),
        ),
        "file",
    ),
    "import_state": Operation(
        "GET",
        "/imports/<int:number>",
        "How far a file is: any file that came in, by whatever way.",
        Scope.IMPORT,
        (200, "Import"),
    ),
    "begin_import": Operation(
        "POST",
        "/imports/<int:number>/import",
        "Import a file whose state is checked.",
        Scope.IMPORT,
        (202, "Import"),
        (_SKIP_BAD,),
        own_problems=("not-checked",),
    ),
    "export": Operation(
        "POST",
        "/exports",
        "Take readings out for billing. They are locked: residents cannot change them any more.",
        Scope.EXPORT,
        (201, "Export"),
        takes="ExportWish",
        own_problems=("nothing-waits",),
    ),
    "exports": Operation(
        "GET",
        "/exports",
        "The exports, the newest first.",
        Scope.EXPORT,
        (200, "Exports"),
        (
            Parameter(
                "page",
                "From 1 on, 50 exports on each.",
                {"type": "integer", "minimum": 1, "maximum": 999_999_999, "default": 1},
                rules.page_number,
                1,
            ),
        ),
    ),
    "export_state": Operation(
        "GET",
        "/exports/<int:number>",
        "One export.",
        Scope.EXPORT,
        (200, "Export"),
    ),
    "export_csv": Operation(
        "GET",
        "/exports/<int:number>/odcitki.csv",
        "The readings of an export: the same bytes each time. UTF-8 with BOM, semicolons, "
        "decimal commas. It is noted who took them.",
        Scope.EXPORT,
        (200, MIME[Ending.CSV]),
    ),
    "export_xlsx": Operation(
        "GET",
        "/exports/<int:number>/odcitki.xlsx",
        "The same as a workbook.",
        Scope.EXPORT,
        (200, MIME[Ending.XLSX]),
        own_problems=("too-many-rows",),
    ),
    "document": Operation(
        "GET", "/openapi.json", "This document. It needs no token.", None, (200, "Document")
    ),
}
