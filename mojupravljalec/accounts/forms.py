"""Shape and wording of what people type about their access."""

from typing import Any

from flask import current_app
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import PasswordInput

from ..web.forms import Form, Required, Shorter
from ..web.i18n import LANGUAGES
from . import rules


def is_email(_form: Any, field: Any) -> None:
    """An address that mail can go to."""
    try:
        field.data = rules.tidy_email(field.data or "")
    except rules.NotAnAddress as wrong:
        raise ValidationError(
            gettext("This is not an e-mail address. It looks like ana@example.com.")
        ) from wrong


def is_name(_form: Any, field: Any) -> None:
    """Something readable is left once control signs are gone."""
    field.data = rules.tidy_name(field.data or "")
    if not field.data:
        raise ValidationError(gettext("Write the name with letters."))


class GoodPassword:
    """Long enough, not common, not the person's own name or the utility's."""

    def __call__(self, form: Any, field: Any) -> None:
        least = _least(getattr(form, "least", 0))
        match rules.weakness(field.data, least=least, personal=_personal(form)):
            case rules.Weakness.TOO_SHORT:
                missing = least - len(field.data)
                raise StopValidation(
                    ngettext(
                        "The password is too short: %(num)d more character is needed.",
                        "The password is too short: %(num)d more characters are needed.",
                        missing,
                    )
                )
            case rules.Weakness.TOO_LONG:
                raise StopValidation(
                    gettext(
                        "The password is too long: use at most %(num)d characters.",
                        num=rules.LONGEST_PASSWORD,
                    )
                )
            case rules.Weakness.COMMON:
                raise StopValidation(
                    gettext(
                        "Many people use this password. Choose another, "
                        "for instance three words that belong to you alone."
                    )
                )
            case rules.Weakness.PERSONAL:
                raise StopValidation(
                    gettext(
                        "This password is easy to guess from your name or ours. Choose another."
                    )
                )


def _least(asked: int) -> int:
    """The fewest characters: the setting's, or more where ``asked``."""
    return max(asked, int(current_app.config["PASSWORD_MIN_LENGTH"]))


def _personal(form: Any) -> tuple[str, ...]:
    """The words that belong to this person and this portal."""
    typed = (getattr(form, name).data or "" for name in _NAMES if hasattr(form, name))
    known = getattr(form, "personal", ())
    return (*typed, *known, current_app.config["SITE_NAME"], current_app.config["OPERATOR_NAME"])


_NAMES = ("email", "first_name", "last_name")


class Same:
    """The same as the password before."""

    def __call__(self, form: Any, field: Any) -> None:
        if field.data != form.password.data:
            raise ValidationError(gettext("The two passwords differ. Type the same one twice."))


def password_help(asked: int = 0) -> str:
    """The user's rule, with the length from the settings, or ``asked`` if that is more."""
    return ngettext(
        "Your password must have at least %(num)d character.",
        "Your password must have at least %(num)d characters.",
        _least(asked),
    )


def _new_password(label: Any) -> PasswordField:
    return PasswordField(
        label,
        [Required(_("Choose a password.")), GoodPassword()],
        description=_("Your password must not be one of the commonly used passwords."),
        # Typed once is enough: a slip elsewhere must not cost the password too.
        widget=PasswordInput(hide_value=False),
        filters=[_kept],
        render_kw={"autocomplete": "new-password"},
    )


def _kept(typed: str | None) -> str | None:
    return typed if typed is None else rules.kept_password(typed)


def _again() -> PasswordField:
    return PasswordField(
        _("Confirm the password"),
        [Required(_("Type the password once more.")), Same()],
        description=_("Enter the same password as before, for verification."),
        widget=PasswordInput(hide_value=False),
        filters=[_kept],
        render_kw={"autocomplete": "new-password"},
    )


def _old_password() -> PasswordField:
    return PasswordField(
        _("Current password"),
        [Required(_("Type your current password."))],
        render_kw={"autocomplete": "current-password"},
    )


class SignInForm(Form):
    email = EmailField(
        _("E-mail address"),
        [Required(_("Type your e-mail address."))],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _("Password"),
        [Required(_("Type your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class RegistrationForm(Form):
    email = EmailField(
        _("E-mail"),
        [Required(_("Type your e-mail address.")), is_email, Shorter(254)],
        description=_("Please enter a valid e-mail address. (registration)"),
        render_kw={"autocomplete": "email"},
    )
    first_name = StringField(
        _("first name"),
        [Required(_("Type your first name.")), is_name, Shorter(60)],
        render_kw={"autocomplete": "given-name"},
    )
    last_name = StringField(
        _("last name"),
        [Required(_("Type your last name.")), is_name, Shorter(60)],
        render_kw={"autocomplete": "family-name"},
    )
    password = _new_password(_("Password"))
    again = _again()


class EmailForm(Form):
    email = EmailField(
        _("E-mail address"),
        [Required(_("Type your e-mail address.")), is_email],
        render_kw={"autocomplete": "email"},
    )


class ActivationCodeForm(EmailForm):
    code = StringField(
        _("Six-digit code from the letter"),
        [Required(_("Copy the six digits from the letter."))],
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "codebox"},
    )

    def validate_code(self, field: Any) -> None:
        field.data = "".join(sign for sign in field.data if sign.isdecimal())
        if len(field.data) != 6:
            raise ValidationError(gettext("The code has six digits."))


class NewPasswordForm(Form):
    password = _new_password(_("New password"))
    again = _again()


class NameForm(Form):
    first_name = StringField(
        _("First name"),
        [Required(_("Type your first name.")), is_name, Shorter(60)],
        render_kw={"autocomplete": "given-name"},
    )
    last_name = StringField(
        _("Last name"),
        [Required(_("Type your last name.")), is_name, Shorter(60)],
        render_kw={"autocomplete": "family-name"},
    )


class AcceptForm(NameForm):
    password = _new_password(_("Password"))
    again = _again()


class AgainForm(Form):
    password = PasswordField(
        _("Password"),
        [Required(_("Type your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class NewEmailForm(Form):
    new_email = EmailField(
        _("New e-mail address"),
        [Required(_("Type your new e-mail address.")), is_email, Shorter(254)],
        render_kw={"autocomplete": "email"},
    )
    email_password = _old_password()


class ChangePasswordForm(Form):
    old_password = _old_password()
    password = _new_password(_("New password"))
    again = _again()


class LanguageForm(Form):
    language = SelectField(
        _("Language"),
        choices=[
            SelectChoice("", _("As the browser asks")),
            *(SelectChoice(code, name) for code, name in LANGUAGES.items()),
        ],
    )
