"""Every setting: its default, what is allowed, and where it may be set.

Defaults come first, then instance/secret_key (only the key), then instance/config.py,
then MOJUPRAVLJALEC_… environment variables.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from email_validator import validate_email
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError
from stdnum.si import ddv

from .metering.windows import parse_window
from .values import iban

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "MOJUPRAVLJALEC_"


class WrongSetting(Exception):
    """A setting that cannot be used; the message is one line and says what is allowed."""


@dataclass(frozen=True)
class Setting:
    """One setting. ``read`` turns text into the value or raises ValueError."""

    name: str
    default: Any
    read: Callable[[str], Any]
    allowed: str
    about: str


def _text(value: str) -> str:
    if not value.isprintable():
        raise ValueError(value)
    return value.strip()


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        number = int(value)
        if not least <= number <= most:
            raise ValueError(value)
        return number

    return read


def _factor(value: str) -> float:
    number = float(value)
    if not 0 < number <= 100:
        raise ValueError(value)
    return number


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(value)
        return value

    return read


def _yes_no(value: str) -> bool:
    return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[
        value.lower()
    ]


def _site_url(value: str) -> str:
    parts = urlsplit(value)
    _ = parts.port  # raises where it is no number, or too large a one
    bare = parts.path in {"", "/"} and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not bare:
        raise ValueError(value)
    return value.rstrip("/")


def _address(value: str) -> str:
    return validate_email(value.strip(), check_deliverability=False).normalized


def _secret(value: str) -> str:
    if len(value) < 32:
        raise ValueError(value)
    return value


def _database(value: str) -> str:
    if not re.match(r"(sqlite:///|postgresql\+psycopg://)", value):
        raise ValueError(value)
    # An @ in the host is the end of a password that was not percent-encoded.
    if "@" in (make_url(value).host or ""):
        raise ValueError(value)
    return value


def _iban(value: str) -> str:
    if value and not iban.is_slovenian(value):
        raise ValueError(value)
    return iban.normal(value)


def _tax_number(value: str) -> str:
    if value and not ddv.is_valid(value):
        raise ValueError(value)
    return value.strip()


def _purpose_code(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{4}", value):
        raise ValueError(value)
    return value


def _window(value: str) -> str:
    parse_window(value)
    return value


SETTINGS = (
    Setting("SECRET_KEY", None, _secret, "at least 32 characters", "signs sessions and links"),
    Setting(
        "SQLALCHEMY_DATABASE_URI",
        "sqlite:///mojupravljalec.db",
        _database,
        "sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        "the database; a relative SQLite file lies in instance/",
    ),
    Setting(
        "SITE_URL",
        "http://127.0.0.1:8000",
        _site_url,
        "http://HOST[:PORT] or https://HOST[:PORT]",
        "the address that links in mail begin with; no other host is answered",
    ),
    Setting("SITE_NAME", "mojupravljalec.si", _text, "one line of text", "the portal's name"),
    Setting("OPERATOR_NAME", "Komunala Podgorje", _text, "one line of text", "who runs it"),
    Setting("OPERATOR_PHONE", "02 555 01 20", _text, "one line of text", "at the foot of pages"),
    Setting(
        "OPERATOR_EMAIL",
        "info@podgorje.example",
        _address,
        "an address without a name",
        "where to write",
    ),
    Setting(
        "OPERATOR_HOURS",
        "od ponedeljka do petka, od 7. do 15. ure",
        _text,
        "one line of text",
        "when the phone is answered",
    ),
    Setting("OPERATOR_STREET", "Vodovodna cesta 1", _text, "one line of text", "on invoices"),
    Setting(
        "OPERATOR_PLACE",
        "2999 Podgorje",
        _text,
        "one line of text",
        "post code and town, on invoices",
    ),
    Setting("OPERATOR_TAX_NUMBER", "", _tax_number, "a tax number, or empty", "on invoices"),
    Setting(
        "OPERATOR_IBAN",
        "",
        _iban,
        "an IBAN that begins with SI56, or empty",
        "where to pay, unless the invoice says so",
    ),
    Setting(
        "PURPOSE_CODE",
        "WTER",
        _purpose_code,
        "four capital letters",
        "of payments, unless the invoice says so",
    ),
    Setting("MAIL_SERVER", "", _text, "a host name, or empty", "empty: letters stay in instance/"),
    Setting("MAIL_PORT", 587, _whole(1, 65535), "1 to 65535", "the mail server's port"),
    Setting(
        "MAIL_SECURITY",
        "starttls",
        _one_of("starttls", "tls", "none"),
        "starttls, tls or none",
        "how the connection is protected; certificates are checked",
    ),
    Setting("MAIL_USERNAME", "", _text, "one line of text", "empty: no sign-in at the server"),
    Setting("MAIL_PASSWORD", "", str, "text", "for MAIL_USERNAME"),
    Setting(
        "MAIL_SENDER",
        "portal@podgorje.example",
        _address,
        "an address without a name",
        "the sender of letters",
    ),
    Setting("DEFAULT_LANGUAGE", "sl", _one_of("sl", "en"), "sl or en", "for whoever asks for none"),
    Setting("PASSWORD_MIN_LENGTH", 6, _whole(6, 64), "6 to 64", "also written on the form"),
    Setting(
        "LINK_SECOND_PROOF",
        "none",
        _one_of("none", "meter"),
        "none or meter",
        "what must be known besides the customer code: nothing, or the meter's serial number",
    ),
    Setting("CODES_PER_ACCOUNT", 10, _whole(1, 1000), "1 to 1000", "wrong codes a day"),
    Setting("CODES_PER_ADDRESS", 20, _whole(1, 1000), "1 to 1000", "wrong codes an hour"),
    Setting(
        "CODES_PER_SITE",
        200,
        _whole(1, 100000),
        "1 to 100000",
        "wrong codes a day, then the second proof is asked of all",
    ),
    Setting(
        "READING_WINDOW",
        "1..-1",
        _window,
        "FROM..TO, days of the month, -1 being the last, as 25..-1, 25..3 or -3..3",
        "when a reading counts for the month's bill; other readings count for the next",
    ),
    Setting(
        "READING_SOFT_LOW", 0.4, _factor, "a factor over 0", "of the usual; less is asked about"
    ),
    Setting(
        "READING_SOFT_HIGH", 1.7, _factor, "a factor over 0", "of the usual; more is asked about"
    ),
    Setting(
        "READING_SOFT_M3",
        3,
        _whole(0, 1000),
        "0 to 1000",
        "differences up to it are not asked about",
    ),
    Setting(
        "READING_REVIEW", 5.0, _factor, "a factor over 0", "of the usual; more waits for the office"
    ),
    Setting("PHOTO_MAX_MB", 15, _whole(1, 50), "1 to 50", "the largest photo that is taken"),
    Setting(
        "IMPORT_MAX_MB",
        500,
        _whole(1, 4000),
        "1 to 4000",
        "the largest file that the office or a program may send",
    ),
    Setting(
        "QUARANTINE_DAYS",
        30,
        _whole(1, 3650),
        "1 to 3650",
        "how long a photo or PDF that nothing refers to is kept before it is removed",
    ),
    Setting("PROXIES", 0, _whole(0, 5), "0 to 5", "trusted proxies in front of the portal"),
    Setting("WORKERS", 1, _whole(1, 32), "1 to 32", "server processes; one a core is good"),
    Setting("EMBEDDED_WORKER", True, _yes_no, "yes or no", "`serve` sends the mail as well"),
)


def load(instance: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The settings in force. Raises WrongSetting, which names the first wrong one."""
    known = {setting.name: setting for setting in SETTINGS}
    values = {name: setting.default for name, setting in known.items()}
    for source, found in (
        ("instance/secret_key", _kept_key(instance / "secret_key")),
        ("instance/config.py", _from_file(instance / "config.py")),
        ("the environment", _from_environment(environ)),
    ):
        for name, raw in found.items():
            if name not in known:
                raise WrongSetting(
                    f"{name} in {source} is no setting of the portal. See README.md."
                )
            values[name] = _value(known[name], str(raw), source)
    if not values["SECRET_KEY"]:
        raise WrongSetting(
            f"{PREFIX}SECRET_KEY is not set. It must be at least 32 characters, for example from: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return values


def _value(setting: Setting, raw: str, source: str) -> Any:
    try:
        return setting.read(raw)
    except (ValueError, KeyError, ArgumentError):
        is_secret = any(part in setting.name for part in ("SECRET", "PASSWORD", "DATABASE_URI"))
        shown = "" if is_secret else f" {raw!r}"
        raise WrongSetting(
            f"{PREFIX}{setting.name}{shown} from {source} cannot be used. "
            f"Allowed: {setting.allowed}."
        ) from None


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    names: dict[str, Any] = {}
    try:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)  # noqa: S102 the operator's own file
    except SyntaxError as error:  # its text would show the line, perhaps with a password
        raise WrongSetting(f"{path} cannot be read: {error.msg}, line {error.lineno}") from error
    except Exception as error:
        raise WrongSetting(f"{path} cannot be read: {error!r}") from error
    return {name: value for name, value in names.items() if name.isupper()}


