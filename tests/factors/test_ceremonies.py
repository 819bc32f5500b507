"""Passkeys: an authenticator made of software answers, rightly and wrongly."""

import doctest
import hashlib
import json
import struct
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from mojupravljalec.factors import ceremonies
from mojupravljalec.factors.ceremonies import (
    LONGEST_ID,
    Known,
    NotProven,
    Site,
    proven,
    registered,
    registration_options,
    sign_in_options,
    site_of,
)

SITE = Site("voda.example", "Voda", "https://voda.example")
PRESENT, VERIFIED, BACKED_UP, NEW_KEY = 0x01, 0x04, 0x10, 0x40


@dataclass
class Authenticator:
    """A key on a stick, and the browser that it is plugged into."""

    origin: str = SITE.origin
    rp_id: str = SITE.rp_id
    flags: int = PRESENT | VERIFIED
    count: int = 1
    name: bytes = b"the key of Ana"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, challenge: str, **other: Any) -> str:
        said = self._said("webauthn.create", challenge)
        data = self._data(self.flags | NEW_KEY)
        data += bytes(16) + struct.pack(">H", len(self.name)) + self.name + self._cose()
        found = {"fmt": "none", "attStmt": {}, "authData": data} | other
        return self._answer(clientDataJSON=said, attestationObject=cbor2.dumps(found))

    def get(self, challenge: str, **other: bytes) -> str:
        said, data = self._said("webauthn.get", challenge), self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": said, "authenticatorData": data, "signature": signature}
        return self._answer(**parts | other)

    def known(self, sign_count: int = 0) -> dict[str, Known]:
        return {bytes_to_base64url(self.name): Known(bytes_to_base64url(self._cose()), sign_count)}

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _cose(self) -> bytes:
        point = self.key.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _answer(self, **parts: bytes) -> str:
        name = bytes_to_base64url(self.name)
        response = {part: bytes_to_base64url(value) for part, value in parts.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


@pytest.fixture
def stick():
    return Authenticator()


@pytest.fixture
def new_challenge():
    _, challenge = registration_options(
        SITE, account_id=7, email="ana@primer.si", called="Ana Kos", known=[]
    )
    return challenge


@pytest.fixture
def challenge(stick):
    return sign_in_options(SITE, list(stick.known()))[1]


def test_the_examples_in_the_ceremonies_hold():
    assert doctest.testmod(ceremonies).failed == 0


@pytest.mark.parametrize(
    ("site_url", "rp_id", "origin"),
    [
        ("https://moj.voda.example", "moj.voda.example", "https://moj.voda.example"),
        ("https://Voda.example:443", "voda.example", "https://voda.example"),
        ("https://voda.example:8443", "voda.example", "https://voda.example:8443"),
        ("https://čista-voda.si", "xn--ista-voda-kfb.si", "https://xn--ista-voda-kfb.si"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("http://localhost:80", "localhost", "http://localhost"),
    ],
)
def test_passkeys_are_bound_to_the_host_and_asked_for_from_its_pages(site_url, rp_id, origin):
    site = site_of(site_url, "Voda")
    assert site == Site(rp_id, "Voda", origin)


@pytest.mark.parametrize(
    "site_url",
    [
        "http://127.0.0.1:8000",
        "https://192.168.1.7",
        "https://127.1",
        "https://[::1]:8000",
        "http://voda.example",
    ],
)
def test_there_are_no_passkeys_for_numbers_nor_without_https(site_url):
    assert site_of(site_url, "Voda") is None


def test_the_browser_is_asked_for_a_key_of_this_person_on_this_site(stick):
    options, challenge = registration_options(
        SITE, account_id=7, email="ana@primer.si", called="Ana Kos", known=list(stick.known())
    )
    asked = json.loads(options)
    assert asked["challenge"] == challenge
    assert asked["rp"] == {"id": "voda.example", "name": "Voda"}
    assert asked["user"] | {"id": ""} == {
        "id": "",
        "name": "ana@primer.si",
        "displayName": "Ana Kos",
    }
    assert [one["id"] for one in asked["excludeCredentials"]] == list(stick.known())
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"]["residentKey"] == "preferred"
    assert asked["authenticatorSelection"]["userVerification"] == "preferred"


def test_the_handle_in_the_key_tells_people_apart_and_not_who_they_are():
    handles = {
        json.loads(
            registration_options(SITE, account_id=n, email="a@b.si", called="Ana", known=[])[0]
        )["user"]["id"]
        for n in (1, 2, 2**40)
    }
    assert len(handles) == 3


def test_the_browser_is_asked_for_one_of_the_keys_of_the_account(stick):
    options, challenge = sign_in_options(SITE, list(stick.known()))
    asked = json.loads(options)
    assert (asked["challenge"], asked["rpId"]) == (challenge, "voda.example")
    assert [one["id"] for one in asked["allowCredentials"]] == list(stick.known())
    assert asked["userVerification"] == "preferred"


def test_no_challenge_comes_twice_and_each_has_room_for_no_guess():
    challenges = {sign_in_options(SITE, [])[1] for _ in range(100)}
    assert len(challenges) == 100
    assert min(len(base64url_to_bytes(one)) for one in challenges) >= 16


def test_a_key_that_was_registered_signs_in(stick, new_challenge, challenge):
    found = registered(SITE, challenge=new_challenge, answer=stick.create(new_challenge))
    assert found.sign_count == 1
    stick.count = 2
    known = {found.credential_id: Known(found.public_key, found.sign_count)}
    answer = stick.get(challenge)
    name, count = proven(SITE, challenge=challenge, answer=answer, known=known)
    assert (name, count) == (found.credential_id, 2)


def test_a_key_without_a_pin_registers_and_signs_in(new_challenge, challenge):
    stick = Authenticator(flags=PRESENT)
    found = registered(SITE, challenge=new_challenge, answer=stick.create(new_challenge))
    known = {found.credential_id: Known(found.public_key, 0)}
    assert proven(SITE, challenge=challenge, answer=stick.get(challenge), known=known)[1] == 1


def test_a_key_that_does_not_count_signs_in_again_and_again(stick, challenge):
    stick.count = 0
    for _ in range(2):
        answer = stick.get(challenge)
        assert proven(SITE, challenge=challenge, answer=answer, known=stick.known())[1] == 0


@pytest.mark.parametrize("before", [1, 2, 2**32 - 1])
def test_a_key_whose_count_does_not_grow_may_be_a_copy(stick, challenge, before):
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=stick.get(challenge), known=stick.known(before))


def test_a_key_that_stopped_counting_may_be_a_copy(stick, challenge):
    stick.count = 0
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=stick.get(challenge), known=stick.known(5))


