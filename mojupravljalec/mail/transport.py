"""Carrying one finished letter away: to the mail server, or into the folder of letters."""

import os
import re
import smtplib
import ssl
import time
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import flask_mail
import idna
from flask import current_app

# One send takes at most PATIENCE + FINAL_REPLY, less than the lease of its letter.
TIMEOUT = 15  # seconds a server may be silent
PATIENCE = 90  # seconds until the letter itself is handed over, or it waits for another try
FINAL_REPLY = 60  # seconds it may then think: a reply missed here means a second copy


class Trouble(Exception):
    """The letter did not leave; the message says why, in one line."""


class Refused(Trouble):
    """It will never be taken: no such recipient, or not this letter."""


class Postponed(Trouble):
    """It may be taken another time."""


class Unreachable(Trouble):
    """No letter would be taken now: no connection, a wrong certificate, no sign-in."""


class Carrier(Protocol):
    """Takes letters away."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...
    def send(self, message: flask_mail.Message) -> None:
        """Take ``message``, or raise Trouble."""


def carrier() -> Carrier:
    """The mail server of the settings, or the folder where none is set."""
    if current_app.config["MAIL_SERVER"]:
        return Connection(current_app.extensions["mail"])
    return Mailbox(current_app.config["MAILBOX"])


def file_stem(message: flask_mail.Message) -> str:
    """A file name for the letter: its moment, so that names sort by age, and its Message-ID."""
    moment = datetime.fromtimestamp(message.date or 0, UTC)
    return f"{moment:%Y%m%dT%H%M%S%f}-{slug(message.msgId)}"


def slug(message_id: str) -> str:
    """A Message-ID as part of a file name."""
    return re.sub(r"[^0-9A-Za-z.-]+", "_", message_id.strip("<>"))[:150]


def ascii_domain(address: str) -> str:
    """``address`` with the domain as name servers know it: žaba.si is xn--aba-b3a.si.

    Raises Refused.
    """
    local, _, domain = address.rpartition("@")
    if not local:
        raise Refused("not an address")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as error:
        raise Refused(f"no such domain: {error}") from error


def as_mime(message: flask_mail.Message, to_address: str) -> EmailMessage:
    """The letter as it travels: text and HTML as alternatives, nothing but ASCII in the body.

    Flask-Mail's own writer puts raw UTF-8 on the line and wraps a non-ASCII local part as if
    it were a name. Raises ValueError if a header would hold a line break.
    """
    sent_as = EmailMessage(policy=policy.SMTP if to_address.isascii() else policy.SMTPUTF8)
    sent_as["Subject"] = message.subject
    sender = ascii_domain(current_app.config["MAIL_SENDER"])
    sent_as["From"] = _address(sender, current_app.config["OPERATOR_NAME"])
    sent_as["To"] = _address(to_address)
    sent_as["Date"] = format_datetime(datetime.fromtimestamp(message.date or time.time(), UTC))
    sent_as["Message-ID"] = message.msgId
    sent_as.set_content(message.body or "", cte="quoted-printable")
    sent_as.add_alternative(message.html or "", subtype="html", cte="quoted-printable")
    # After the content, which takes what begins with Content- along.
    for header, value in (message.extra_headers or {}).items():
        sent_as[header] = value
    return sent_as


def _address(address: str, shown: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=shown, username=local, domain=domain)


class Mailbox:
    """A folder of .eml files, for trying the portal out without a mail server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, message: flask_mail.Message) -> None:
        """Write the letter; the same letter again replaces itself."""
        data = as_mime(message, ascii_domain(str(message.recipients[0]))).as_bytes()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(self.folder / f"{file_stem(message)}.eml", data)
        except OSError as error:
            raise Unreachable(f"{self.folder}: {error.strerror}") from error


def _write_whole(path: Path, data: bytes) -> None:
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


