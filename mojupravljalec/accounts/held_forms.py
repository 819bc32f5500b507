"""Forms that wait while whoever sent them types the password once more. Nothing here commits."""

from sqlalchemy import delete, select

from ..extensions import db
from ..values import clock
from ..web.access import SentForm
from .models import HeldForm
from .queries import SignedIn
from .roles import FRESH_LASTS

PER_DEVICE = 10


class HeldTooLong(Exception):
    """The form is not there any more, or was sent too long ago; nothing happened."""


def hold(person: SignedIn, form: SentForm) -> int:
    """Store a form until the password is typed; return its number."""
    _keep_newest(person.device_id, PER_DEVICE - 1)
    held = HeldForm(
        device_id=person.device_id,
        path=form.path,
        query=form.query,
        fields=[list(field) for field in form.fields],
        held_at=clock.now(),
    )
    db.session.add(held)
    db.session.flush()
    return held.id


def take(person: SignedIn, number: int) -> SentForm | None:
    """Return a form of this device, to be performed now; None if it was performed already.

    Of several calls at once, one gets the form. Raises HeldTooLong.
    """
    held = db.session.scalar(
        select(HeldForm)
        .filter_by(id=number, device_id=person.device_id)
        .with_for_update(key_share=True)
    )
    if held is None or held.held_at <= clock.now() - FRESH_LASTS:
        raise HeldTooLong
    if held.done_at is not None:
        return None
    form = SentForm(held.path, held.query, [(name, value) for name, value in held.fields])
    held.done_at, held.fields = clock.now(), []
    return form


def clear() -> None:
    """Delete the forms that are too old to be performed. Called once an hour."""
    db.session.execute(delete(HeldForm).where(HeldForm.held_at <= clock.now() - FRESH_LASTS))


def _keep_newest(device_id: int, count: int) -> None:
    newest = select(HeldForm.id).filter_by(device_id=device_id).order_by(HeldForm.id.desc())
    db.session.execute(
        delete(HeldForm).where(
            HeldForm.device_id == device_id, HeldForm.id.not_in(newest.limit(count))
        )
    )