WRONG = [
    {"origin": "https://voda.example.evil.example"},
    {"origin": "http://voda.example"},
    {"origin": "https://voda.example:8443"},
    {"rp_id": "evil.example"},
    {"flags": VERIFIED},
    {"flags": PRESENT | BACKED_UP},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_key_made_elsewhere_or_by_nobody_is_not_taken(stick, new_challenge, wrong):
    other = replace(stick, **wrong)
    with pytest.raises(NotProven):
        registered(SITE, challenge=new_challenge, answer=other.create(new_challenge))


@pytest.mark.parametrize("wrong", WRONG)
def test_what_was_signed_elsewhere_or_by_nobody_proves_nothing(stick, challenge, wrong):
    other = replace(stick, **wrong)
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=other.get(challenge), known=stick.known())


def test_an_answer_to_another_challenge_proves_nothing(stick, new_challenge, challenge):
    with pytest.raises(NotProven):
        registered(SITE, challenge=new_challenge, answer=stick.create(challenge))
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=stick.get(new_challenge), known=stick.known())


def test_where_nothing_was_asked_no_answer_proves_anything(stick):
    with pytest.raises(NotProven):
        registered(SITE, challenge="", answer=stick.create(""))
    with pytest.raises(NotProven):
        proven(SITE, challenge="", answer=stick.get(""), known=stick.known())


def test_an_answer_of_the_other_kind_proves_nothing(stick, challenge):
    with pytest.raises(NotProven):
        registered(SITE, challenge=challenge, answer=stick.get(challenge))
    answer = stick.create(challenge)
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=answer, known=stick.known())


def test_another_key_under_the_same_name_proves_nothing(stick, challenge):
    answer = Authenticator().get(challenge)
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=answer, known=stick.known())


def test_the_key_of_another_account_proves_nothing(stick, challenge):
    other = Authenticator(name=b"the key of Bojan")
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=other.get(challenge), known=stick.known())


