"""Passkeys: what is asked of the browser, and whether its answer proves anything.

Source: W3C Web Authentication, Level 3, 7.1 (registration) and 7.2 (signing in). Identifiers,
keys and challenges are base64url without padding, as the browser writes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

TIMEOUT_MS = 300_000  # what the standard recommends: people look for the key
LONGEST_ID = 1023  # bytes (7.1, step 25)


class NotProven(Exception):
    """The answer is not what was asked for; ``__cause__`` says why."""


@dataclass(frozen=True)
class Site:
    """Who asks: the host that passkeys are bound to, its name, and the address of its pages."""

    rp_id: str
    name: str
    origin: str


class Registered(NamedTuple):
    """A new passkey: its name, its public half (COSE), and how often it says it has signed."""

    credential_id: str
    public_key: str
    sign_count: int


class Known(NamedTuple):
    """What was kept of a passkey at registration, and its count when it last signed."""

    public_key: str
    sign_count: int


def site_of(site_url: str, name: str) -> Site | None:
    """The site whose pages begin with ``site_url``; None where browsers make no passkeys.

    They make them for names, not numbers, and only over https, or on this very machine.

    >>> site_of("https://voda.example:8443", "Voda")
    Site(rp_id='voda.example', name='Voda', origin='https://voda.example:8443')
    >>> site_of("http://127.0.0.1:8000", "Voda")
    """
    parts = urlsplit(site_url)
    host = (parts.hostname or "").encode("idna").decode()
    # A host that ends in a number is an IPv4 address (URL Standard, ends-in-a-number checker).
    is_number = ":" in host or host.rpartition(".")[2].isdigit()
    if is_number or (parts.scheme != "https" and host != "localhost"):
        return None
    usual = parts.port in {None, {"https": 443, "http": 80}[parts.scheme]}
    return Site(host, name, f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}"))


def registration_options(
    site: Site, *, account_id: int, email: str, called: str, known: Sequence[str]
) -> tuple[str, str]:
    """What to ask for a new passkey, as JSON for the browser, and the challenge in it.

    A passkey that the account has already (``known``) is not offered. A resident key is
    preferred: phones carry those over to the next phone, and keys without room still work.
    The person's finger or PIN is preferred, not required: the password was typed before, so
    a key without a PIN proves enough, but a phone left on the table should ask for more.
    """
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_id=account_id.to_bytes(8, "big"),
        user_name=email,
        user_display_name=called,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def registered(site: Site, *, challenge: str, answer: str) -> Registered:
    """The passkey that the browser's JSON ``answer`` brings. Raises NotProven."""
    from webauthn import verify_registration_response
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

    _asked(challenge)
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
        )
    except Exception as wrong:  # of any kind: the library trips over bytes it did not expect
        raise NotProven from wrong
    if len(found.credential_id) > LONGEST_ID:
        raise NotProven("identifier too long")
    return Registered(
        bytes_to_base64url(found.credential_id),
        bytes_to_base64url(found.credential_public_key),
        found.sign_count,
    )


def sign_in_options(site: Site, known: Sequence[str]) -> tuple[str, str]:
    """What to ask of one of the account's passkeys, as JSON, and the challenge in it."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import bytes_to_base64url

    # Finger or PIN as at registration: preferred is what the library asks for by itself.
    options = generate_authentication_options(
        rp_id=site.rp_id, timeout=TIMEOUT_MS, allow_credentials=_descriptors(known)
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def proven(
    site: Site, *, challenge: str, answer: str, known: Mapping[str, Known]
) -> tuple[str, int]:
    """Which of the ``known`` passkeys answered, and its count now. Raises NotProven.

    A count that does not grow is refused, unless the passkey does not count at all (always 0):
    it may be a copy.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json

    _asked(challenge)
    try:
        credential = parse_authentication_credential_json(answer)
        key = known[credential.id]
        found = verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(key.public_key),
            credential_current_sign_count=key.sign_count,
        )
    except Exception as wrong:  # of any kind: the library trips over bytes it did not expect
        raise NotProven from wrong
    return credential.id, found.new_sign_count


def _asked(challenge: str) -> None:
    """Without a challenge any recorded answer to none would do. Raises NotProven."""
    if not challenge:
        raise NotProven("nothing was asked")


def _descriptors(known: Sequence[str]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known]