def _kept_key(path: Path) -> dict[str, str]:
    """The key that `make run` made, so that sessions and links outlive a restart."""
    return {"SECRET_KEY": path.read_text("ascii").strip()} if path.exists() else {}


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != f"{PREFIX}INSTANCE"
    }


def flask_config(
    values: Mapping[str, Any], instance: Path, *, demo: bool = False
) -> dict[str, Any]:
    """What Flask and its extensions are told, worked out from the settings."""
    secure = values["SITE_URL"].startswith("https://")
    host = urlsplit(values["SITE_URL"]).hostname or ""
    return {
        **values,
        "MIGRATIONS": Path(__file__).parent / "migrations",
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(values["SQLALCHEMY_DATABASE_URI"]),
        "TRUSTED_HOSTS": [host],
        # A photo somewhat too large is still read, so that the form comes back filled in.
        "MAX_CONTENT_LENGTH": values["PHOTO_MAX_MB"] * 1024 * 1024 * 3,
        # All fields of a form; a photo passes through in pieces of 64 KiB and what is left over.
        "MAX_FORM_MEMORY_SIZE": 256 * 1024,
        "SESSION_COOKIE_NAME": "__Host-portal" if secure else "portal",
        "BROWSER_COOKIE_NAME": "__Host-browser" if secure else "browser",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 14 * 86_400,
        "WTF_CSRF_TIME_LIMIT": None,
        # More than a password hash takes: see web.even.
        "ANSWER_STEP_S": 0.05,
        "BABEL_DEFAULT_LOCALE": values["DEFAULT_LANGUAGE"],
        "BABEL_DEFAULT_TIMEZONE": "Europe/Ljubljana",
        "BABEL_TRANSLATION_DIRECTORIES": str(Path(__file__).parent / "translations"),
        # It shows every letter: only in a demo, and never on a host that others reach.
        "HAS_MAILBOX": demo
        and not values["MAIL_SERVER"]
        and host in {"127.0.0.1", "localhost", "::1"},
        "STORAGE": instance,
        "MAILBOX": instance / "mail",
    }


def _engine_options(uri: str) -> dict[str, Any]:
    if not uri.startswith("sqlite"):
        return {"pool_pre_ping": True, "hide_parameters": True}
    try:
        import pysqlite3  # its SQLite is newer than the system's, and safe with WAL
    except ImportError:
        return {"hide_parameters": True}
    return {"module": pysqlite3, "hide_parameters": True}
