"""Bank statements: what of them is booked, and under which key."""

import re
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.ledger.camt053 import (
    BadStatement,
    Statement,
    Transaction,
    key_of,
    read,
    write,
)
from mojupravljalec.values.safe_xml import BadXml

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
IBAN = "SI56020170014356205"
ANAS_IBAN = "SI56011111111111117"
VERSIONS = pytest.mark.parametrize("version", ["02", "08"])


def document(*statements, version="08"):
    body = "".join(statements)
    head = "<GrpHdr><MsgId>M</MsgId></GrpHdr>"
    return (
        f'<Document xmlns="{NAMESPACE}{version}"><BkToCstmrStmt>{head}{body}</BkToCstmrStmt>'
        "</Document>"
    )


def balance(code, day):
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>1.00</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


BALANCES = balance("OPBD", "2026-10-16") + balance("CLBD", "2026-10-19")


def statement(*entries, iban=IBAN, head="", balances=BALANCES):
    account = f"<Acct><Id><IBAN>{iban}</IBAN></Id></Acct>" if iban else ""
    return f"<Stmt><Id>7</Id>{head}{account}{balances}{''.join(entries)}</Stmt>"


def entry(
    *details,
    amount="45.31",
    currency="EUR",
    sign="CRDT",
    status="<Cd>BOOK</Cd>",
    day="<Dt>2026-10-16</Dt>",
    bank_reference="B1",
    more="",
):
    reference = bank_reference and f"<AcctSvcrRef>{bank_reference}</AcctSvcrRef>"
    listed = f"<NtryDtls>{''.join(details)}</NtryDtls>" if details else ""
    return (
        f"<Ntry><Amt Ccy='{currency}'>{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>"
        f"<Sts>{status}</Sts><BookgDt>{day}</BookgDt>{reference}{more}{listed}</Ntry>"
    )


def detail(*parts, name="ANA", reference="SI12123", text="", iban=ANAS_IBAN):
    strd = reference and f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>"
    ustrd = text and f"<Ustrd>{text}</Ustrd>"
    account = f"<DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct>"
    return (
        f"<TxDtls>{''.join(parts)}<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr>{account}"
        f"</RltdPties><RmtInf>{ustrd}{strd}</RmtInf></TxDtls>"
    )


def amount(euros, sign=""):
    return f"<Amt Ccy='EUR'>{euros}</Amt>" + (sign and f"<CdtDbtInd>{sign}</CdtDbtInd>")


def code(sub_family):
    return f"<BkTxCd><Domn><Fmly><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"


def everything(xml):
    return list(read(BytesIO(xml.encode() if isinstance(xml, str) else xml)))


def transactions(*entries):
    return [one for one in everything(document(statement(*entries))) if type(one) is Transaction]


def cents(*entries):
    return [one.amount_cents for one in transactions(*entries)]


def refusal(xml):
    with pytest.raises(BadStatement) as refused:
        everything(xml)
    return str(refused.value)


# ---------------------------------------------------------------- what is read


@VERSIONS
@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not part of the project")
def test_the_samples_of_both_versions_are_read_alike(version):
    head, *found = everything((SAMPLES / f"camt.053.001.{version}-synthetic.xml").read_bytes())
    assert head == Statement(
        account=IBAN, identifier="SYN-1", from_on=date(2026, 10, 16), to_on=date(2026, 10, 19)
    )
    assert [(one.amount_cents, one.name, one.reference, one.text) for one in found] == [
        (4531, "NOVAK JANEZ", "SI121234567890120", ""),
        (1200, "KOVAČ MARIJA", "", "PLAČILO VODE 9/2026 KODA 004512"),
        (3310, "ŽAGAR d.o.o.", "RF81352ADD05899", ""),
        (2000, "HORVAT ANA", "SI99", ""),
    ]


