"""What came with a program's request, read and judged; what is wrong is raised as a Problem."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple, cast

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from . import rules
from .operations import FORM_TYPE, JSON_TYPE, RAW_TYPES, Operation
from .problems import Problem, not_valid
from .rules import Fault

IN_MEMORY = 512 * 1024  # bytes of a file; a larger one lies on the disk meanwhile
FIELD = "file"
NAMES = {
    "text/csv": "datoteka.csv",
    "application/zip": "datoteka.zip",
    "application/xml": "datoteka.xml",
}


class Sent(NamedTuple):
    """A file that came in the body: its name, its bytes and their SHA-256."""

    name: str
    content: BinaryIO
    sha256: str


def parameters(operation: Operation) -> dict[str, Any]:
    """What the query says, by name; what is not there is left out.

    A name that nobody knows is refused: a mistyped ``dry_run`` would write.
    """
    known = {one.name: one for one in operation.parameters}
    faults, read = [], {}
    for name, text in request.args.items():
        try:
            read[name] = known[name].read(text)
        except KeyError:
            known_names = ", ".join(known) or "none"
            faults.append(Fault(f"Not known here. Known: {known_names}.", name))
        except ValueError as wrong:
            faults.append(Fault(str(wrong), name))
    if faults:
        raise not_valid(faults)
    return read


def json_body() -> Any:
    """What the body says in JSON."""
    if request.mimetype != JSON_TYPE:
        raise UnsupportedMediaType
    try:
        return rules.parsed(request.get_data())
    except ValueError as wrong:
        raise Problem("malformed", str(wrong)) from None


def repeat_key() -> str | None:
    """The request's Idempotency-Key, if it has one."""
    header = request.headers.get("Idempotency-Key")
    try:
        return None if header is None else rules.repeat_key(header)
    except ValueError as wrong:
        raise Problem("key-not-valid", str(wrong)) from None


@contextmanager
def sent_file(name: str) -> Iterator[Sent]:
    """The file in the body, as long as the context lasts; called ``name`` unless that is ""."""
    if request.mimetype == FORM_TYPE:
        upload = _of_form()
        yield _sent(name or rules.file_name(upload.filename or ""), upload.stream)
    elif request.mimetype in RAW_TYPES:
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
            shutil.copyfileobj(request.stream, kept)
            said = rules.from_header(request.headers.get("X-File-Name", ""))
            yield _sent(name or rules.file_name(said), cast(BinaryIO, kept))
    else:
        raise UnsupportedMediaType


def _of_form() -> Any:
    """The one file of a form that has nothing else."""
    fields = [*request.files.items(multi=True), *request.form.items(multi=True)]
    if [name for name, _ in fields] != [FIELD] or FIELD not in request.files:
        said = "Send one file in the field file; everything else belongs into the query."
        raise not_valid([Fault(said, pointer=f"#/{FIELD}")])
    return request.files[FIELD]


def _sent(name: str, content: BinaryIO) -> Sent:
    content.seek(0)
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # it reads bytes
    content.seek(0)
    return Sent(name or NAMES.get(request.mimetype, "datoteka"), content, digest)
