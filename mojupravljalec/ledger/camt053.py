"""Bank statements, camt.053 of ISO 20022: what residents paid in and what went back to them.

Versions .001.02 and .001.08 put some things elsewhere; both are read, and those between them.
Amounts are whole cents, in euros. Messages are for the operator, in Slovenian.
"""

import hashlib
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import chain, groupby
from typing import BinaryIO

from lxml import etree

from ..values import clock, references
from ..values.safe_xml import elements, local_name

LONGEST_IBAN = 34
LONGEST_REFERENCE = 35  # Max35Text
LONGEST_NAME = 140
LONGEST_TEXT = 500

# Sub-families of the external code list for bank transactions: a credit transfer returned or
# cancelled, a direct debit unpaid, cancelled or reversed.
_RETURNS = frozenset({"RRTN", "RPCR", "UPDD", "RCDD", "PRDD"})
_BOOKED = "BOOK"
_NOT_BOOKED = frozenset({"PDNG", "INFO", "FUTR"})
_NO_BANK_REFERENCE = frozenset({"", "NOTPROVIDED", "NONREF"})
_NO_REFERENCE = frozenset({"", "SI99"})  # model 99 says that there is none
_SIGNS = {"CRDT": 1, "DBIT": -1}
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
_WRITTEN = f"{_NAMESPACE}08"
_ROOT = re.compile(re.escape(f"{{{_NAMESPACE}") + r"[0-9]{2}\}Document")
_AMOUNT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,5}))?")
# SI56 begins an IBAN: no model has that number.
_REFERENCE_IN_TEXT = re.compile(
    r"\b(?:SI(?!56)[0-9]{2} ?[0-9][0-9-]{0,21}|RF[0-9]{2}(?: ?[0-9][0-9A-Z]*|[0-9A-Z]+))\b"
)
# The last is there for an entry without details: nothing else says what it was.
_TEXTS = ("RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf", "AddtlNtryInf")


class BadStatement(Exception):
    """XML, but no statement that can be booked; the message is for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Money that came in (positive), or a payment that went back to the payer (negative).

    ``key`` is the same in every statement that has this transaction, at most 100 signs long.
    ``name`` and ``iban`` are the payer's; ``reference`` is in capitals without spaces;
    ``account`` is our IBAN.
    """

    key: str
    booked_on: date
    amount_cents: int
    name: str
    iban: str
    reference: str
    text: str
    account: str


@dataclass(kw_only=True)
class Statement:
    """The head of a statement: our IBAN, the bank's number of it, its first and last day.

    Where the bank names no days, they follow from the bookings, as far as these were read.
    """

    account: str
    identifier: str
    from_on: date | None
    to_on: date | None


def read(file: BinaryIO) -> Iterator[Statement | Transaction]:
    """Every statement in ``file``, each followed by its transactions.

    Left out are bookings that are still pending, money that went out, such as fees, and our own
    payments that came back. Raises BadStatement and BadXml, also halfway: book all or nothing. A
    file without a statement is bad, and so is a booking whose status does not say if it is booked.
    """
    is_empty = True
    for _, parts in groupby(_parts(file), etree._Element.getparent):
        is_empty = False
        yield from _statement(parts)
    if is_empty:
        raise BadStatement("v datoteki ni izpiska (Stmt)")


def key_of(account: str, booked_on: date, bank_reference: str, index: int = 0) -> str:
    """The key of a transaction that the bank numbered.

    The day is in it because some banks begin anew every day; ``index`` counts the transactions
    of that day under one number, as in a batch.
    """
    return f"{account}:{booked_on.isoformat()}:{bank_reference}:{index}"


# ---------------------------------------------------------------- the statement


def _parts(file: BinaryIO) -> Iterator[etree._Element]:
    """What stands directly in a Stmt. Raises BadStatement at anything but a camt.053."""
    checked = False
    for element in elements(file, "GrpHdr", "Id", "FrToDt", "Acct", "Bal", "Ntry"):
        if not checked:
            checked = bool(_ROOT.fullmatch(element.getroottree().getroot().tag))
            if not checked:
                break
        if local_name(element.getparent()) == "Stmt":
            yield element
    if not checked:
        raise BadStatement("ni izpisek camt.053")


def _statement(parts: Iterator[etree._Element]) -> Iterator[Statement | Transaction]:
    statement = Statement(account="", identifier="", from_on=None, to_on=None)
    entry = next((part for part in parts if not _noted(part, statement)), None)
    if not statement.account:
        raise BadStatement("izpisek brez računa IBAN")
    yield statement
    if entry is not None:
        yield from _entries(chain([entry], parts), statement)