def test_version_08_is_read():
    one = entry(detail(reference="si12 1234", text="voda\n  oktober"))
    head, ana = everything(document(statement(one)))
    assert head == Statement(
        account=IBAN, identifier="7", from_on=date(2026, 10, 16), to_on=date(2026, 10, 19)
    )
    assert ana == Transaction(
        key=f"{IBAN}:2026-10-16:B1:0",
        booked_on=date(2026, 10, 16),
        amount_cents=4531,
        name="ANA",
        iban=ANAS_IBAN,
        reference="SI121234",
        text="voda oktober",
        account=IBAN,
    )


def test_version_02_is_read_alike():
    new = document(statement(entry(detail())))
    old = document(statement(entry(detail(), status="BOOK")), version="02")
    old = old.replace("<Dbtr><Pty>", "<Dbtr>").replace("</Pty></Dbtr>", "</Dbtr>")
    assert everything(old) == everything(new)


def test_a_prefix_for_the_namespace_changes_nothing():
    xml = document(statement(entry(detail())))
    prefixed = re.sub(r"<(/?)(?=[A-Z])", r"<\1c:", xml).replace("xmlns=", "xmlns:c=")
    assert everything(prefixed) == everything(xml)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("0.01", 1), ("7", 700), ("7.1", 710), ("7.10000", 710), ("999999999.99", 99_999_999_999)],
)
def test_amounts_are_exact(written, expected):
    assert cents(entry(amount=written)) == [expected]


def test_an_amount_of_nothing_is_left_out():
    assert cents(entry(amount="0.00")) == []


@pytest.mark.parametrize("status", ["<Cd>PDNG</Cd>", "PDNG", "INFO", "<Cd>FUTR</Cd>"])
def test_only_booked_entries_count(status):
    assert cents(entry(status=status)) == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("", "brez statusa (Sts)"),
        ("<Cd></Cd>", "brez statusa (Sts)"),
        ("<Prtry>BOOK</Prtry>", "neznan status »BOOK« (Sts)"),
        ("<Cd>DONE</Cd>", "neznan status »DONE« (Sts)"),
    ],
)
@pytest.mark.parametrize("version", ["02", "08"])
def test_an_entry_that_does_not_say_whether_it_is_booked_is_refused(status, reason, version):
    xml = document(statement(entry(), entry(status=status, bank_reference="B2")), version=version)
    assert refusal(xml) == f"postavka 2 (B2): {reason}"


def test_an_entry_without_the_element_of_the_status_is_refused():
    bare = entry().replace("<Sts><Cd>BOOK</Cd></Sts>", "")
    assert refusal(document(statement(bare))) == "postavka 1 (B1): brez statusa (Sts)"


@VERSIONS
def test_a_file_without_a_statement_is_refused(version):
    assert refusal(document(version=version)) == "v datoteki ni izpiska (Stmt)"


def test_a_moment_of_booking_is_a_day_in_slovenia():
    late = entry(day="<DtTm>2026-10-16T22:30:00Z</DtTm>")
    local = entry(day="<DtTm>2026-10-16T23:30:00</DtTm>")
    zoned = entry(day="<Dt>2026-10-16+02:00</Dt>")
    days = [one.booked_on.day for one in transactions(late, local, zoned)]
    assert days == [17, 16, 16]


def test_money_going_out_is_left_out_also_without_amounts():
    assert cents(entry(detail(), detail(), sign="DBIT"), entry(sign="DBIT")) == []


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("SI12 1234567890120 voda", "SI121234567890120"),
        ("voda, si00 4512", "SI004512"),
        ("SI05 19-1235-84503.", "SI0519-1235-84503"),
        ("RF81352ADD05899", "RF81352ADD05899"),
        ("RF18 539007547034", "RF18539007547034"),
        ("RF12 VODA", ""),
        ("iz SI56 0201 7001 4356 205", ""),
        ("iz SI56020170014356205", ""),
        ("XSI12 123", ""),
        ("voda 9/2026", ""),
    ],
)
def test_a_reference_written_into_the_text_counts_where_no_other_does(text, reference):
    (without,) = transactions(entry(detail(reference="", text=text)))
    assert (without.reference, without.text) == (reference, text)
    (empty,) = transactions(entry(detail(reference="SI99", text=text)))
    assert empty.reference == (reference or "SI99")
    (given,) = transactions(entry(detail(reference="SI12999", text=text)))
    assert given.reference == "SI12999"


