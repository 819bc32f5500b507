"""What the board counts; each number leads to the list of what it counts."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased

from ..accounts.models import Account
from ..customers.models import CustomerLink
from ..extensions import Base, db
from ..imports.models import ImportBatch
from ..intake.models import Upload, UploadState
from ..jobs import heartbeat
from ..ledger.models import BankPayment
from ..mail.models import LetterState, OutboxLetter
from ..metering.models import MeterInstallation, Occupancy, Reading, Source, Status, SupplyPoint
from ..metering.queries import exchanges_entered
from ..values import clock

WEEK = timedelta(days=7)


class Letters(NamedTuple):
    """Letters that wait, since when the oldest does, and those that were given up."""

    waiting: int
    oldest_at: datetime | None
    refused: int


class LastImport(NamedTuple):
    """The newest import that wrote something."""

    id: int
    kind: str
    file_name: str
    imported_at: datetime
    rows: int
    rejected: int


class Payments(NamedTuple):
    """Payments of which nobody knows whose they are, and what they come to."""

    number: int
    cents: int


class ReportedExchange(NamedTuple):
    """A supply point whose meter was exchanged according to its resident, and since when."""

    customer_id: int
    point_id: int
    street: str
    number: str
    since: date


def last_import() -> LastImport | None:
    """The newest import, if there is one."""
    row = db.session.execute(
        select(
            ImportBatch.id,
            ImportBatch.kind,
            ImportBatch.file_name,
            ImportBatch.imported_at,
            ImportBatch.new_rows + ImportBatch.changed_rows,
            ImportBatch.rejected_rows,
        )
        .where(ImportBatch.undone_at.is_(None))
        .order_by(ImportBatch.id.desc())
        .limit(1)
    ).first()
    return LastImport(*row) if row else None


def failed_files() -> int:
    """How many files were refused in the last week."""
    since = clock.now() - WEEK
    return _count(Upload.state == UploadState.REFUSED, Upload.received_at > since, of=Upload)


def waiting_files() -> int:
    """How many files wait for somebody to say what becomes of them."""
    return _count(Upload.state.in_((UploadState.RECEIVED, UploadState.CHECKED)), of=Upload)


def unmatched_payments() -> Payments:
    """What waits in the tray."""
    row = db.session.execute(
        select(func.count(), func.coalesce(func.sum(BankPayment.amount_cents), 0)).where(
            BankPayment.customer_id.is_(None)
        )
    ).one()
    return Payments(int(row[0]), int(row[1]))


def reported_exchanges() -> list[ReportedExchange]:
    """The meters of which residents report an exchange that is not entered, the oldest first.

    A report is settled once the old meter is removed and the new one follows it, or once the old
    one was read after it; an estimate is no reading.
    """
    later = aliased(Reading)
    read_after = exists().where(
        later.installation_id == Reading.installation_id,
        later.taken_on > Reading.taken_on,
        later.status == Status.ACCEPTED,
        later.source != Source.ESTIMATE,
    )
    since = func.min(Reading.taken_on)
    rows = db.session.execute(
        select(Occupancy.customer_id, SupplyPoint.id, SupplyPoint.street, SupplyPoint.number, since)
        .join(MeterInstallation, MeterInstallation.id == Reading.installation_id)
        .join(SupplyPoint, SupplyPoint.id == MeterInstallation.supply_point_id)
        .join(Occupancy, Occupancy.supply_point_id == SupplyPoint.id)
        .where(
            Reading.reported_serial.is_not(None),
            Reading.id.not_in(exchanges_entered()),
            Occupancy.from_on <= Reading.taken_on,
            func.coalesce(Occupancy.to_on, Reading.taken_on) >= Reading.taken_on,
            ~read_after,
        )
        .group_by(Occupancy.customer_id, SupplyPoint.id, SupplyPoint.street, SupplyPoint.number)
        .order_by(since, SupplyPoint.id)
    )
    return [ReportedExchange(*row) for row in rows]


def letters() -> Letters:
    """What of the mail has not arrived."""
    waits = OutboxLetter.state == LetterState.QUEUED
    row = db.session.execute(
        select(func.count(), func.min(OutboxLetter.created_at)).where(waits)
    ).one()
    return Letters(
        row[0], row[1], _count(OutboxLetter.state == LetterState.FAILED, of=OutboxLetter)
    )


def no_worker_since() -> datetime | None:
    """Since when no worker has been alive, None while one is.

    Before the first worker ever: since the oldest letter waits.
    """
    since = heartbeat.last_sign() or letters().oldest_at
    return since if since and clock.now() - since > heartbeat.GONE_AFTER else None


def never_activated() -> int:
    """How many residents registered and never activated their access."""
    return _count(
        Account.activated_at.is_(None),
        Account.role.is_(None),
        of=Account,
    )


def new_links() -> int:
    """How many accounts were linked to a customer in the last week."""
    return _count(CustomerLink.linked_at > clock.now() - WEEK, of=CustomerLink)


def _count(*which: ColumnElement[bool], of: type[Base]) -> int:
    query = select(func.count()).select_from(of).where(*which)
    return int(db.session.execute(query).scalar_one())