def _noted(part: etree._Element, statement: Statement) -> bool:
    """Whether ``part`` belonged to the head, and is in ``statement`` now."""
    match local_name(part):
        case "Ntry":
            return False
        case "Id":
            statement.identifier = " ".join((part.text or "").split())[:LONGEST_REFERENCE]
        case "Acct":
            statement.account = _compact(part, "Id/IBAN", most=LONGEST_IBAN)
        case "FrToDt":
            statement.from_on = _day(part, "FrDtTm")
            statement.to_on = _day(part, "ToDtTm")
        case "Bal":
            _note_balance(part, statement)
    return True


def _note_balance(balance: etree._Element, statement: Statement) -> None:
    match _text(balance, "Tp/CdOrPrtry/Cd"):
        case "OPBD":
            statement.from_on = statement.from_on or _day(balance, "Dt/Dt", "Dt/DtTm")
        case "CLBD":
            statement.to_on = _day(balance, "Dt/Dt", "Dt/DtTm") or statement.to_on


def _entries(parts: Iterable[etree._Element], statement: Statement) -> Iterator[Transaction]:
    first, last = statement.from_on, statement.to_on
    seen: Counter[str] = Counter()
    for number, entry in enumerate(parts, 1):
        with _naming(entry, number):
            if not _is_booked(entry):
                continue
            day = _booked_on(entry)
            found = list(_transactions(entry, day, statement.account, seen))
        statement.from_on = first or min(day, statement.from_on or day)
        statement.to_on = last or max(day, statement.to_on or day)
        yield from found


@contextmanager
def _naming(entry: etree._Element, number: int) -> Iterator[None]:
    """Say of which entry a flaw is."""
    try:
        yield
    except BadStatement as error:
        reference = _text(entry, "AcctSvcrRef", "NtryRef")[:LONGEST_REFERENCE]
        raise BadStatement(f"postavka {number} ({reference or 'brez oznake'}): {error}") from None


# ---------------------------------------------------------------- one entry


def _is_booked(entry: etree._Element) -> bool:
    """Whether the money is on the account already.

    Every version of the schema demands the status: a code as text in .02, as Cd in .08. Without
    one it would be a guess whether the money has come.
    """
    status = _text(entry, "Sts/Cd", "Sts")
    if status not in {_BOOKED, *_NOT_BOOKED}:
        said = status or _text(entry, "Sts/Prtry")
        raise BadStatement(f"neznan status »{said[:35]}« (Sts)" if said else "brez statusa (Sts)")
    return status == _BOOKED


def _transactions(
    entry: etree._Element, day: date, account: str, seen: Counter[str]
) -> Iterator[Transaction]:
    details = _all(entry, "NtryDtls/TxDtls") or [entry]
    wanted = [_concerns_residents(detail, entry) for detail in details]
    if not any(wanted):  # what goes out may be listed without amounts, as salaries are
        return
    for detail, cents, is_wanted in zip(details, _amounts(entry, details), wanted, strict=True):
        if is_wanted and cents:
            yield _transaction(detail, entry, cents, day, account, seen)


def _concerns_residents(detail: etree._Element, entry: etree._Element) -> bool:
    """Money in, unless it is our own payment coming back; money out only if it went back."""
    return (_sign(detail, entry) > 0) != _is_return(detail, entry)


def _is_return(detail: etree._Element, entry: etree._Element) -> bool:
    family = "BkTxCd/Domn/Fmly/SubFmlyCd"
    return (
        _text(entry, "RvslInd") in ("true", "1")
        or bool(_all(detail, "RtrInf"))
        or (_text(detail, family) or _text(entry, family)) in _RETURNS
    )


def _sign(detail: etree._Element, entry: etree._Element) -> int:
    """1: money came in; -1: it went out. A detail of a batch may differ from its entry."""
    sign = _SIGNS.get(_text(detail, "CdtDbtInd") or _text(entry, "CdtDbtInd"))
    if sign is None:
        raise BadStatement("ni znano, ali je dobro ali breme")
    return sign


def _amounts(entry: etree._Element, details: list[etree._Element]) -> list[int]:
    """The signed cents of every detail, which make up the entry's.

    A single transaction has the entry's amount: its own may be before charges, or in the
    payer's currency.
    """
    total_cents = _cents(entry, "Amt")
    if _is_batch(entry, details):
        amounts = [_cents(detail, "Amt", "AmtDtls/TxAmt/Amt") for detail in details]
    else:
        amounts = [total_cents]
    signed = [_sign(one, entry) * cents for one, cents in zip(details, amounts, strict=True)]
    if sum(signed) != _sign(entry, entry) * total_cents:
        raise BadStatement("podrobnosti se ne seštejejo v znesek")
    return signed