def test_texts_are_joined_also_those_beside_a_reference():
    more = "<Ustrd>ena</Ustrd><Ustrd> </Ustrd><Ustrd>dve</Ustrd>"
    xml = entry(detail()).replace("<RmtInf>", f"<RmtInf>{more}")
    xml = xml.replace("</CdtrRefInf>", "</CdtrRefInf><AddtlRmtInf>tri</AddtlRmtInf>")
    (found,) = transactions(xml)
    assert found.text == "ena dve tri"


def test_an_entry_without_details_is_shown_with_what_the_bank_says_of_it():
    bare = entry().replace("</Ntry>", "<AddtlNtryInf>POLOG GOTOVINE</AddtlNtryInf></Ntry>")
    (found,) = transactions(bare)
    assert (found.name, found.iban, found.text) == ("", "", "POLOG GOTOVINE")


# ---------------------------------------------------------------- the statement's days


def head_of(**parts):
    one, *_ = everything(document(statement(**parts)))
    return one.from_on, one.to_on


PERIOD = "<FrToDt><FrDtTm>2026-10-01T00:00:00</FrDtTm><ToDtTm>2026-10-31T23:59:59</ToDtTm></FrToDt>"


def test_the_closing_balance_says_until_when_payments_are_known():
    assert head_of(head=PERIOD) == (date(2026, 10, 1), date(2026, 10, 19))


def test_without_a_closing_balance_the_period_says_it():
    assert head_of(head=PERIOD, balances="") == (date(2026, 10, 1), date(2026, 10, 31))


def test_without_either_the_bookings_say_it_once_they_are_read():
    days = [entry(day=f"<Dt>2026-10-{day}</Dt>") for day in (17, 12, 14)]
    one, *_ = everything(document(statement(*days, balances="")))
    assert (one.from_on, one.to_on) == (date(2026, 10, 12), date(2026, 10, 17))


def test_nothing_at_all_leaves_the_days_open():
    assert head_of(balances="") == (None, None)


def test_each_of_many_statements_is_followed_by_its_own():
    other = "SI56051008010486080"
    found = everything(
        document(
            statement(entry()), statement(iban=other), statement(entry(amount="2.00"), iban=other)
        )
    )
    assert [one.account for one in found] == [IBAN, IBAN, other, other, other]
    assert [type(one) for one in found] == [
        Statement,
        Transaction,
        Statement,
        Statement,
        Transaction,
    ]


# ---------------------------------------------------------------- batches


def test_a_batch_is_many_transactions():
    batch = entry(
        detail(amount("40.00"), name="ANA"),
        detail("<AmtDtls><TxAmt><Amt Ccy='EUR'>5.31</Amt></TxAmt></AmtDtls>", name="BOJAN"),
    )
    found = transactions(batch)
    assert [(one.name, one.amount_cents, one.key[-5:]) for one in found] == [
        ("ANA", 4000, ":B1:0"),
        ("BOJAN", 531, ":B1:1"),
    ]


def test_a_batch_may_be_split_over_several_details():
    batch = entry(detail(amount("40")), detail(amount("5.31")))
    split = batch.replace("</TxDtls><TxDtls>", "</TxDtls></NtryDtls><NtryDtls><TxDtls>")
    assert cents(split) == [4000, 531]


def test_a_return_within_a_batch_takes_away_from_it():
    back = detail(amount("4.69", "DBIT"), "<RtrInf/>")
    assert cents(entry(detail(amount("50.00", "CRDT")), back)) == [5000, -469]


