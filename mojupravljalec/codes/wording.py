"""How choices, codes and piles are called."""

from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from .queries import Stage
from .rules import Choice, Whom

WHOM = {
    Whom.ALL: _("all customers"),
    Whom.UNLINKED: _("customers to whom nobody is linked"),
    Whom.UNREACHED: _("customers to whom nobody was ever linked, without an e-mail address"),
    Whom.NUMBERS: _("customers from a list"),
    Whom.IMPORTED: _("customers that an import brought"),
    Whom.POST_CODE: _("customers with one post code"),
}
PRESENT, NEW = "obstojece", "nove"
CODES = {
    PRESENT: _("the codes that customers have; nothing changes"),
    NEW: _("new codes; those on old bills stop working at once"),
}
STAGES = {
    Stage.BUSY: (_("being made"), ""),
    Stage.READY: (_("ready"), "ok"),
    Stage.GONE: (_("file deleted"), ""),
    Stage.FAILED: (_("not made"), "bad"),
}


def called(choice: Choice) -> str:
    """For whom it is, with the number or the post code."""
    match choice.whom:
        case Whom.NUMBERS:
            return ngettext(
                "%(num)d customer number from a list",
                "%(num)d customer numbers from a list",
                len(choice.numbers),
            )
        case Whom.IMPORTED:
            return gettext("customers that import %(number)s brought", number=choice.batch_id)
        case Whom.POST_CODE:
            return gettext("customers with the post code %(code)s", code=choice.post_code)
    return str(WHOM[choice.whom])


def codes(makes_new: bool) -> str:
    """Which codes a pile has, in a word."""
    return gettext("new ones") if makes_new else gettext("present ones")


def stage(name: Stage) -> tuple[str, Any]:
    """What has become of a pile, and the colour of its label."""
    words, tone = STAGES[name]
    return str(words), tone or "plain-tag"