def _is_batch(entry: etree._Element, details: list[etree._Element]) -> bool:
    """Also when the bank counts many and shows one: that one did not pay it all."""
    counted = {_text(batch, "NbOfTxs") for batch in _all(entry, "NtryDtls/Btch")}
    return len(details) > 1 or (details != [entry] and not counted <= {"", "1"})


def _transaction(
    detail: etree._Element,
    entry: etree._Element,
    cents: int,
    day: date,
    account: str,
    seen: Counter[str],
) -> Transaction:
    name, iban = _payer(detail, account, came_in=cents > 0)
    text = " ".join(one for path in _TEXTS for one in _texts(detail, path))[:LONGEST_TEXT].strip()
    reference = _reference(detail, text)
    number = _text(detail, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef")
    if number in _NO_BANK_REFERENCE or len(number) > LONGEST_REFERENCE:
        number = _digest(day.isoformat(), str(cents), name, iban, reference, text)
    index = seen[f"{day} {number}"]
    seen[f"{day} {number}"] += 1
    return Transaction(
        key=_short_key(account, day, number, index),
        booked_on=day,
        amount_cents=cents,
        name=name,
        iban=iban,
        reference=reference,
        text=text,
        account=account,
    )


def _digest(*parts: str) -> str:
    # XML cannot hold this separator, so that no two lists of parts read the same.
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _short_key(account: str, day: date, number: str, index: int) -> str:
    if len(number) <= LONGEST_REFERENCE:
        return key_of(account, day, number, index)
    return _digest(account, number, str(index))


def _payer(detail: etree._Element, account: str, *, came_in: bool) -> tuple[str, str]:
    """Name and IBAN. In a return, some banks name us as the debtor and the payer as creditor."""
    debtor = _party(detail, "Dbtr")
    if came_in or (any(debtor) and debtor[1] != account):
        return debtor
    return _party(detail, "Cdtr")


def _party(detail: etree._Element, role: str) -> tuple[str, str]:
    name = _text(detail, f"RltdPties/{role}/Pty/Nm", f"RltdPties/{role}/Nm")
    account = f"RltdPties/{role}Acct/Id"
    return name[:LONGEST_NAME].strip(), _compact(
        detail, f"{account}/IBAN", f"{account}/Othr/Id", most=LONGEST_IBAN
    )


def _reference(detail: etree._Element, text: str) -> str:
    """The structured one; where there is none, one that the payer wrote into the text."""
    given = references.normal(_text(detail, "RmtInf/Strd/CdtrRefInf/Ref"))[:LONGEST_REFERENCE]
    if given not in _NO_REFERENCE:
        return given
    written = _REFERENCE_IN_TEXT.search(text.upper())
    return references.normal(written[0])[:LONGEST_REFERENCE] if written else given


# ---------------------------------------------------------------- values


@cache
def _in_any_namespace(path: str) -> str:
    return "{*}" + path.replace("/", "/{*}")


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    return list(element.findall(_in_any_namespace(path)))


def _texts(element: etree._Element, path: str) -> list[str]:
    """What is not empty, without line breaks."""
    found = (" ".join((one.text or "").split()) for one in _all(element, path))
    return [text for text in found if text]


def _text(element: etree._Element, *paths: str) -> str:
    """The first text that one of ``paths`` leads to, or ""."""
    return next((text for path in paths for text in _texts(element, path)), "")


def _compact(element: etree._Element, *paths: str, most: int) -> str:
    return _text(element, *paths).replace(" ", "").upper()[:most]


def _booked_on(entry: etree._Element) -> date:
    day = _day(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    if day is None:
        raise BadStatement("brez datuma knjiženja")
    return day


def _day(element: etree._Element, *paths: str) -> date | None:
    """The day in Slovenia; a moment without a time zone is Slovenian already."""
    text = _text(element, *paths)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text) if "T" in text else None
        if moment is None or moment.tzinfo is None:
            return date.fromisoformat(text[:10])
        return clock.local_day(moment)
    except (ValueError, OverflowError):
        raise BadStatement(f"ni datum: {text[:30]}") from None


def _cents(element: etree._Element, *paths: str) -> int:
    amount = next((found for path in paths for found in _all(element, path)), None)
    if amount is None:
        raise BadStatement("brez zneska")
    if amount.get("Ccy") != "EUR":
        raise BadStatement("znesek ni v evrih")
    digits = _AMOUNT.fullmatch((amount.text or "").strip())
    fraction = (digits[2] or "").rstrip("0") if digits else ""
    if not digits or len(fraction) > 2:
        raise BadStatement("znesek ni v celih centih")
    return int(digits[1]) * 100 + int(fraction.ljust(2, "0"))


# ---------------------------------------------------------------- writing


def write(statement: Statement, transactions: Iterable[Transaction]) -> bytes:
    """A camt.053.001.08 from which ``read`` gives ``transactions`` back, with their keys.

    They are as ``read`` or ``key_of`` would make them, in that order. The same input gives the
    same bytes. Raises ValueError for a statement with neither days nor transactions.
    """
    listed = list(transactions)
    first_on = statement.from_on or min(one.booked_on for one in listed)
    last_on = statement.to_on or max(one.booked_on for one in listed)
    root = etree.Element(f"{{{_WRITTEN}}}Document", nsmap={None: _WRITTEN})
    message = _add(root, "BkToCstmrStmt")
    created = f"{last_on.isoformat()}T23:59:59"
    head = _add(message, "GrpHdr")
    _add(head, "MsgId", statement.identifier)
    _add(head, "CreDtTm", created)
    body = _add(message, "Stmt")
    _add(body, "Id", statement.identifier)
    _add(body, "CreDtTm", created)
    account = _add(body, "Acct")
    _add(account, "Id/IBAN", statement.account)
    _add(account, "Ccy", "EUR")
    _write_balance(body, "OPBD", 0, first_on)
    _write_balance(body, "CLBD", sum(one.amount_cents for one in listed), last_on)
    for number, one in enumerate(listed, 1):
        _write_entry(body, number, one)
    data: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return data


def _add(parent: etree._Element, path: str, text: str = "", **attributes: str) -> etree._Element:
    for name in path.split("/"):
        parent = etree.SubElement(parent, f"{{{_WRITTEN}}}{name}")
    parent.text = text or None
    parent.attrib.update(attributes)
    return parent


def _write_balance(body: etree._Element, code: str, cents: int, day: date) -> None:
    balance = _add(body, "Bal")
    _add(balance, "Tp/CdOrPrtry/Cd", code)
    _write_amount(balance, cents)
    _add(balance, "Dt/Dt", day.isoformat())


def _write_amount(parent: etree._Element, cents: int) -> None:
    euros, rest = divmod(abs(cents), 100)
    _add(parent, "Amt", f"{euros}.{rest:02}", Ccy="EUR")
    _add(parent, "CdtDbtInd", "CRDT" if cents >= 0 else "DBIT")


def _write_entry(body: etree._Element, number: int, one: Transaction) -> None:
    entry = _add(body, "Ntry")
    _add(entry, "NtryRef", str(number))
    _write_amount(entry, one.amount_cents)
    if one.amount_cents < 0:
        _add(entry, "RvslInd", "true")
    _add(entry, "Sts/Cd", "BOOK")
    _add(entry, "BookgDt/Dt", one.booked_on.isoformat())
    _add(entry, "ValDt/Dt", one.booked_on.isoformat())
    if bank_reference := _bank_reference(one):
        _add(entry, "AcctSvcrRef", bank_reference)
    _write_code(entry, "RRTN" if one.amount_cents < 0 else "ESCT")
    _write_details(_add(entry, "NtryDtls/TxDtls"), one)


def _bank_reference(one: Transaction) -> str:
    """What ``key_of`` was given, or "" where the bank gave nothing."""
    before = key_of(one.account, one.booked_on, "").removesuffix(":0")
    return one.key[len(before) :].rpartition(":")[0] if one.key.startswith(before) else ""


def _write_code(entry: etree._Element, sub_family: str) -> None:
    domain = _add(entry, "BkTxCd/Domn")
    _add(domain, "Cd", "PMNT")
    family = _add(domain, "Fmly")
    _add(family, "Cd", "RCDT")
    _add(family, "SubFmlyCd", sub_family)


def _write_details(details: etree._Element, one: Transaction) -> None:
    _add(details, "Refs/EndToEndId", "NOTPROVIDED")
    _write_amount(details, one.amount_cents)
    parties = _add(details, "RltdPties")
    if one.name:
        _add(parties, "Dbtr/Pty/Nm", one.name)
    if one.iban:
        _add(parties, "DbtrAcct/Id/IBAN", one.iban)
    remittance = _add(details, "RmtInf")
    for line in textwrap.wrap(one.text, 140, break_long_words=False, break_on_hyphens=False):
        _add(remittance, "Ustrd", line)
    if one.reference:
        reference = _add(remittance, "Strd/CdtrRefInf")
        _add(reference, "Tp/CdOrPrtry/Cd", "SCOR")
        _add(reference, "Ref", one.reference)