@pytest.mark.parametrize("second", [amount("5.30"), amount("5.32"), ""])
def test_a_batch_that_does_not_add_up_is_refused_by_name(second):
    said = refusal(document(statement(entry(), entry(detail(amount("40")), detail(second)))))
    assert said.startswith("postavka 2 (B1): ")


def test_one_shown_of_a_batch_of_many_did_not_pay_it_all():
    batch = "<Btch><NbOfTxs>3</NbOfTxs></Btch>"
    said = refusal(document(statement(entry(batch, detail(amount("10.00"))))))
    assert said == "postavka 1 (B1): podrobnosti se ne seštejejo v znesek"


def test_a_batch_without_details_is_one_sum_for_the_office():
    (found,) = transactions(entry("<Btch><NbOfTxs>3</NbOfTxs></Btch>"))
    assert (found.amount_cents, found.name) == (4531, "")


def test_a_single_payment_is_what_came_in_and_not_what_was_sent():
    sent = "<AmtDtls><TxAmt><Amt Ccy='CHF'>50.00</Amt></TxAmt></AmtDtls>"
    assert cents(entry(detail(sent))) == [4531]


# ---------------------------------------------------------------- returns


@pytest.mark.parametrize(
    "back",
    [
        entry(detail(), sign="DBIT", more="<RvslInd>true</RvslInd>"),
        entry(detail("<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"), sign="DBIT"),
        *(
            entry(detail(), sign="DBIT", more=code(one))
            for one in ("RRTN", "RPCR", "UPDD", "RCDD", "PRDD")
        ),
        entry(detail(code("RRTN")), sign="DBIT", more=code("ESCT")),
    ],
)
def test_a_payment_that_went_back_is_negative(back):
    (found,) = transactions(back)
    assert (found.amount_cents, found.name, found.reference) == (-4531, "ANA", "SI12123")


def test_our_own_payment_coming_back_is_no_residents_business():
    assert cents(entry(detail(), more="<RvslInd>true</RvslInd>")) == []
    assert cents(entry(detail("<RtrInf/>"))) == []


def test_a_payment_reversed_by_false_is_a_payment():
    assert cents(entry(detail(), more="<RvslInd>false</RvslInd>")) == [4531]


def test_the_payer_is_found_also_where_a_return_names_us_as_debtor():
    swapped = detail(name="KOMUNALA", iban=IBAN).replace(
        "</RltdPties>",
        "<Cdtr><Pty><Nm>BOJAN</Nm></Pty></Cdtr>"
        "<CdtrAcct><Id><IBAN>SI56 0510</IBAN></Id></CdtrAcct></RltdPties>",
    )
    (found,) = transactions(entry(swapped, sign="DBIT", more=code("RRTN")))
    assert (found.name, found.iban) == ("BOJAN", "SI560510")


# ---------------------------------------------------------------- keys


def keys(*entries):
    return [one.key for one in transactions(*entries)]


@pytest.mark.parametrize("reference", ["B1", ""])
def test_the_same_entry_in_two_statements_has_the_same_key(reference):
    one = entry(detail(), bank_reference=reference)
    other = entry(detail(name="BOJAN"), bank_reference=reference and "B2")
    (key,) = keys(one)
    both = everything(document(statement(one), statement(other, one)))
    assert [found.key for found in both if type(found) is Transaction][::2] == [key, key]


def test_a_pending_entry_does_not_change_the_key_it_gets_when_booked():
    one = entry(detail(), bank_reference="")
    pending = entry(detail(), bank_reference="", status="<Cd>PDNG</Cd>")
    assert keys(pending, one) == keys(one)


@pytest.mark.parametrize("reference", ["", "NOTPROVIDED", "NONREF", "B" * 36])
def test_without_a_reference_of_the_bank_equal_entries_are_counted(reference):
    one = entry(detail(), bank_reference=reference)
    other = entry(detail(name="BOJAN"), bank_reference=reference)
    found = keys(one, one, other)
    assert len(set(found)) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in found)
    assert keys(other, one) == [found[2], found[0]]


