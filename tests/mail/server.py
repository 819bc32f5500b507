# ruff: noqa: ARG002, N802 the methods are named and called by aiosmtpd
"""A real SMTP server for the tests, which can be told to misbehave."""

import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


@dataclass
class Keeper:
    """Keeps what it takes. ``says`` are replies used up first, of RCPT or DATA, one by one."""

    taken: list = field(default_factory=list)
    envelopes: list = field(default_factory=list)
    rcpt_says: list = field(default_factory=list)
    data_says: list = field(default_factory=list)
    mail_says: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mail_says:
            return self.mail_says.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt_says:
            return self.rcpt_says.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data_says:
            return self.data_says.pop(0)
        with self.lock:
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos, envelope.mail_options))
            self.taken.append(message_from_bytes(envelope.original_content, policy=policy.default))
        return "250 taken"

    @property
    def ids(self):
        return [letter["Message-ID"] for letter in self.taken]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(keeper, **options):
    """The server on a free port; gives the portal's settings for it."""
    controller = Controller(keeper, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield {
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": controller.port,
            "MAIL_SECURITY": "none",
        }
    finally:
        controller.stop(no_assert=True)


def certificate(folder):
    """A server context with a certificate of its own for 127.0.0.1, and its file."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert
