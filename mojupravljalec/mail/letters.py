"""What the letters say: one small function for each kind, one structure for all of them."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_mail import Message
from itsdangerous import URLSafeSerializer

from ..values import clock, deadlines
from ..values.deadlines import Status
from ..values.money import euros
from ..web.deadlines import due
from ..web.filters import genitive_day, near_day, period
from .models import OutboxLetter

Facts = Mapping[str, Any]

ACTIVATION_DAYS = 3
NEW_EMAIL_DAYS = 3
RESET_HOURS = 1

# U+061C, U+200E … : they turn the reading direction, so that a name shows what it is not.
_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


UNSUBSCRIBE_SALT = "unwanted-mail"
# Letters that a person may switch off, as the profile calls them.
CHOICES = {
    "new-invoice": _("A new invoice"),
    "invoice-due": _("An unpaid invoice, three days before it is due"),
    "payment-booked": _("A payment that we have received"),
}
_PERIOD = ("period_from", "period_to")


@dataclass(frozen=True)
class Button:
    """The one thing to do; ``url`` also stands under it in plain, to be copied."""

    label: str
    url: str


@dataclass(frozen=True)
class Letter:
    """A letter in one language, in the order in which it is read."""

    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    button: Button | None = None
    code_hint: str = ""
    code: str = ""
    closing: tuple[str, ...] = ()
    amount: str = ""  # large, after the first paragraph
    unsubscribe: str = ""  # where letters of the kind are switched off


def write(letter: OutboxLetter) -> Message:
    """The subject, text and HTML of ``letter`` in its language.

    Raises KeyError for an unknown kind or a missing fact. Nothing is read from the database.
    """
    with force_locale(letter.language):
        content = KINDS[letter.kind](letter.facts)
        headers = {"Auto-Submitted": "auto-generated", "Content-Language": letter.language}
        if letter.kind in CHOICES:
            token = unsubscribe_token(letter.facts["account_id"], letter.kind)
            url = _url(f"/brez-sporocil/{token}")
            content = replace(content, unsubscribe=url)
            # One press in the mail program is enough (RFC 8058).
            headers["List-Unsubscribe"] = f"<{url}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message = Message(
            subject=one_line(content.subject),
            recipients=[letter.to_address],
            body=_render("mail/letter.txt", content, letter.language),
            html=_render("mail/letter.html", content, letter.language),
            sender=current_app.config["MAIL_SENDER"],
            date=letter.created_at.timestamp(),
            extra_headers=headers,
        )
    message.msgId = letter.message_id
    return message


def unsubscribe_token(account_id: int, kind: str) -> str:
    """What the link carries by which letters of ``kind`` are switched off."""
    signer = URLSafeSerializer(current_app.config["SECRET_KEY"], salt=UNSUBSCRIBE_SALT)
    return str(signer.dumps([account_id, kind]))


def _render(template: str, content: Letter, language: str) -> str:
    # Past render_template: what pages put into every context has no place in a letter.
    page = current_app.jinja_env.get_template(template)
    return page.render(letter=content, language=language, config=current_app.config)


def one_line(text: str) -> str:
    """``text`` without line breaks, control characters and turns of direction."""
    seen = text.translate(_BIDI)
    seen = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in seen)
    return " ".join(seen.split())


def name(text: str) -> str:
    """A name as a letter may show it: one line, and nothing a mail program makes a link of.

    Whoever registers chooses the name and also the address the letter goes to.
    """
    line = one_line(str(text))[:100]
    return re.sub(r"\.(?=\w{2})", ". ", line).replace("://", ": / /")


def _url(path: str) -> str:
    return f"{current_app.config['SITE_URL']}/{path.lstrip('/')}"


def _site() -> str:
    return one_line(current_app.config["SITE_NAME"])


def _greeting(facts: Facts) -> str:
    called = name(facts["first_name"])
    greeting: str = gettext("Hello %(name)s,", name=called) if called else gettext("Hello,")
    return greeting


def _call_us() -> str:
    sentence: str = gettext(
        "If this was not your wish, call us at once: %(phone)s, %(hours)s.",
        phone=current_app.config["OPERATOR_PHONE"],
        hours=current_app.config["OPERATOR_HOURS"],
    )
    return sentence


def _hours(hours: int) -> str:
    sentence: str = ngettext(
        "The button works for %(num)d hour.", "The button works for %(num)d hours.", hours
    )
    return sentence


def _activation(facts: Facts) -> Letter:
    return Letter(
        subject=gettext("Confirm your e-mail address"),
        greeting=_greeting(facts),
        paragraphs=(
            gettext(
                "Access to the portal %(site)s was created with this address. "
                "One last step: confirm that the address is yours.",
                site=_site(),
            ),
            gettext(
                "The button activates the access with the name and the password "
                "that were typed at this registration."
            ),
        ),
        button=Button(gettext("Confirm the address"), _url(facts["path"])),
        code_hint=gettext("Or type this code on the page %(url)s", url=_url("/aktivacija")),
        code=one_line(str(facts["code"])),
        closing=(
            gettext(
                "What next? After that, sign in and type the customer code. "
                "It is printed on the invoice."
            ),
            ngettext(
                "The button and the code work for %(num)d day. "
                "Later you can ask for new ones on the sign-in page.",
                "The button and the code work for %(num)d days. "
                "Later you can ask for new ones on the sign-in page.",
                ACTIVATION_DAYS,
            ),
            gettext("If the access is not yours, discard this letter: nothing will happen."),
        ),
    )


def _invitation(facts: Facts) -> Letter:
    return Letter(
        subject=gettext("Invitation to the office of %(site)s", site=_site()),
        greeting=_greeting(facts),
        paragraphs=(
            gettext("You are invited to work in the office of the portal %(site)s.", site=_site()),
            gettext(
                "Choose your name and password. At the first sign-in you will also set up "
                "your phone or a passkey as the second proof."
            ),
        ),
        button=Button(gettext("Accept the invitation"), _url(facts["path"])),
        closing=(
            ngettext(
                "The button works for %(num)d day.",
                "The button works for %(num)d days.",
                ACTIVATION_DAYS,
            ),
            gettext("If you do not expect it, discard this letter: nothing will happen."),
        ),
    )


def _factor_changed(facts: Facts) -> Letter:
    what = {
        "phone": gettext("From now on signing in asks for a code of your phone."),
        "passkey": gettext("From now on signing in may ask for a passkey."),
        "removed": gettext("A second proof of signing in was removed."),
    }[facts["what"]]
    return Letter(
        subject=gettext("Signing in to your access has changed"),
        greeting=_greeting(facts),
        paragraphs=(gettext("Your access to the portal %(site)s:", site=_site()), what),
        closing=(_call_us(),),
    )


def _known_address(facts: Facts) -> Letter:
    return Letter(
        subject=gettext("You already have access"),
        greeting=_greeting(facts),
        paragraphs=(
            gettext(
                "Somebody, perhaps you, tried to create access to the portal %(site)s "
                "with this address. The address already has access. Nothing has changed.",
                site=_site(),
            ),
            gettext("If you know your password, sign in on the page %(url)s", url=_url("/prijava")),
            gettext("If you do not remember it, choose a new one."),
        ),
        button=Button(gettext("Choose a new password"), _url(facts["path"])),
        closing=(
            _hours(RESET_HOURS),
            gettext("If the request is not yours, discard this letter: nothing will happen."),
        ),
    )


def _reset(facts: Facts) -> Letter:
    return Letter(
        subject=gettext("Choose a new password"),
        greeting=_greeting(facts),
        paragraphs=(
            gettext(
                "Somebody, perhaps you, asked for a new password for your access "
                "to the portal %(site)s.",
                site=_site(),
            ),
        ),
        button=Button(gettext("Choose a new password"), _url(facts["path"])),
        closing=(
            _hours(RESET_HOURS),
            gettext(
                "If the request is not yours, discard this letter: "
                "your present password stays as it is."
            ),
        ),
    )


def _new_email(facts: Facts) -> Letter:
    return Letter(
        subject=gettext("Confirm your new e-mail address"),
        greeting=_greeting(facts),
        paragraphs=(
            gettext(
                "This is to become the address of your access to the portal %(site)s. "
                "Until you confirm it, the old address holds.",
                site=_site(),
            ),
        ),
        button=Button(gettext("Confirm the address"), _url(facts["path"])),
        closing=(
            ngettext(
                "The button works for %(num)d day.",
                "The button works for %(num)d days.",
                NEW_EMAIL_DAYS,
            ),
            gettext("If the request is not yours, discard this letter: nothing will happen."),
        ),
    )


def _email_changed(facts: Facts) -> Letter:
    return Letter(
        subject=gettext("The e-mail address of your access has changed"),
        greeting=_greeting(facts),
        paragraphs=(
            gettext("The new address of your access to the portal %(site)s is:", site=_site()),
            one_line(str(facts["new_email"])),
            gettext("Sign in with the new address. No more letters will come to this one."),
        ),
        closing=(_call_us(),),
    )


def _password_changed(facts: Facts) -> Letter:
    return Letter(
        subject=gettext("Your password has changed"),
        greeting=_greeting(facts),
        paragraphs=(
            gettext(
                "The password of your access to the portal %(site)s has changed. "
                "On other devices you need to sign in again.",
                site=_site(),
            ),
        ),
        closing=(_call_us(),),
    )


def _customer_linked(facts: Facts) -> Letter:
    return Letter(
        subject=gettext(
            "Customer %(number)s: one more person has access", number=name(facts["customer_number"])
        ),
        greeting=_greeting(facts),
        paragraphs=(
            gettext("One more person can now see and do what you can for this customer:"),
            _customer(facts),
            gettext("New person: %(who)s", who=name(facts["who"])),
            gettext("Your profile shows everybody who has access."),
        ),
        button=Button(gettext("Look at the profile"), _url("/profil")),
        closing=(
            gettext(
                "If you do not know this person, call us: %(phone)s, %(hours)s.",
                phone=current_app.config["OPERATOR_PHONE"],
                hours=current_app.config["OPERATOR_HOURS"],
            ),
        ),
    )


def _linked_by_office(facts: Facts) -> Letter:
    return Letter(
        subject=gettext(
            "Customer %(number)s is linked to your access", number=name(facts["customer_number"])
        ),
        greeting=_greeting(facts),
        paragraphs=(
            gettext("Our office has linked this customer to your access:"),
            _customer(facts),
            gettext("You now see the supply points, readings and invoices."),
        ),
        button=Button(gettext("Look at the portal"), _url("/")),
        closing=(_call_us(),),
    )


def _unlinked_by_office(facts: Facts) -> Letter:
    return Letter(
        subject=gettext(
            "Customer %(number)s is no longer linked to your access",
            number=name(facts["customer_number"]),
        ),
        greeting=_greeting(facts),
        paragraphs=(
            gettext("Our office has unlinked this customer from your access:"),
            _customer(facts),
            gettext("You no longer see the supply points, readings and invoices."),
        ),
        closing=(_call_us(),),
    )


def _customer(facts: Facts) -> str:
    sentence: str = gettext(
        "Customer: %(customer)s, number %(number)s",
        customer=name(facts["customer_name"]),
        number=name(facts["customer_number"]),
    )
    return sentence


def _whose(facts: Facts) -> str:
    """Customer and place, as far as the letter was given them."""
    place = name(facts.get("place", ""))
    if more := facts.get("more_places", 0):
        place = ngettext(
            "%(place)s and %(num)d more supply point",
            "%(place)s and %(num)d more supply points",
            more,
            place=place,
        )
    return ", ".join(filter(None, (name(facts.get("customer_name", "")), place)))


def _invoice(facts: Facts, *, with_period: bool = False) -> str:
    """Which invoice it is: its number, customer and place."""
    number = one_line(str(facts["number"]))
    start, end = (facts[name] and date.fromisoformat(facts[name]) for name in _PERIOD)
    if with_period and start and end:
        number = f"{number} ({period(start, end)})"
    return ", ".join(filter(None, (number, _whose(facts))))


def _invoice_button(facts: Facts) -> Button:
    return Button(gettext("Look at the invoice and pay"), _url(f"/racuni/{facts['invoice_id']}"))


def _status(facts: Facts) -> Status:
    """Whether the invoice is due on the day on which the letter is written."""
    return deadlines.status(
        facts["amount_cents"],
        date.fromisoformat(facts["due_on"]),
        today=clock.today(),
        known_until=_known_until(facts),
    )


def _known_until(facts: Facts) -> date | None:
    known = facts.get("known_until")
    return date.fromisoformat(known) if known else None


def _new_invoice(facts: Facts) -> Letter:
    amount, status = euros(facts["amount_cents"]), _status(facts)
    if status.pay_by:
        subject = gettext(
            "Invoice %(invoice)s: %(amount)s, pay by %(day)s",
            invoice=_invoice(facts),
            amount=amount,
            day=near_day(status.pay_by),
        )
    else:
        subject = gettext("Invoice %(invoice)s: %(amount)s", invoice=_invoice(facts), amount=amount)
    return Letter(
        subject=subject,
        greeting=_greeting(facts),
        paragraphs=(
            gettext(
                "Your new invoice is ready: %(invoice)s.",
                invoice=_invoice(facts, with_period=True),
            ),
            due(status),
        ),
        amount=amount,
        button=_invoice_button(facts),
    )


def _invoice_due(facts: Facts) -> Letter:
    amount, status, known = euros(facts["amount_cents"]), _status(facts), _known_until(facts)
    invoice = _invoice(facts, with_period=True)
    if known:
        first = gettext(
            "Up to %(day)s we have not received the payment for invoice %(invoice)s.",
            day=near_day(known),
            invoice=invoice,
        )
    else:
        first = gettext(
            "We have not received the payment for invoice %(invoice)s.", invoice=invoice
        )
    return Letter(
        subject=gettext(
            "Invoice %(invoice)s: still to pay %(amount)s", invoice=_invoice(facts), amount=amount
        ),
        greeting=_greeting(facts),
        paragraphs=(first, due(status)),
        amount=amount,
        button=_invoice_button(facts),
        closing=(gettext("If you have paid already, thank you: you need not do anything."),),
    )


def _payment_booked(facts: Facts) -> Letter:
    amount, whose = euros(facts["amount_cents"]), _whose(facts)
    received = genitive_day(date.fromisoformat(facts["day"]))
    subject = gettext("We have received your payment of %(amount)s", amount=amount)
    first = gettext("On %(day)s we received your payment. Thank you.", day=received)
    if whose:
        subject = f"{subject}, {whose}"
        first = gettext(
            "On %(day)s we received your payment: %(whose)s. Thank you.", day=received, whose=whose
        )
    return Letter(
        subject=subject,
        greeting=_greeting(facts),
        paragraphs=(first,),
        amount=amount,
        button=Button(
            gettext("Look at the financial card"),
            _url(f"/financna-kartica/{facts['customer_id']}"),
        ),
    )


KINDS: Mapping[str, Callable[[Facts], Letter]] = {
    "activation": _activation,
    "invitation": _invitation,
    "factor-changed": _factor_changed,
    "known-address": _known_address,
    "reset": _reset,
    "new-email": _new_email,
    "email-changed": _email_changed,
    "password-changed": _password_changed,
    "customer-linked": _customer_linked,
    "linked-by-office": _linked_by_office,
    "unlinked-by-office": _unlinked_by_office,
    "new-invoice": _new_invoice,
    "invoice-due": _invoice_due,
    "payment-booked": _payment_booked,
}