def test_the_banks_reference_of_the_transaction_goes_before_that_of_the_entry():
    own = "<Refs><AcctSvcrRef>T9</AcctSvcrRef></Refs>"
    assert keys(entry(detail(own))) == [key_of(IBAN, date(2026, 10, 16), "T9")]


def test_entries_under_one_number_stay_apart():
    """Some banks begin to number anew every day, and give a return the payment's number."""
    next_day = entry(detail(), day="<Dt>2026-10-17</Dt>")
    back = entry(detail(), sign="DBIT", more=code("RRTN"))
    assert len(set(keys(entry(detail()), next_day, back))) == 3


def test_two_accounts_never_share_a_key():
    for reference in ("B1", ""):
        one = entry(detail(), bank_reference=reference)
        found = everything(document(statement(one), statement(one, iban="SI56051008010486080")))
        assert len({each.key for each in found if type(each) is Transaction}) == 2


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "xml",
    [
        "<Document/>",
        "<Ntry/>",
        "<Document><Stmt><Ntry/></Stmt></Document>",
        document(statement()).replace("camt.053.001.08", "camt.052.001.08"),
        document(statement()).replace("camt.053.001.08", "pain.001.001.09"),
        document(statement()).replace("camt.053.001.08", "camt.053.001.08x"),
        document(statement()).replace("Document", "Izpisek"),
        "<Invoice xmlns='urn:eslog:2.00'><Id>1</Id></Invoice>",
    ],
)
def test_what_is_no_statement_is_refused(xml):
    assert refusal(xml) == "ni izpisek camt.053"


def test_a_statement_without_an_account_takes_none_from_the_one_before():
    assert refusal(document(statement(iban=""))) == "izpisek brez računa IBAN"
    assert "računa" in refusal(document(statement(entry()), statement(entry(), iban="")))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (entry(currency="USD"), "postavka 1 (B1): znesek ni v evrih"),
        (entry(amount="1.005"), "postavka 1 (B1): znesek ni v celih centih"),
        (entry(amount="1,00"), "postavka 1 (B1): znesek ni v celih centih"),
        (entry(amount="-1.00"), "postavka 1 (B1): znesek ni v celih centih"),
        (entry(amount="1e9"), "postavka 1 (B1): znesek ni v celih centih"),
        (entry(amount="NaN"), "postavka 1 (B1): znesek ni v celih centih"),
        (entry(amount="٤"), "postavka 1 (B1): znesek ni v celih centih"),
        (entry(amount="9" * 5000), "postavka 1 (B1): znesek ni v celih centih"),
        (entry(amount=""), "postavka 1 (B1): znesek ni v celih centih"),
        (
            entry(bank_reference="").replace("<Amt Ccy='EUR'>45.31</Amt>", ""),
            "postavka 1 (brez oznake): brez zneska",
        ),
        (entry(sign="X"), "postavka 1 (B1): ni znano, ali je dobro ali breme"),
        (entry(day=""), "postavka 1 (B1): brez datuma knjiženja"),
        (entry(day="<Dt>2026-02-30</Dt>"), "postavka 1 (B1): ni datum: 2026-02-30"),
        (
            entry(day="<DtTm>9999-12-31T23:59:59Z</DtTm>"),
            "postavka 1 (B1): ni datum: 9999-12-31T23:59:59Z",
        ),
        (
            entry(detail("<CdtDbtInd>DBIT</CdtDbtInd>", "<RtrInf/>")),
            "postavka 1 (B1): podrobnosti se ne seštejejo v znesek",
        ),
    ],
)
def test_an_entry_that_cannot_be_booked_is_named(bad, said):
    assert refusal(document(statement(bad))) == said


def test_a_foreign_account_is_refused():
    assert "evrih" in refusal(document(statement(entry(), entry(currency="CHF"))))


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"ni XML",
        document(statement(entry())).encode()[:-20],
        b"<!DOCTYPE a [<!ENTITY x 'x'>]>" + document(statement(entry())).encode(),
        document(statement(entry(detail(name="&x;")))).encode(),
        b"<a>" * 1000,
        b"\x00\xff\xfe",
    ],
)
def test_xml_that_is_broken_or_means_harm_is_refused(xml):
    with pytest.raises(BadXml):
        everything(xml)


