"""Files that came in, batches that they became, headings that were kept."""

from sqlalchemy import select
from werkzeug.exceptions import NotFound

from ..extensions import db
from ..imports.models import ImportBatch
from ..imports.queries import last_batch
from ..jobs.models import Job
from ..web.lists import Query
from .models import HeadingMap, Upload, UploadState

OPEN = (UploadState.RECEIVED, UploadState.CHECKED, UploadState.REFUSED)
BUSY = (UploadState.READING, UploadState.CHECKING, UploadState.IMPORTING)


def is_open(upload: Upload) -> bool:
    """Whether something can be done with the file: it is neither busy nor done with."""
    return upload.state in OPEN and bool(upload.stored)


def upload_of(upload_id: int) -> Upload:
    """A file by its number; one that never was is not found."""
    found = db.session.get(Upload, upload_id)
    if found is None:
        raise NotFound
    return found


def uploads(state: str) -> Query:
    """The files that came in, of one ``state`` or of all."""
    query = select(
        Upload.id,
        Upload.file_name,
        Upload.kind,
        Upload.received_at,
        Upload.by,
        Upload.state,
        Upload.batch_id,
    )
    return query.where(Upload.state == state) if state else query


def batches() -> Query:
    """Every numbered import."""
    return select(
        ImportBatch.id,
        ImportBatch.kind,
        ImportBatch.file_name,
        ImportBatch.imported_by,
        ImportBatch.imported_at,
        ImportBatch.new_rows,
        ImportBatch.changed_rows,
        ImportBatch.unchanged_rows,
        ImportBatch.rejected_rows,
        ImportBatch.undone_at,
    )


def batch_of(batch_id: int) -> ImportBatch:
    """An import by its number; one that never was is not found."""
    found = db.session.get(ImportBatch, batch_id)
    if found is None:
        raise NotFound
    return found


def is_last(batch: ImportBatch) -> bool:
    """Whether the batch is the last of its kind, so that it may be taken back."""
    last = last_batch(batch.kind)
    return last is not None and last.id == batch.id


def job_about(kind: str, subject_id: int) -> Job | None:
    """The newest job of a kind about something."""
    return db.session.scalar(
        select(Job).filter_by(kind=kind, subject_id=subject_id).order_by(Job.id.desc()).limit(1)
    )


def mappings(kind: str) -> list[HeadingMap]:
    """The kept mappings of a kind, by name."""
    query = select(HeadingMap).filter_by(kind=kind).order_by(HeadingMap.name)
    return list(db.session.scalars(query))


def all_mappings() -> list[HeadingMap]:
    """Every kept mapping, by kind and name."""
    return list(db.session.scalars(select(HeadingMap).order_by(HeadingMap.kind, HeadingMap.name)))


def mapping_of(mapping_id: int) -> HeadingMap:
    """A kept mapping; one that is gone is not found."""
    found = db.session.get(HeadingMap, mapping_id)
    if found is None:
        raise NotFound
    return found
