"""What entries are looked for; all of it stands in the address."""

import ipaddress
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import ValidationError

from ..web.forms import DayField, Form
from . import queries
from .queries import Wanted
from .wording import GROUPS


class NetworkField(StringField):
    """A network address, as `web.access.client_address` gives it to the audit."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.kept: str | None = None
        self.data = valuelist[0].strip() if valuelist else None
        if self.data:
            self.kept = _kept(self.data)


def _kept(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.removesuffix("/64"))
    except ValueError:
        raise ValueError(gettext("Write the address like this: 192.0.2.7.")) from None
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network(f"{address}/64", strict=False))


class WantedForm(Form):
    """Sent by GET, and without a token: it changes nothing."""

    group = SelectField(
        _("What happened"), name="skupina", default="", choices=[], validate_choice=False
    )
    email = StringField(_("Who (e-mail address)"), name="kdo")
    customer = StringField(_("Customer number"), name="stranka")
    from_on = DayField(_("From the day"), name="od")
    to_on = DayField(_("Up to the day"), name="do")
    address = NetworkField(_("Network address"), name="naslov")

    account_id: int | None = None
    customer_id: int | None = None

    def offer(self) -> None:
        """Let a group of events be chosen, in the reader's language."""
        groups = ((key, str(group.title)) for key, group in GROUPS.items())
        self.group.choices = [("", gettext("all")), *groups]

    def validate_email(self, field: Any) -> None:
        if text := _tidy(field.data):
            self.account_id = queries.account_of(text)
            if self.account_id is None:
                raise ValidationError(gettext("Nobody has this e-mail address."))

    def validate_customer(self, field: Any) -> None:
        if text := _tidy(field.data):
            self.customer_id = queries.customer_of(text)
            if self.customer_id is None:
                raise ValidationError(gettext("There is no customer with this number."))

    def validate_to_on(self, field: Any) -> None:
        first, last = self.from_on.day, field.day
        if first and last and last < first:
            raise ValidationError(gettext("The last day lies before the first one."))

    @property
    def asked(self) -> dict[str, str]:
        """What was typed, by its name in the address."""
        return {field.name: field.data for field in self if field.data}

    @property
    def wanted(self) -> Wanted:
        """What to look for; only of a form that is valid."""
        group = GROUPS.get(self.group.data or "")
        return Wanted(
            prefixes=group.prefixes if group else None,
            account_id=self.account_id,
            subject=f"customer:{self.customer_id}" if self.customer_id else None,
            address=self.address.kept,
            from_on=self.from_on.day,
            to_on=self.to_on.day,
        )


def _tidy(text: str | None) -> str:
    return (text or "").replace("\0", "").strip()
