"""Handing letters over to a real server, a failing one, a wrong one, and to the folder."""

import ssl
from email import message_from_bytes, policy

import pytest

from mojupravljalec.mail import transport
from mojupravljalec.mail.letters import write

from .server import Keeper, certificate, free_port, running
from .test_letters import letter


def carry(app, to="ana@example.com", **facts):
    row = letter("activation", **facts)
    row.to_address = to
    with app.app_context(), transport.carrier() as carrier:
        carrier.send(write(row))


def test_headers_and_both_parts(make_app):
    keeper = Keeper()
    with running(keeper) as settings:
        carry(make_app(**settings, OPERATOR_NAME="Komunala, d. o. o. Črnomelj"))
    (taken,) = keeper.taken
    assert taken["Message-ID"] == "<1@portal>"
    assert taken["Date"].datetime.isoformat() == "2026-11-22T12:00:00+00:00"
    assert taken["Auto-Submitted"] == "auto-generated"
    (sender,) = taken["From"].addresses
    assert sender.display_name == "Komunala, d. o. o. Črnomelj"
    assert sender.addr_spec == "portal@podgorje.example"
    assert taken["To"] == "ana@example.com"
    assert taken.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in taken.iter_parts()] == ["text/plain", "text/html"]
    assert "Hello Ana," in taken.get_body(("plain",)).get_content()
    assert "</html>" in taken.get_body(("html",)).get_content()
    assert taken.as_bytes().isascii()


def test_many_letters_share_a_connection_and_survive_its_end(make_app):
    keeper = Keeper(rcpt_says=["550 no such user", "421 closing"])
    with running(keeper) as settings:
        app = make_app(**settings)
        with app.app_context(), transport.carrier() as carrier:
            with pytest.raises(transport.Refused, match="550 no such user"):
                carrier.send(write(letter("reset")))
            with pytest.raises(transport.Postponed, match="421"):
                carrier.send(write(letter("reset")))
            carrier.send(write(letter("reset")))
            carrier.host.close()
            carrier.send(write(letter("reset")))
    assert len(keeper.taken) == 2


@pytest.mark.parametrize(
    ("says", "trouble"),
    [
        ({"rcpt_says": ["550 no such user"]}, transport.Refused),
        ({"rcpt_says": ["451 later"]}, transport.Postponed),
        ({"rcpt_says": ["530 sign in"]}, transport.Unreachable),
        ({"data_says": ["554 refused"]}, transport.Refused),
        ({"data_says": ["451 later"]}, transport.Postponed),
        ({"mail_says": ["550 who are you"]}, transport.Unreachable),
        ({"mail_says": ["451 later"]}, transport.Postponed),
    ],
)
def test_replies(make_app, says, trouble):
    keeper = Keeper(**says)
    with running(keeper) as settings, pytest.raises(trouble):
        carry(make_app(**settings))
    assert not keeper.taken


def test_nobody_listens(make_app):
    app = make_app(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port(), MAIL_SECURITY="none")
    with pytest.raises(transport.Unreachable, match="ConnectionRefused"):
        carry(app)


def test_tls_with_a_wrong_certificate_is_refused(make_app, tmp_path):
    context, _ = certificate(tmp_path)
    keeper = Keeper()
    with running(keeper, tls_context=context) as settings:
        app = make_app(**{**settings, "MAIL_SECURITY": "starttls"})
        with pytest.raises(transport.Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            carry(app)
    assert not keeper.taken


def test_tls_with_a_trusted_certificate_signs_in(make_app, tmp_path, monkeypatch):
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    signed_in = []

    def check(server, session, envelope, mechanism, data):
        from aiosmtpd.smtp import AuthResult

        signed_in.append((data.login, data.password))
        return AuthResult(success=True)

    keeper = Keeper()
    options = {"tls_context": context, "authenticator": check, "auth_required": True}
    with running(keeper, **options) as settings:
        asked = {"MAIL_SECURITY": "starttls", "MAIL_USERNAME": "u", "MAIL_PASSWORD": "p"}
        carry(make_app(**{**settings, **asked}))
    assert signed_in == [(b"u", b"p")]
    assert len(keeper.taken) == 1


def test_no_starttls_at_the_server_is_refused(make_app):
    keeper = Keeper()
    with running(keeper) as settings, pytest.raises(transport.Unreachable, match="STARTTLS"):
        carry(make_app(**{**settings, "MAIL_SECURITY": "starttls"}))


def test_connections_check_certificates(make_app, monkeypatch):
    made = []
    monkeypatch.setattr(
        "smtplib.SMTP_SSL", lambda *_, timeout, context: made.append((timeout, context))
    )
    app = make_app(MAIL_SERVER="mail.example", MAIL_SECURITY="tls", MAIL_PORT=465)
    with app.app_context():
        transport.carrier().configure_host()
    ((timeout, context),) = made
    assert timeout == transport.TIMEOUT
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_domain_in_slovenian(make_app):
    keeper = Keeper()
    with running(keeper) as settings:
        carry(make_app(**settings), to="ana@žaba.si")
    ((_, to, options),) = keeper.envelopes
    assert to == ["ana@xn--aba-b3a.si"]
    assert "SMTPUTF8" not in options


def test_a_local_part_in_slovenian(make_app):
    keeper = Keeper()
    with running(keeper) as settings:
        carry(make_app(**settings), to="žiga@žaba.si")
    ((_, to, options),) = keeper.envelopes
    assert to == ["žiga@xn--aba-b3a.si"]
    assert "SMTPUTF8" in options


def test_a_server_that_knows_only_ascii_gets_no_other_name(make_app):
    keeper = Keeper()
    with (
        running(keeper, enable_SMTPUTF8=False) as settings,
        pytest.raises(transport.Refused, match="č, š, ž"),
    ):
        carry(make_app(**settings), to="žiga@example.com")


@pytest.mark.parametrize("to", ["ana@exa mple.si", "ana@-.si", "ana@", "ana"])
def test_a_domain_that_cannot_be(app, to):
    with pytest.raises(transport.Refused):
        carry(app, to=to)


def test_a_line_break_in_an_address_goes_nowhere(make_app):
    keeper = Keeper()
    with running(keeper) as settings, pytest.raises(ValueError, match="invalid"):
        carry(make_app(**settings), to="ana\r\nBcc: x@example.com")
    assert not keeper.taken


def test_the_folder_keeps_one_file_for_a_letter(app):
    carry(app)
    carry(app)
    (file,) = app.config["MAILBOX"].glob("*")
    assert file.name == "20261122T120000000000-1_portal.eml"
    kept = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert kept["Message-ID"] == "<1@portal>"
