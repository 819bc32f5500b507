"""Customer codes: how they are made, checked and compared."""

import secrets

# Neither 0 nor O, 1, I nor L, 2 nor Z, 5 nor S, 8 nor B: on paper they pass for each other.
SYMBOLS = "34679ACDEFGHJKMNPQRTUVWXY"
LENGTH = 11  # 25 ** 11 is just over 51 bits
# Units of 25 whose neighbours differ by a unit too: one wrong or two swapped symbols show.
WEIGHTS = (1, 2, 3, 4)


def code_key(text: str) -> str:
    """How a code is compared: case, spaces and hyphens (of any kind) do not matter.

    >>> code_key(" 48213–07 a ")
    '4821307A'
    """
    return "".join(sign for sign in text.upper() if sign.isalnum())


def new_access_code() -> str:
    """A fresh code of 51 random bits and a check character, as it is printed."""
    return code_from_number(secrets.randbelow(len(SYMBOLS) ** LENGTH))


def code_from_number(number: int) -> str:
    """The code that stands for ``number`` (below 25 ** 11), in groups of four.

    >>> code_from_number(0)
    '3333-3333-3333'
    """
    symbols = ""
    for _ in range(LENGTH):
        number, index = divmod(number, len(SYMBOLS))
        symbols += SYMBOLS[index]
    symbols += SYMBOLS[-_weighed(symbols) % len(SYMBOLS)]
    return "-".join(symbols[start : start + 4] for start in range(0, len(symbols), 4))


def is_mistyped(text: str) -> bool:
    """Whether ``text`` has the form of a code of ours, but its check character does not fit."""
    key = code_key(text)
    if len(key) != LENGTH + 1 or not set(key) <= set(SYMBOLS):
        return False
    return (_weighed(key[:-1]) + SYMBOLS.index(key[-1])) % len(SYMBOLS) != 0


def serial_key(text: str) -> str:
    """How a meter's serial is compared: case, spaces, hyphens and leading zeros do not matter."""
    return code_key(text).lstrip("0")


def _weighed(symbols: str) -> int:
    # The check character weighs 1; the one before it must weigh something else.
    weights = (WEIGHTS[(place + 1) % len(WEIGHTS)] for place in range(len(symbols)))
    backwards = reversed(symbols)
    return sum(weight * SYMBOLS.index(s) for weight, s in zip(weights, backwards, strict=False))