def test_of_several_keys_the_one_that_answered_is_named(stick, challenge):
    other = Authenticator(name=b"the other key of Ana", count=5)
    known = stick.known() | other.known()
    for key in (stick, other):
        found = proven(SITE, challenge=challenge, answer=key.get(challenge), known=known)
        assert found == (bytes_to_base64url(key.name), key.count)


def test_a_known_key_under_an_unknown_name_proves_nothing(stick, challenge):
    answer = replace(stick, name=b"the key of Bojan").get(challenge)
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=answer, known=stick.known())


def test_a_changed_signature_proves_nothing(stick, challenge):
    signed = base64url_to_bytes(json.loads(stick.get(challenge))["response"]["signature"])
    changed = signed[:-1] + bytes([signed[-1] ^ 1])
    answer = stick.get(challenge, signature=changed)
    with pytest.raises(NotProven):
        proven(SITE, challenge=challenge, answer=answer, known=stick.known())


def test_a_name_longer_than_the_standard_allows_is_not_kept(new_challenge):
    longest = Authenticator(name=bytes(LONGEST_ID)).create(new_challenge)
    assert registered(SITE, challenge=new_challenge, answer=longest).sign_count == 1
    longer = Authenticator(name=bytes(LONGEST_ID + 1)).create(new_challenge)
    with pytest.raises(NotProven):
        registered(SITE, challenge=new_challenge, answer=longer)


@pytest.mark.parametrize(
    "fmt", ["packed", "tpm", "fido-u2f", "android-key", "android-safetynet", "apple", "other", 7]
)
def test_an_attestation_that_does_not_hold_is_not_taken(stick, new_challenge, fmt):
    answer = stick.create(new_challenge, fmt=fmt)
    with pytest.raises(NotProven):
        registered(SITE, challenge=new_challenge, answer=answer)


STICK = Authenticator()
ASKED = bytes_to_base64url(b"sixteen bytes or more")
scraps = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("AAAA")
garbage = st.recursive(
    scraps, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
PLACES = ["id", "rawId", "type", "response", "authenticatorAttachment"]
PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]


def assert_proves_nothing(answer: str) -> None:
    with pytest.raises(NotProven):
        registered(SITE, challenge=ASKED, answer=answer)
    with pytest.raises(NotProven):
        proven(SITE, challenge=ASKED, answer=answer, known=STICK.known())


@given(st.text() | garbage.map(json.dumps))
def test_garbage_proves_nothing(answer):
    assert_proves_nothing(answer)


@pytest.mark.parametrize("answer", ["", "[" * 100_000, '{"id":' * 50_000, "9" * 5000, "\0", "NaN"])
def test_monstrous_garbage_proves_nothing(answer):
    assert_proves_nothing(answer)


@given(st.dictionaries(st.sampled_from(PLACES), garbage, min_size=1))
def test_an_answer_with_garbage_in_it_is_refused_or_right(garbled):
    for answer in (STICK.create(ASKED), STICK.get(ASKED)):
        _take_or_refuse(json.dumps(json.loads(answer) | garbled))


@given(st.dictionaries(st.sampled_from(PARTS), garbage, min_size=1))
def test_a_response_with_garbage_in_it_is_refused_or_right(garbled):
    for answer in (STICK.create(ASKED), STICK.get(ASKED)):
        whole = json.loads(answer)
        _take_or_refuse(json.dumps(whole | {"response": whole["response"] | garbled}))


@given(st.binary(), garbage, garbage)
def test_an_attestation_of_garbage_is_refused_or_right(data, statement, fmt):
    assert_proves_nothing(STICK.create(ASKED, authData=data, attStmt=statement))
    _take_or_refuse(STICK.create(ASKED, fmt=fmt, attStmt=statement))


@given(st.binary())
def test_a_key_of_garbage_proves_nothing(key):
    known = {name: Known(bytes_to_base64url(key), 0) for name in STICK.known()}
    with pytest.raises(NotProven):
        proven(SITE, challenge=ASKED, answer=STICK.get(ASKED), known=known)


def _take_or_refuse(answer: str) -> None:
    """Nothing but what is promised comes back, and no exception but ours."""
    for take in (
        lambda: registered(SITE, challenge=ASKED, answer=answer),
        lambda: proven(SITE, challenge=ASKED, answer=answer, known=STICK.known()),
    ):
        try:
            assert take()[0] in STICK.known()
        except NotProven:
            continue
