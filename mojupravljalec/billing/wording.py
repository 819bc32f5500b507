"""How invoices are spoken of: states, periods, causes, obstacles."""

from decimal import Decimal

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from ..ledger.rules import State
from ..values import money
from ..web.filters import period
from .differences import Cause, Item, Part, main_cause, register_m3
from .document import Line
from .models import Invoice
from .naming import title
from .page import Comparison
from .units import in_words
from .upn_qr import Obstacle

__all__ = ["register_m3", "title"]

STATES = {
    State.PAID: ("ok", _("✓ paid")),
    State.PARTLY: ("warn", _("partly paid")),
    State.OPEN: ("warn", _("to pay")),
    State.TODAY: ("warn", _("due today")),
    State.PASSED: ("warn", _("payment not known yet")),
    State.OVERDUE: ("bad", _("overdue")),
    State.REPLACED: ("ok", _("replaced")),
    State.CREDIT: ("ok", _("credit note")),
}

CAUSES = {
    Cause.CONSUMPTION: (_("more water"), _("less water")),
    Cause.PRICE: (_("higher prices"), _("lower prices")),
    Cause.NEW: (_("new items"), _("new items that take off")),
    Cause.GONE: (_("discounts that are gone"), _("items that are gone")),
    Cause.SETTLEMENT: (_("settlement and instalments"), _("settlement and instalments")),
    Cause.OTHER: (_("other"), _("other")),
}

OBSTACLES = {
    Obstacle.CREDIT: _("There is nothing to pay: this amount is in your favour."),
    Obstacle.NOTHING: _("There is nothing to pay."),
    Obstacle.TOO_MUCH: _("The amount is too large for the QR code."),
    Obstacle.NO_IBAN: _("There is no QR code: the invoice names no account to pay to."),
    Obstacle.NO_PAYER: _("There is no QR code: the payer's address is not complete."),
    Obstacle.NO_PAYEE: _("There is no QR code: the recipient's address is not complete."),
    Obstacle.BAD_REFERENCE: _("There is no QR code: the payment reference is not a valid one."),
    Obstacle.NO_PURPOSE: _("There is no QR code: the invoice has no number."),
}


def states() -> dict[State, tuple[str, str]]:
    """Colour and words of every state, looked up once for many rows."""
    return {one: (tone, str(words)) for one, (tone, words) in STATES.items()}


def tone(state: State) -> str:
    """The colour of a state's label; never the only sign of it."""
    return STATES[state][0]


def state(state: State) -> str:
    """A state in words, with a sign where it is a good one."""
    return str(STATES[state][1])


def obstacle(code: Obstacle) -> str:
    """Why there is no QR code, in one sentence."""
    return str(OBSTACLES[code])


def quantity(line: Line) -> str:
    """»12 m³«, with the unit in words; "" where the document says none."""
    if line.quantity is None:
        return ""
    unit = in_words(line.unit, line.quantity)
    return f"{money.decimal_written(line.quantity)}{money.NBSP}{unit}".rstrip()


def cause(part: Part) -> str:
    """What a part of the difference comes from."""
    more, less = CAUSES[part.cause]
    return str(more if part.cents > 0 else less)


def difference(one: Comparison) -> str:
    """The comparison in one or two sentences."""
    than = _called(one.earlier)
    if one.cents == 0:
        return gettext("This invoice is as high as %(earlier)s.", earlier=than)
    amount = money.euros(abs(one.cents))
    if one.cents > 0:
        sentence = gettext(
            "This invoice is %(amount)s higher than %(earlier)s.", amount=amount, earlier=than
        )
    else:
        sentence = gettext(
            "This invoice is %(amount)s lower than %(earlier)s.", amount=amount, earlier=than
        )
    main = main_cause(one.parts)
    if main is None:
        return sentence
    reason = gettext(
        "The main reason: %(cause)s (%(amount)s).",
        cause=cause(main),
        amount=money.euros(main.cents, sign=True),
    )
    return f"{sentence} {reason}"


def _called(invoice: Invoice) -> str:
    when = period(invoice.period_from, invoice.period_to)
    return (
        gettext("the one for %(period)s", period=when)
        if when
        else gettext("invoice %(number)s", number=invoice.number)
    )


def details(part: Part, one: Comparison) -> list[str]:
    """What stands behind a part, item by item."""
    if part.cause == Cause.CONSUMPTION and None not in (one.used_m3, one.used_before_m3):
        assert one.used_m3 is not None and one.used_before_m3 is not None  # noqa: S101, PT018 narrows the types
        return [_water(one.used_m3, one.used_before_m3)]
    return [_detail(part.cause, item) for item in part.items]


def _water(now_m3: Decimal, before_m3: Decimal) -> str:
    """How much more or less water, in words: a difference has no sign."""
    amounts = {
        "now": money.decimal_written(now_m3),
        "before": money.decimal_written(before_m3),
        "difference": money.decimal_written(abs(now_m3 - before_m3)),
    }
    if now_m3 > before_m3:
        return gettext("%(difference)s m³ more: %(now)s m³ instead of %(before)s m³", **amounts)
    if now_m3 < before_m3:
        return gettext("%(difference)s m³ less: %(now)s m³ instead of %(before)s m³", **amounts)
    return gettext("%(now)s m³, as much as before", **amounts)


def _detail(cause: Cause, item: Item) -> str:
    before, after = item.before, item.after
    if cause != Cause.PRICE or before is None or after is None:
        return f"{item.description}: {money.euros(item.cents, sign=True)}"
    if before.price is None or after.price is None or before.price == after.price:
        return f"{item.description}: {money.euros(item.cents, sign=True)}"
    return gettext(
        "%(item)s: %(now)s € instead of %(before)s €",
        item=item.description,
        now=money.decimal_written(after.price, 4),
        before=money.decimal_written(before.price, 4),
    )
