"""Imports and exports as programs see them."""

from datetime import date, datetime
from typing import Any

from flask import url_for

from ..exports.files import XLSX_ROWS
from ..exports.queries import Export
from ..intake.models import Upload, UploadState
from ..intake.queries import BUSY
from ..intake.report import from_json
from ..jobs.leases import progress_of


def as_import(upload: Upload) -> dict[str, Any]:
    """A file and what became of it: `openapi` describes the members."""
    report = from_json(upload.report)
    here = url_for("api.import_state", number=upload.id)
    begin = url_for("api.begin_import", number=upload.id)
    return {
        "id": upload.id,
        "state": upload.state,
        "kind": upload.kind or None,
        "file_name": upload.file_name,
        "size_bytes": upload.size_bytes,
        "sha256": upload.sha256,
        "received_at": _moment(upload.received_at),
        "finished_at": _moment(upload.finished_at),
        "by": upload.by,
        "mapping": upload.mapping,
        "skip_bad": upload.skip_bad,
        "accept_sums": upload.accept_sums,
        "progress_percent": _percent(upload),
        "counts": _counts(upload),
        "bad_rows": report.bad,
        "notes": report.notes,
        "ignored_files": report.ignored,
        "trouble": upload.trouble or None,
        "batch": upload.batch_id,
        "links": {"self": here, "import": begin if upload.state == UploadState.CHECKED else None},
    }


def _percent(upload: Upload) -> int | None:
    """How far the worker is, None where it has nothing to do with the file now."""
    if upload.state not in BUSY:
        return None
    return progress_of(upload.job_id).percent if upload.job_id else 0


def _counts(upload: Upload) -> dict[str, int] | None:
    if not upload.report:
        return None
    counts = from_json(upload.report).counts
    return {
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
    }


def as_export(export: Export, left_out: int | None = None) -> dict[str, Any]:
    """An export; ``left_out`` is known only when it is made."""
    number = export.id
    workbook = url_for("api.export_xlsx", number=number) if export.rows <= XLSX_ROWS else None
    shown = {
        "number": number,
        "rows": export.rows,
        "made_at": _moment(export.made_at),
        "by": export.by,
        "month": f"{export.counts_for:%Y-%m}" if export.counts_for else None,
        "from": _day(export.from_on),
        "to": _day(export.to_on),
        "taken_back_at": _moment(export.undone_at),
        "links": {
            "self": url_for("api.export_state", number=number),
            "csv": url_for("api.export_csv", number=number),
            "xlsx": workbook,
        },
    }
    return shown if left_out is None else {**shown, "left_out": left_out}


def as_exports(exports: list[Export], page: int, *, has_more: bool) -> dict[str, Any]:
    """A page of exports, and the way to those beside it."""
    return {
        "exports": [as_export(one) for one in exports],
        "page": page,
        "links": {
            "self": url_for("api.exports", page=page),
            "next": url_for("api.exports", page=page + 1) if has_more else None,
            "previous": url_for("api.exports", page=page - 1) if page > 1 else None,
        },
    }


def _moment(moment: datetime | None) -> str | None:
    """In UTC, to the second (RFC 3339)."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
