"""What the letters say, and what names and subjects cannot do in them."""

from datetime import UTC, datetime

import pytest

from mojupravljalec import config
from mojupravljalec.mail import letters, transport
from mojupravljalec.mail.models import OutboxLetter

CATALOGUE = config.ROOT / "mojupravljalec/translations/sl/LC_MESSAGES/messages.mo"

INVOICE = {
    "account_id": 1,
    "invoice_id": 5,
    "number": "2026-10-1",
    "amount_cents": 4326,
    "due_on": "2026-12-05",
    "period_from": "2026-10-01",
    "period_to": "2026-10-31",
}
FACTS = {
    "activation": {"path": "/aktivacija/abc", "code": "123456"},
    "invitation": {"path": "/povabilo/abc", "code": ""},
    "factor-changed": {"what": "phone"},
    "linked-by-office": {"customer_number": "10042", "customer_name": "Ana"},
    "unlinked-by-office": {"customer_number": "10042", "customer_name": "Ana"},
    "known-address": {"path": "/novo-geslo/abc"},
    "reset": {"path": "/novo-geslo/abc"},
    "new-email": {"path": "/nov-naslov/abc"},
    "email-changed": {"new_email": "ana@new.example"},
    "password-changed": {},
    "customer-linked": {"customer_number": "10042", "customer_name": "Ana", "who": "Bojan B"},
    "new-invoice": INVOICE,
    "invoice-due": INVOICE,
    "payment-booked": {
        "account_id": 1,
        "customer_id": 7,
        "amount_cents": 4326,
        "day": "2026-11-20",
    },
}


def letter(kind, first_name="Ana", language="en", **facts):
    return OutboxLetter(
        message_id="<1@portal>",
        kind=kind,
        to_address="ana@example.com",
        language=language,
        facts={"first_name": first_name, **FACTS[kind], **facts},
        created_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        next_try_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    )


def written(app, *args, **facts):
    with app.app_context():
        return letters.write(letter(*args, **facts))


def test_every_kind_is_tried_here():
    assert set(FACTS) == set(letters.KINDS)


@pytest.mark.parametrize("language", ["sl", "en"])
@pytest.mark.parametrize("kind", letters.KINDS)
def test_every_kind_is_a_letter_in_both_parts(app, kind, language):
    message = written(app, kind, language=language)
    for part in (message.body, message.html):
        assert "Ana" in part
        assert app.config["OPERATOR_NAME"] in part
        assert app.config["OPERATOR_PHONE"] in part
        assert "!" not in part.replace("<!", "").replace("!important", "").replace("[endif]", "")
        assert "None" not in part
        if path := FACTS[kind].get("path"):
            assert app.config["SITE_URL"] + path in part
    assert f'<html lang="{language}">' in message.html
    assert message.msgId == "<1@portal>"


def test_the_activation_says_code_and_where_to_type_it(app):
    message = written(app, "activation")
    for part in (message.body, message.html):
        assert "123456" in part
        assert f"{app.config['SITE_URL']}/aktivacija\n" in part.replace("</p>", "\n")
        assert "3 days" in part


def test_a_name_is_escaped_in_html_only(app):
    message = written(app, "activation", "<script>alert(1)</script>")
    assert "<script" not in message.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in message.html
    assert "Hello <script>alert(1)</script>," in message.body


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ana\r\nBcc: x@y.si", "Ana Bcc: x@y. si"),
        ("A\u202ena", "Ana"),
        ("\u2066Ana\u2069\u200f\u061c", "Ana"),
        ("Ana\u2028\x00Novak", "Ana Novak"),
        ("  ", ""),
        ("Win at www.evil.example", "Win at www. evil. example"),
        ("https://evil", "https: / /evil"),
        ("Vodovod d.o.o.", "Vodovod d.o.o."),
        ("J.R. Žnidarčič-Kos", "J.R. Žnidarčič-Kos"),
    ],
)
def test_names(typed, shown):
    assert letters.name(typed) == shown


def test_a_subject_stays_on_its_line(app):
    message = written(app, "customer-linked", customer_number="1\r\nBcc: all@x.example")
    assert "\n" not in message.subject
    assert "\r" not in message.subject


def test_without_a_name_the_greeting_has_none(app):
    assert written(app, "reset", "\r\n").body.startswith("Hello,\n")


def test_the_text_has_no_gaps(app):
    assert "\n\n\n" not in written(app, "activation").body


@pytest.mark.skipif(not CATALOGUE.exists(), reason="the catalogue is not compiled")
def test_slovenian(app):
    message = written(app, "activation", language="sl")
    assert message.subject == "Potrdite svoj elektronski naslov"
    assert "Gumb in koda veljata 3\N{NO-BREAK SPACE}dni." in message.body


def test_the_letter_says_on_the_line_in_which_language_it_is(app):
    with app.app_context():
        sent = transport.as_mime(letters.write(letter("new-invoice")), "ana@example.com")
    assert sent["Content-Language"] == "en"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
