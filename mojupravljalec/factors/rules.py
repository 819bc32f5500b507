"""Codes from the phone and codes on paper: how they are made, shown and compared.

Source: RFC 6238, with SHA-1, 30 seconds and six digits, which every application understands.
"""

import hmac
from datetime import datetime

RECOVERY_CODES = 10
# As customer codes: nothing that passes for another sign on paper.
SYMBOLS = "34679ACDEFGHJKMNPQRTUVWXY"
LENGTH = 12  # 25 ** 12 is over 55 bits
_DRIFT = 1  # of the phone's clock, in steps of 30 seconds (RFC 6238, 5.2)


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 (4, R6) recommends."""
    import pyotp

    return pyotp.random_base32()


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """What the application on the phone reads off the picture: an otpauth address."""
    import pyotp

    # The address parts the two names at a colon, so neither may contain one (Key Uri Format).
    return pyotp.TOTP(secret).provisioning_uri(
        name=account.replace(":", ""), issuer_name=issuer.replace(":", "")
    )


def step_of(secret: str, typed: str, *, now: datetime, last_step: int) -> int | None:
    """The step of 30 seconds since 1970 whose code was typed; None where no code fits.

    The steps beside this one are taken too, but none up to ``last_step``: a code that was taken
    once is not taken again (RFC 6238, 5.2). ``now`` is aware; spaces in ``typed`` do not matter.
    """
    import pyotp

    totp, code = pyotp.TOTP(secret), "".join(typed.split()).encode()
    step = totp.timecode(now)
    steps = range(max(step - _DRIFT, last_step + 1), step + _DRIFT + 1)
    # Of two steps with the same code the later: the earlier would let it be typed once more.
    fitting = [one for one in steps if hmac.compare_digest(totp.generate_otp(one).encode(), code)]
    return max(fitting, default=None)


def grouped(secret: str) -> str:
    """The secret as it is typed by hand.

    >>> grouped("JBSWY3DPEHPK3PXP")
    'JBSW Y3DP EHPK 3PXP'
    """
    return " ".join(_fours(secret))


def qr_data_uri(uri: str) -> str:
    """A picture of ``uri`` for an ``<img>``: PNG, black on white with its quiet zone."""
    import segno

    picture = segno.make_qr(uri, error="m", boost_error=False)
    return str(picture.png_data_uri(scale=6, border=4))


def recovery_codes(key: bytes) -> list[str]:
    """Return the ten codes that follow from ``key``, as they are printed: in groups of four.

    Of 32 random bytes each code gets 55 bits; equal keys give equal codes.
    """
    return [_recovery_code(key, number) for number in range(RECOVERY_CODES)]


def recovery_key(typed: str) -> str:
    """How a recovery code is compared: case, spaces and hyphens (of any kind) do not matter.

    >>> recovery_key(" 3467–acde hjkm ")
    '3467ACDEHJKM'
    """
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def _recovery_code(key: bytes, number: int) -> str:
    # 512 bits for 56: no symbol comes noticeably more often.
    left = int.from_bytes(hmac.digest(key, f"recovery-code:{number}".encode(), "sha512"), "big")
    symbols = ""
    for _ in range(LENGTH):
        left, index = divmod(left, len(SYMBOLS))
        symbols += SYMBOLS[index]
    return "-".join(_fours(symbols))


def _fours(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]
