"""What rules and actions decided, put into sentences for residents."""

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from ..web.filters import day
from .actions import Refusal
from .chart import Look, look
from .history import Month
from .models import MeterInstallation, Source
from .registers import Flaw
from .rules import Doubt, Reason

ABOUT_THE_DAY = {
    Flaw.IN_FUTURE,
    Flaw.BEFORE_INSTALLED,
    Flaw.AFTER_REMOVED,
    Flaw.TOO_LONG_AGO,
}

SOURCES = {
    Source.COLLECTOR: _("read by the meter reader"),
    Source.CUSTOMER: _("reported to the office"),
    Source.ESTIMATE: _("estimated"),
    Source.PORTAL: _("sent on the portal"),
}

_REFUSALS = {
    Refusal.NO_METER: _("There is no meter at this supply point now. Call us, please."),
    Refusal.NOT_YOURS_NOW: _(
        "The supply point is no longer yours. What you see is the history of your time."
    ),
    Refusal.NOT_YOUR_TIME: _("On that day the supply point was not yours. Choose another day."),
    Refusal.BILLED: _("The reading of this day is billed already. To correct it, call us."),
    Refusal.READ_BY_OFFICE: _(
        "Our meter reader has read the meter on this day. If the number differs, call us."
    ),
}

REASONS = {
    Reason.GARDEN_OR_POOL: _("Watering or filling a pool"),
    Reason.LEAK: _("Something may be leaking"),
    Reason.MORE_PEOPLE: _("There are more of us in the house"),
    Reason.HOUSE_EMPTY: _("The house was empty"),
    Reason.METER_CHANGED: _("The meter was changed"),
    Reason.LAST_VALUE_WRONG: _("The last reading was not right"),
    Reason.DONT_KNOW: _("I do not know"),
}

# What the bars of the chart mean.
LEGEND = {
    Look.MEASURED: _("from readings"),
    Look.AVERAGE: _("average of a longer time between readings"),
    Look.ESTIMATE: _("estimate"),
}

_DOUBTS = {
    Doubt.RED_DIGITS: _("It seems that the red digits were typed along."),
    Doubt.SWAPPED_DIGITS: _("It seems that two digits changed places."),
    Doubt.LOWER: _("This is less than the last reading. A meter does not run backwards."),
    Doubt.ROLLOVER: _("It seems that the meter went past its last number and began again."),
    Doubt.HIGH: _("This is more than usual."),
    Doubt.LOW: _("This is less than usual."),
    Doubt.FAR_HIGH: _("This is much more than usual."),
    Doubt.ABOVE_NEXT: _("This is more than a later reading shows."),
}


def flaw(code: Flaw, meter: MeterInstallation) -> str:
    """Why it cannot be a reading, and what to do."""
    match code:
        case Flaw.EMPTY:
            return gettext("Copy the black digits from the meter.")
        case Flaw.NEGATIVE:
            return gettext("A reading has no minus. Copy the black digits from the meter.")
        case Flaw.TOO_MANY_DIGITS:
            return gettext(
                "This meter has %(num)d black digits. Copy only these.", num=meter.digits
            )
        case Flaw.IN_FUTURE:
            return gettext("This day is yet to come. Write the day on which you read the meter.")
        case Flaw.BEFORE_INSTALLED:
            return gettext(
                "This meter was built in on %(day)s. Choose a later day.",
                day=day(meter.installed_on),
            )
        case Flaw.TOO_LONG_AGO:
            return gettext("This day is more than two months ago. Call us about readings so old.")
        case Flaw.AFTER_REMOVED:
            return gettext("This meter was removed. Call us, please.")
        case _:
            return gettext("This is not a number. Copy the black digits, for example 467.")


def refusal(why: Refusal) -> str:
    """Why the reading was not taken here, and what to do."""
    return str(_REFUSALS[why])


def doubt(code: Doubt) -> str:
    """What is odd about the value."""
    return str(_DOUBTS[code])


def look_tag(month: Month) -> str:
    """Mark a month that was not measured; "" for one that was."""
    match look(month):
        case Look.AVERAGE:
            return gettext("average")
        case Look.ESTIMATE:
            return gettext("estimate")
    return ""


def reported_meter(serial: str) -> str:
    """Name the meter that a resident reported, by its number if that was given."""
    if serial:
        return gettext("new meter %(serial)s", serial=serial)
    return gettext("new meter, number not given")


def source(code: str) -> str:
    """Who read the register."""
    return str(SOURCES[Source(code)])


def too_large() -> str:
    """Why the photo was not taken, and what to do."""
    return gettext(
        "The photo is larger than %(num)d MB. Choose a smaller one, or send the reading without.",
        num=current_app.config["PHOTO_MAX_MB"],
    )
