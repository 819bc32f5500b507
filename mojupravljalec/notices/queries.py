"""What is to be announced."""

from datetime import date

from sqlalchemy import select

from ..extensions import db
from .models import Notice


def notices_on(day: date) -> list[Notice]:
    """The notices in force on ``day``, the one that ends first on top."""
    return list(
        db.session.scalars(
            select(Notice)
            .where(Notice.from_on <= day, Notice.to_on >= day)
            .order_by(Notice.to_on, Notice.id)
        )
    )


def all_notices() -> list[Notice]:
    """Every notice, the newest first."""
    return list(
        db.session.scalars(select(Notice).order_by(Notice.from_on.desc(), Notice.id.desc()))
    )