class Connection(flask_mail.Connection):
    """Flask-Mail's connection that checks certificates, does not wait for ever, and stays open.

    It is opened by the first letter and serves all that follow. Tests get no special treatment:
    what MAIL_SERVER names is spoken to.
    """

    host: smtplib.SMTP | None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def configure_host(self) -> smtplib.SMTP:
        """Connect and sign in. Raises Unreachable."""
        host = None
        try:
            host = self._connect()
            if self.mail.username:
                host.login(self.mail.username, self.mail.password or "")
        except (OSError, ValueError) as error:  # smtplib's and ssl's errors are OSErrors
            if host:
                host.close()
            raise Unreachable(_reason(error)) from error
        return host

    def _connect(self) -> smtplib.SMTP:
        security = current_app.config["MAIL_SECURITY"]
        where = (self.mail.server, self.mail.port or 0)
        trusted = ssl.create_default_context()
        if security == "tls":
            return smtplib.SMTP_SSL(*where, timeout=TIMEOUT, context=trusted)
        host = smtplib.SMTP(*where, timeout=TIMEOUT)
        if security == "starttls":
            try:
                host.starttls(context=trusted)
            except BaseException:
                host.close()
                raise
        return host

    def send(
        self,
        message: flask_mail.Message,
        envelope_from: str | tuple[str, str] | None = None,  # noqa: ARG002 Flask-Mail's signature
    ) -> None:
        """Hand ``message`` over; back only when the server has taken it. Raises Trouble."""
        started = time.monotonic()
        host = self._open_host()
        to_address = ascii_domain(str(message.recipients[0]))
        data = as_mime(message, to_address).as_bytes()
        try:
            host.ehlo_or_helo_if_needed()
            self._envelope(host, to_address, len(data))
            if time.monotonic() - started > PATIENCE:
                raise smtplib.SMTPServerDisconnected("the server is too slow")
            self._data(host, data)
        except OSError as error:
            self._drop()
            raise Postponed(_reason(error)) from error
        flask_mail.email_dispatched.send(current_app._get_current_object(), message=message)  # type: ignore[attr-defined]  # as Flask-Mail does

    def _open_host(self) -> smtplib.SMTP:
        """The open connection, if it still answers, or a new one."""
        if self.host:
            try:
                if self.host.noop()[0] == 250:
                    return self.host
            except OSError:
                pass  # it no longer answers: a new one is opened
            self._drop()
        self.host = self.configure_host()
        return self.host

    def _envelope(self, host: smtplib.SMTP, to_address: str, size: int) -> None:
        options = [f"SIZE={size}"] if host.has_extn("size") else []
        if not to_address.isascii():
            if not host.has_extn("smtputf8"):
                raise Refused("the mail server takes only addresses without č, š, ž")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
            host.command_encoding = "utf-8"
        try:
            # A refused sender is the operator's to mend: no letter is given up for it.
            self._expect(host.mail(ascii_domain(current_app.config["MAIL_SENDER"]), options),
                         Unreachable)  # fmt: skip
            self._expect(host.rcpt(to_address), Refused)
        finally:
            host.command_encoding = "ascii"

    def _data(self, host: smtplib.SMTP, data: bytes) -> None:
        if host.sock:
            host.sock.settimeout(FINAL_REPLY)
        try:
            reply = host.data(data)
        except smtplib.SMTPDataError as error:
            reply = (error.smtp_code, _bytes(error.smtp_error))
        if host.sock:
            host.sock.settimeout(TIMEOUT)
        self._expect(reply, Refused)

    def _expect(self, reply: tuple[int, bytes], if_permanent: type[Trouble]) -> None:
        code, words = reply
        if code in {250, 251}:
            return
        self._start_afresh(code)
        why = f"{code} {words.decode(errors='replace')}"
        if code in {503, 530}:  # we did not sign in: that says nothing about the recipient
            raise Unreachable(_line(why))
        raise (if_permanent if 500 <= code < 600 else Postponed)(_line(why))

    def _start_afresh(self, code: int) -> None:
        """After a refusal: forget the envelope, or the connection if the server closes it."""
        try:
            if self.host and code != 421 and self.host.rset()[0] == 250:
                return
        except OSError:
            pass  # it is gone, and so is its envelope
        self._drop()

    def _drop(self) -> None:
        if self.host:
            self.host.close()
        self.host = None

    def _leave(self) -> None:
        try:
            if self.host:
                self.host.quit()
        except OSError:
            pass  # it is gone already, which was all we wanted
        self._drop()


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(f"{error.smtp_code} {_bytes(error.smtp_error).decode(errors='replace')}")
    return _line(f"{type(error).__name__}: {error}")


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
