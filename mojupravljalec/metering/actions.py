"""Keeping a resident's reading. Nothing here commits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from flask import current_app

from .. import storage
from ..accounts.queries import SignedIn
from ..audit.actions import record
from ..customers.rules import serial_key
from ..extensions import db
from ..storage import Shelf
from ..throttle.actions import Limit, book
from ..values import clock
from . import queries, registers, rules
from .models import KEPT, EarlierReading, MeterInstallation, Reading, Source, Status
from .queries import PointSeen
from .windows import parse_window

# A photo that waits for its reading to be confirmed waits no longer than this.
PHOTO_WAITS = timedelta(days=2)


PHOTOS_PER_ACCOUNT = Limit("photo-account", 30, 86_400)


class TooLarge(Exception):
    """A photo over the limit of the settings."""


class TooManyPhotos(Exception):
    """More photos in a day than anyone's meters need."""


class Refusal(StrEnum):
    """Why a value that is a reading cannot be taken here."""

    NO_METER = "no-meter"
    NOT_YOURS_NOW = "not-yours-now"
    NOT_YOUR_TIME = "not-your-time"
    BILLED = "billed"
    READ_BY_OFFICE = "read-by-office"


class Refused(Exception):
    """The reading was not taken; ``why`` is for the page to put into words."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


class Doubtful(Exception):
    """The value is odd: the resident is asked before it is kept."""

    def __init__(self, verdict: rules.Verdict, value_l: int) -> None:
        super().__init__(verdict.doubts)
        self.verdict = verdict
        self.value_l = value_l


class KnownMeter(Doubtful):
    """The number of the new meter is that of the meter which is said to be gone."""


@dataclass(frozen=True)
class Answers:
    """What the form says. ``confirmed_l``: the litres that the resident was asked about.

    ``new_serial`` is the number of the new meter, for the reason that the meter was exchanged.
    """

    typed: str
    taken_on: date
    submission: str
    confirmed_l: int | None = None
    reason: str = ""
    photo: str = ""  # its name in the storage
    new_serial: str = ""

    @property
    def reports_exchange(self) -> bool:
        """Whether the value is of another meter than the portal knows."""
        return self.reason == rules.Reason.METER_CHANGED

    def key(self, account_id: int) -> str:
        """What makes sending once more the same: going back and changing it does not."""
        content = f"{self.taken_on}:{self.typed.strip()}"
        if self.reports_exchange:
            content += f":{self.new_serial}"
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        return f"{account_id}:{digest}:{self.submission}"


def register_of(meter: MeterInstallation) -> registers.Register:
    """The meter as the rules see it."""
    return registers.Register(
        meter.digits,
        meter.decimals,
        meter.installed_on,
        meter.start_l,
        meter.removed_on,
        meter.end_l,
    )


def submit_reading(person: SignedIn, point: PointSeen, answers: Answers) -> Reading:
    """Keep a resident's reading; a doubtful one, once confirmed, waits for the office.

    So does one of a meter that the resident reports instead of the one known here, and every
    later one until the office has settled it.

    The same submission again gives the reading it became the first time. A second value
    or photo for a day corrects the first, which is kept as it was. Of an exchange that is
    reported once more, the number and the photo stay unless others come.

    Raises NotAReading (cannot be one), Refused (not here), Doubtful (ask, then send again
    with ``confirmed_l`` and a reason), KnownMeter.
    """
    meter = queries.current_meter(point.id, lock=True)
    if meter is None:
        raise Refused(Refusal.NO_METER)
    submission = answers.key(person.id)
    if sent := queries.reading_by_submission(submission):
        return sent
    if not point.has(clock.today()):
        raise Refused(Refusal.NOT_YOURS_NOW)
    known = _known(meter.id)
    reported = rules.open_exchange(known, answers.taken_on)
    value_l, verdict = _judged(point, meter, answers, known, reported)
    present = queries.reading_on(meter.id, answers.taken_on)
    answers = _with_report(answers, present)
    reported_serial = _reported_serial(answers, reported)
    if present is not None:
        _refuse_correction(present)
        same = (present.value_l, present.reported_serial) == (value_l, reported_serial)
        if same and present.source == Source.PORTAL and answers.photo in {"", present.photo}:
            return present
    reading = _keep(present, meter, answers, value_l)
    waits = verdict.pending or reported_serial is not None
    reading.status = Status.PENDING if waits else Status.ACCEPTED
    reading.reported_serial = reported_serial
    reading.doubts = ",".join(verdict.doubts)
    reading.submission, reading.account_id = submission, person.id
    db.session.flush()
    _record(reading, meter, is_exchange=answers.reports_exchange)
    return reading


def _record(reading: Reading, meter: MeterInstallation, *, is_exchange: bool) -> None:
    subject = f"reading:{reading.id}"
    record(
        "reading.sent",
        account_id=reading.account_id,
        subject=subject,
        value_l=reading.value_l,
        taken_on=reading.taken_on.isoformat(),
        doubts=reading.doubts,
    )
    if is_exchange:
        record(
            "reading.exchange-reported",
            account_id=reading.account_id,
            subject=subject,
            meter=meter.serial,
            new_serial=reading.reported_serial,
        )


def _with_report(answers: Answers, present: Reading | None) -> Answers:
    """What the day's reading already says of the same exchange, where it is not said anew.

    Its number and its photo are those of the new meter, also where the value is corrected.
    """
    if present is None or present.reported_serial is None or not answers.reports_exchange:
        return answers
    return replace(
        answers,
        new_serial=answers.new_serial or present.reported_serial,
        photo=answers.photo or present.photo,
    )


def _reported_serial(answers: Answers, reported: rules.Known | None) -> str | None:
    """The serial of the meter that the value is of, if that is another than the known one."""
    before = reported.reported_serial if reported else None
    if answers.reports_exchange:
        return answers.new_serial or before or ""
    return before


def _judged(
    point: PointSeen,
    meter: MeterInstallation,
    answers: Answers,
    known: Sequence[rules.Known],
    reported: rules.Known | None,
) -> tuple[int, rules.Verdict]:
    """Litres and what is odd about them; raises as ``submit_reading``.

    After a reported exchange the value is compared with the one that was reported.
    """
    measured_l = max((one.value_l for one in known if one.measured), default=None)
    value_l = registers.parse_register(
        answers.typed,
        digits=meter.digits,
        decimals=meter.decimals,
        last_l=reported.value_l if reported else measured_l,
    )
    register, earlier = register_of(meter), _earlier_meters(point.id, meter.id)
    registers.check_day(register, answers.taken_on, clock.today())
    if reported:
        register = replace(register, installed_on=reported.taken_on, start_l=reported.value_l)
        known, earlier = [], [known, *earlier]
    if not point.has(answers.taken_on):
        raise Refused(Refusal.NOT_YOUR_TIME)
    verdict = rules.judge(
        value_l,
        answers.taken_on,
        register,
        known,
        _limits(),
        earlier=earlier,
        since=point.since(answers.taken_on),
    )
    insists = answers.confirmed_l == value_l
    if value_l >= register.range_l and (insists or verdict.suggestion_l is None):
        raise registers.NotAReading(registers.Flaw.TOO_MANY_DIGITS)
    if verdict.asks and not (insists and answers.reason):
        raise Doubtful(verdict, value_l)
    if verdict.asks and answers.reports_exchange and _is_same(answers.new_serial, meter.serial):
        raise KnownMeter(verdict, value_l)
    return value_l, verdict


def _is_same(serial: str, other: str) -> bool:
    return bool(serial_key(serial)) and serial_key(serial) == serial_key(other)


def _known(installation_id: int) -> list[rules.Known]:
    """The meter's values, with those that may not be a baseline marked."""
    return [
        rules.Known(
            day, value_l, source != Source.ESTIMATE and status == Status.ACCEPTED, reported_serial
        )
        for day, value_l, source, status, reported_serial in queries.readings_of_meter(
            installation_id
        )
    ]


