"""Tokens and whose they are, kept headings, and answers that were given."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from werkzeug.exceptions import NotFound

from ..accounts.models import Account
from ..accounts.roles import Right, may
from ..exports.models import ReadingExport
from ..exports.queries import Export, exports
from ..extensions import db
from ..intake.models import HeadingMap
from ..web.lists import Query
from .models import ApiAnswer, ApiToken

PAGE_ROWS = 50


class Program(NamedTuple):
    """Who asks with a token: its account answers for what it does."""

    token_id: int
    name: str
    scopes: frozenset[str]
    account_id: int
    used_at: datetime | None

    @property
    def by(self) -> str:
        """As imports, exports and the audit call it."""
        return f"program: {self.name}"


def program(token_hash: str) -> Program | None:
    """Whose token this is, if it still works: its maker works here, and may make tokens."""
    row = db.session.execute(
        select(
            ApiToken.id,
            ApiToken.name,
            ApiToken.scopes,
            ApiToken.account_id,
            ApiToken.used_at,
            Account.role,
        )
        .join(Account, Account.id == ApiToken.account_id)
        .where(
            ApiToken.token_hash == token_hash,
            ApiToken.ended_at.is_(None),
            Account.closed_at.is_(None),
        )
    ).one_or_none()
    if row is None or not may(row.role, Right.STAFF):
        return None
    return Program(row.id, row.name, frozenset(row.scopes.split()), row.account_id, row.used_at)


def tokens() -> Query:
    """Every token that was ever made, with its maker."""
    return select(
        ApiToken.id,
        ApiToken.name,
        ApiToken.scopes,
        ApiToken.made_at,
        ApiToken.used_at,
        ApiToken.ended_at,
        Account.email,
        Account.role,
        Account.closed_at,
    ).join(Account, Account.id == ApiToken.account_id)


def state(row: Any) -> str:
    """Of a row of `tokens`: »works«, »ended«, or »stopped« with its maker's access."""
    if row.ended_at:
        return "ended"
    return "works" if row.closed_at is None and may(row.role, Right.STAFF) else "stopped"


def token_of(token_id: int) -> ApiToken:
    """A token by its number; one that never was is not found."""
    found = db.session.get(ApiToken, token_id)
    if found is None:
        raise NotFound
    return found


def answer(token_id: int, key: str) -> ApiAnswer | None:
    """What the token's request with this Idempotency-Key was answered."""
    return db.session.scalar(select(ApiAnswer).filter_by(token_id=token_id, key=key))


def kept_headings(kind: str, name: str) -> dict[str, str] | None:
    """The file's headings by ours, as the office keeps them under ``name``."""
    return db.session.scalar(select(HeadingMap.mapping).filter_by(kind=kind, name=name))


def exports_on(page: int) -> tuple[list[Export], bool]:
    """The exports of a page, the newest first, and whether there are older ones."""
    newest_first = exports().order_by(ReadingExport.id.desc())
    rows = db.session.execute(newest_first.limit(PAGE_ROWS + 1).offset((page - 1) * PAGE_ROWS))
    found = [Export(*row) for row in rows]
    return found[:PAGE_ROWS], len(found) > PAGE_ROWS