def test_endless_texts_are_cut():
    long = detail(name="A" * 9000, reference="SI00" + "1" * 9000, text="x " * 9000, iban="S" * 99)
    (found,) = transactions(entry(long))
    lengths = [len(one) for one in (found.name, found.reference, found.text, found.iban)]
    assert lengths == [140, 35, 499, 34]
    assert len(found.key) <= 100


def test_an_entry_inside_an_entry_is_not_booked():
    assert cents(entry(detail(), more=entry(amount="1.00"))) == [4531]


# ---------------------------------------------------------------- writing

LETTERS = st.characters(whitelist_categories=("L", "N", "P", "S", "Zs"), blacklist_characters="\0")
PHRASES = st.text(LETTERS, max_size=60).map(lambda text: " ".join(text.split()))
DAYS = st.dates(date(2026, 10, 1), date(2026, 10, 31))


@st.composite
def written(draw):
    """Transactions with keys as ``read`` makes them for numbered ones."""
    day = draw(DAYS)
    return Transaction(
        key=key_of(IBAN, day, draw(st.from_regex(r"[A-Z0-9:]{1,20}", fullmatch=True))),
        booked_on=day,
        amount_cents=draw(st.integers(1, 10**9)) * draw(st.sampled_from([1, -1])),
        name=draw(PHRASES),
        iban=draw(st.sampled_from(["", ANAS_IBAN])),
        reference=draw(st.sampled_from(["SI121234567890120", "RF81352ADD05899", "SI004512"])),
        text=draw(PHRASES | PHRASES.map(lambda text: " ".join([text or "x"] * 8))),
        account=IBAN,
    )


HEAD = Statement(
    account=IBAN, identifier="2026-10", from_on=date(2026, 10, 1), to_on=date(2026, 10, 31)
)


@given(st.lists(written(), max_size=6, unique_by=lambda one: one.key))
def test_what_is_written_is_read_again(listed):
    data = write(HEAD, listed)
    assert everything(data) == [HEAD, *listed]
    assert write(HEAD, listed) == data


def test_a_statement_that_was_read_can_be_written_with_its_batches_and_returns():
    batch = entry(detail(amount("40.00")), detail(amount("5.31"), reference="", text="voda"))
    nameless = entry(detail(), bank_reference="")
    back = entry(detail(), sign="DBIT", more=code("RRTN"))
    head, *listed = everything(document(statement(batch, nameless, nameless, back)))
    assert everything(write(head, listed)) == [head, *listed]


def test_a_statement_without_days_has_those_of_its_bookings():
    one = Transaction(
        key=key_of(IBAN, date(2026, 10, 5), "1"),
        booked_on=date(2026, 10, 5),
        amount_cents=100,
        name="",
        iban="",
        reference="",
        text="",
        account=IBAN,
    )
    bare = Statement(account=IBAN, identifier="1", from_on=None, to_on=None)
    head, found = everything(write(bare, [one]))
    assert (head.from_on, head.to_on, found) == (one.booked_on, one.booked_on, one)
    with pytest.raises(ValueError, match="empty"):
        write(bare, [])


def test_a_long_statement_is_read_as_it_comes():
    day = date(2026, 10, 1)
    many = (
        Transaction(
            key=key_of(IBAN, day + timedelta(number % 30), str(number)),
            booked_on=day + timedelta(number % 30),
            amount_cents=number + 1,
            name="ANA",
            iban="",
            reference="SI001",
            text="",
            account=IBAN,
        )
        for number in range(2000)
    )
    found = read(BytesIO(write(HEAD, many)))
    assert next(found) == HEAD
    assert sum(one.amount_cents for one in found) == 2000 * 2001 // 2