def _earlier_meters(point_id: int, current_id: int) -> Sequence[Sequence[rules.Known]]:
    return [_known(meter.id) for meter in queries.meters_at(point_id) if meter.id != current_id]


def _limits() -> rules.Limits:
    settings = current_app.config
    return rules.Limits(
        soft_low=settings["READING_SOFT_LOW"],
        soft_high=settings["READING_SOFT_HIGH"],
        soft_min_l=settings["READING_SOFT_M3"] * 1000,
        pending_factor=settings["READING_REVIEW"],
    )


def _refuse_correction(present: Reading) -> None:
    if present.exported_at:
        raise Refused(Refusal.BILLED)
    if present.source == Source.COLLECTOR:
        raise Refused(Refusal.READ_BY_OFFICE)


def _keep(
    present: Reading | None, meter: MeterInstallation, answers: Answers, value_l: int
) -> Reading:
    """A new row, or the present one with its old content put aside."""
    moment = clock.now()
    # What was received by the window's last second counts, whatever the phone's clock said.
    counts_for = parse_window(current_app.config["READING_WINDOW"]).counts_for(
        clock.local_day(moment)
    )
    if present is None:
        present = Reading(
            installation_id=meter.id,
            taken_on=answers.taken_on,
            value_l=value_l,
            source=Source.PORTAL,
        )
        db.session.add(present)
    else:
        _put_aside(present)
    present.value_l, present.source, present.batch_id = value_l, Source.PORTAL, None
    present.received_at, present.counts_for = moment, counts_for
    present.reason, present.photo = answers.reason, answers.photo
    return present


def _put_aside(present: Reading) -> None:
    """Keep what a correction replaces, for good."""
    db.session.add(
        EarlierReading(
            reading_id=present.id,
            replaced_at=clock.now(),
            replaced_by_batch_id=None,
            **{name: getattr(present, name) for name in KEPT},
        )
    )
    present.submission = None
    db.session.flush()


def clear_photos() -> None:
    """Quarantine photos that came with a question of ours which was never answered."""
    storage.clean_up(Shelf.PHOTOS, queries.photos(), PHOTO_WAITS)


def count_photo(person: SignedIn, size_bytes: int) -> None:
    """Book one more photo of the account. Raises TooLarge, TooManyPhotos."""
    if size_bytes > current_app.config["PHOTO_MAX_MB"] * 1024 * 1024:
        raise TooLarge
    if not book(PHOTOS_PER_ACCOUNT, str(person.id)):
        raise TooManyPhotos


def keep_photo(data: bytes) -> str:
    """Shrink and keep a photo; its name. Raises NotAPhoto. Takes long: hold no lock."""
    from .photo import shrink  # the picture library only where there is a picture

    return storage.keep(Shelf.PHOTOS, shrink(data), "jpg")
