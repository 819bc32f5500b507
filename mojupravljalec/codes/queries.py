"""Whose codes are chosen, and the piles of letters that were made."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, select
from werkzeug.exceptions import NotFound

from ..customers.models import Customer, CustomerLink
from ..extensions import db
from ..jobs.models import Job, JobState
from ..web.lists import Query
from .models import CodeBatch
from .rules import Choice, Whom

AT_ONCE = 5000  # rows that one statement names


class Printed(NamedTuple):
    """A customer as letters and lists need it."""

    id: int
    number: str
    name: str
    street: str
    post_code: str
    town: str
    code: str


_PRINTED = (
    Customer.id,
    Customer.number,
    Customer.name,
    Customer.street,
    Customer.post_code,
    Customer.town,
    Customer.access_code,
)


def count(choice: Choice) -> int:
    """How many customers the choice holds now."""
    return db.session.scalar(select(func.count(Customer.id)).where(*_within(choice))) or 0


def first(choice: Choice, rows: int) -> list[Printed]:
    """The first customers of the choice, by number; without their codes."""
    query = select(*_PRINTED).where(*_within(choice)).order_by(Customer.number).limit(rows)
    return [Printed(*row)._replace(code="") for row in db.session.execute(query)]


def customers(choice: Choice) -> list[Printed]:
    """Every customer of the choice, in no order."""
    return [Printed(*row) for row in db.session.execute(select(*_PRINTED).where(*_within(choice)))]


def unknown(numbers: Sequence[str]) -> list[str]:
    """Those of ``numbers`` that no customer has."""
    known = set(db.session.scalars(select(Customer.number).where(Customer.number.in_(numbers))))
    return [number for number in numbers if number not in known]


def _within(choice: Choice) -> list[ColumnElement[bool]]:
    link = exists().where(CustomerLink.customer_id == Customer.id)
    match choice.whom:
        case Whom.ALL:
            return []
        case Whom.UNLINKED:
            return [~link.where(CustomerLink.ended_at.is_(None))]
        case Whom.UNREACHED:
            return [~link, Customer.email == ""]
        case Whom.NUMBERS:
            return [Customer.number.in_(choice.numbers)]
        case Whom.IMPORTED:
            return [Customer.batch_id == choice.batch_id]
        case Whom.POST_CODE:
            return [Customer.post_code == choice.post_code]


def held_codes(customer_ids: Sequence[int]) -> dict[int, str]:
    """The codes of now by customer, which nobody changes until the transaction ends."""
    found: dict[int, str] = {}
    # Whoever holds several holds them in this order, so that nobody waits in a circle.
    ordered = sorted(customer_ids)
    for start in range(0, len(ordered), AT_ONCE):
        query = (
            select(Customer.id, Customer.access_code)
            .where(Customer.id.in_(ordered[start : start + AT_ONCE]))
            .order_by(Customer.id)
            .with_for_update()  # their unique codes change: FOR NO KEY UPDATE is not enough
        )
        found.update(db.session.execute(query).all())
    return found


# ---------------------------------------------------------------- piles


class Stage(StrEnum):
    """What has become of a pile."""

    DRAFT = "draft"  # looked at, and not made
    BUSY = "busy"
    READY = "ready"
    GONE = "gone"  # made, and the file is deleted
    FAILED = "failed"


class Pile(NamedTuple):
    """A pile, and what its job says."""

    batch: CodeBatch
    job_state: str | None
    trouble: str

    @property
    def stage(self) -> Stage:
        return stage(self.job_state, self.batch.stored)

    @property
    def can_be_made(self) -> bool:
        return self.stage in (Stage.DRAFT, Stage.FAILED)


def stage(job_state: str | None, stored: str) -> Stage:
    """What has become of a pile whose job is in ``job_state``, None without one."""
    match job_state:
        case None:
            return Stage.DRAFT
        case JobState.FAILED:
            return Stage.FAILED
        case JobState.DONE:
            return Stage.READY if stored else Stage.GONE
    return Stage.BUSY


def pile_of(batch_id: int) -> Pile:
    """The pile with this number; NotFound where there is none."""
    row = db.session.execute(
        select(CodeBatch, Job.state, Job.trouble)
        .outerjoin(Job, Job.id == CodeBatch.job_id)
        .where(CodeBatch.id == batch_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return Pile(row[0], row[1], row[2] or "")


def piles() -> Query:
    """Every pile that was asked for; what was only looked at is none."""
    return select(
        CodeBatch.id,
        CodeBatch.asked_at,
        CodeBatch.by,
        CodeBatch.which,
        CodeBatch.makes_new,
        CodeBatch.letters,
        CodeBatch.stored,
        Job.state.label("job_state"),
    ).join(Job, Job.id == CodeBatch.job_id)


def newer_codes(batch: CodeBatch) -> int | None:
    """A later pile for which new codes were made, perhaps for the same customers."""
    return db.session.scalar(
        select(func.max(CodeBatch.id))
        .join(Job, Job.id == CodeBatch.job_id)
        .where(
            CodeBatch.asked_at > batch.asked_at,
            CodeBatch.makes_new.is_(True),
            Job.state == JobState.DONE,
        )
    )
