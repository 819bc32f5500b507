"""Who did what to what: found by what is asked for, shown, and taken along."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from mojupravljalec.accounts.models import Account
from mojupravljalec.accounts.roles import FRESH_LASTS
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.extensions import db
from mojupravljalec.journal.forms import WantedForm
from mojupravljalec.journal.queries import Wanted, entries
from mojupravljalec.web import lists
from mojupravljalec.web.access import client_address

from ..bills import NOON, counted, rows
from ..site.html import faults

PAGE = "/pisarna/dnevnik"
FILE = f"{PAGE}?oblika=csv"
LJUBLJANA = ZoneInfo("Europe/Ljubljana")


def what(clerk, query=""):
    """What happened, as the page with these filters says it."""
    return [row[2].removeprefix("What happened: ") for row in clerk.rows(f"{PAGE}?{query}")]


def table(answer):
    """The rows of a CSV."""
    return list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))


def test_the_page_opens_to_clerk_and_operator_and_to_nobody_else(browser, cast):
    expected = {"clerk": 200, "operator": 200, "reader": 403, "ana": 404, "nobody": 303}
    for who, status in expected.items():
        assert browser(getattr(cast, who, None)).get(PAGE).status_code == status, who


def test_an_entry_says_who_did_what_to_what_when_and_from_where(clerk, cast, happened):
    happened(
        "staff.role-changed",
        account_id=cast.operator.id,
        subject=f"account:{cast.reader.id}",
        address="192.0.2.7",
        details={"old": "clerk", "new": "reader"},
    )
    assert clerk.rows(PAGE) == [
        [
            "22 Nov 2026 13:00:00",
            "Who: Operator Novak, operator@primer.si (operator)",
            "What happened: the role was changed",
            "To what: reader@primer.si",
            "From where: 192.0.2.7",
            "Details: clerk → reader",
        ]
    ]


def test_subjects_are_named_and_a_customer_leads_to_their_page(clerk, cast, happened):
    for subject in (f"customer:{cast.anas_customer}", "customer:99", "import_batch:3", "x:1", ""):
        happened("customer.viewed", subject=subject)
    page = clerk.html(PAGE)
    subjects = [row[3].removeprefix("To what:").strip() for row in rows(page)]
    assert subjects == ["", "x:1", "import 3", "customer:99", "01 Stranka 1"]
    assert f'<a href="/pisarna/stranke/{cast.anas_customer}">01 Stranka 1</a>' in page


def test_an_event_without_words_is_shown_as_it_is_called(clerk, happened):
    happened("meter.exploded")
    assert what(clerk) == ["meter.exploded"]


def test_a_form_of_the_page_is_sound_html_and_keeps_what_was_typed(clerk, cast, happened):
    happened("account.signed-in", account_id=cast.ana.id)
    for query in ("", "?skupina=prijave&kdo=ana@primer.si&od=2026-11-22", "?od=jutri&kdo=x&do=5"):
        assert faults(clerk.html(PAGE + query), language="en") == [], query
    page = clerk.html(f"{PAGE}?od=jutri&kdo=nihce@primer.si&skupina=osebje")
    assert 'value="jutri"' in page
    assert 'value="nihce@primer.si"' in page
    assert '<option selected value="osebje">' in page


def test_the_newest_comes_first_or_the_oldest(clerk, happened):
    for minutes, event in ((3, "demo.grown"), (1, "notice.added"), (2, "notice.removed")):
        happened(event, at=NOON - timedelta(minutes=minutes))
    newest = ["a notice was published", "a notice was removed", "the demo was filled"]
    assert what(clerk) == newest
    assert what(clerk, "red=kdaj") == newest[::-1]
    assert what(clerk, "skupina=drugo&red=kdaj") == newest[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("skupina=prijave", {"ana in", "bojan in", "proof"}),
        ("skupina=stranke", {"link"}),
        ("skupina=izvozi", {"export"}),
        ("skupina=placila", set()),
        ("skupina=nesmisel", {"ana in", "bojan in", "proof", "link", "export", "unknown"}),
        ("kdo=ana@primer.si", {"ana in", "proof", "link"}),
        ("kdo=ANA@primer.si+&skupina=prijave", {"ana in", "proof"}),
        ("stranka=01", {"link", "unknown"}),
        ("stranka=01&skupina=stranke", {"link"}),
        ("stranka=01&kdo=ana@primer.si&naslov=192.0.2.7", {"link"}),
        ("stranka=02", set()),
        ("naslov=192.0.2.7", {"ana in", "link"}),
        ("naslov=2001:db8::7:1", {"bojan in"}),
        ("naslov=2001:db8::/64&kdo=bojan@primer.si", {"bojan in"}),
        ("naslov=2001:db8::7&kdo=ana@primer.si", set()),
        ("naslov=192.0.2.7&skupina=prijave", {"ana in"}),
        ("od=22. 11. 2026", {"link", "export", "unknown"}),
        ("do=2026-11-21", {"ana in", "bojan in", "proof"}),
        ("od=2026-11-20&do=2026-11-21&kdo=ana@primer.si", {"proof"}),
        ("od=2026-11-20&do=2026-11-21&skupina=prijave", {"bojan in", "proof"}),
        (
            "od=0001-01-01&do=9999-12-31",
            {"ana in", "bojan in", "proof", "link", "export", "unknown"},
        ),
    ],
)
def test_entries_are_found_by_what_is_asked_for(app, clerk, cast, happened, query, found):
    customer = f"customer:{cast.anas_customer}"
    ana, bojan = cast.ana.id, cast.bojan.id
    office, home = "192.0.2.7", "2001:db8::/64"
    day = timedelta(days=1)
    put = (
        ("ana in", "account.signed-in", NOON - 3 * day, ana, office, ""),
        ("proof", "factor.proven", NOON - 2 * day, ana, "", ""),
        ("bojan in", "account.signed-in", NOON - day, bojan, home, ""),
        ("link", "customer.linked", NOON, ana, office, customer),
        ("export", "export.made", NOON, None, "", ""),
        ("unknown", "meter.exploded", NOON, None, "", customer),
    )
    for name, event, at, who, address, subject in put:
        happened(
            event, at=at, account_id=who, address=address, subject=subject, details={"name": name}
        )
    shown = [row[5].removeprefix("Details: name: ") for row in clerk.rows(f"{PAGE}?{query}")]
    assert sorted(shown) == sorted(found)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("kdo=nihce@primer.si", "Nobody has this e-mail address."),
        ("kdo=ana", "Nobody has this e-mail address."),
        ("kdo=%00", ""),
        ("stranka=77", "There is no customer with this number."),
        ("stranka=%00", ""),
        ("od=jutri", "Write the day like this: 22. 11. 2026."),
        ("od=2026-11-22&do=2026-11-21", "The last day lies before the first one."),
        ("naslov=pisarna", "Write the address like this: 192.0.2.7."),
        ("naslov=192.0.2.7.8", "Write the address like this: 192.0.2.7."),
    ],
)
def test_a_question_that_means_nothing_is_said_to_and_finds_nothing(
    clerk, happened, query, sentence
):
    happened("demo.grown")
    for headers in ({}, {"HX_Request": "true"}):
        text = clerk.words(f"{PAGE}?{query}", **headers)
        assert sentence in text
        assert ("the demo was filled" in text) is (sentence == "")


def test_htmx_gets_the_list_alone(clerk, happened):
    happened("demo.grown")
    part = clerk.html(PAGE, HX_Request="true")
    assert part.lstrip().startswith('<div id="found">')
    assert "the demo was filled" in part


def test_a_day_lasts_from_local_midnight_to_local_midnight(clerk, happened):
    midnight = datetime(2026, 7, 14, tzinfo=LJUBLJANA).astimezone(UTC)
    assert midnight == datetime(2026, 7, 13, 22, tzinfo=UTC)
    for name, at in (
        ("before", midnight - timedelta(microseconds=1)),
        ("first", midnight),
        ("last", midnight + timedelta(days=1, microseconds=-1)),
        ("after", midnight + timedelta(days=1)),
    ):
        happened("demo.grown", at=at, details={"name": name})
    shown = [row[5] for row in clerk.rows(f"{PAGE}?od=2026-07-14&do=2026-07-14")]
    assert shown == ["Details: name: last", "Details: name: first"]


@pytest.fixture
def changing_clocks(app):
    """An entry in every hour of days on which clocks change; their moments."""
    days = [date(2026, 3, 28), date(2026, 10, 24)]
    moments = [
        datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)
        for day in days
        for hour in range(72)
    ]
    with app.app_context():
        for moment in moments:
            db.session.add(AuditEntry(at=moment, event="demo.grown", account_id=None))
        db.session.commit()
    return moments


@given(
    st.dates(date(2026, 3, 27), date(2026, 10, 28)) | st.dates(),
    st.dates(date(2026, 3, 27), date(2026, 10, 28)) | st.dates(),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_days_are_those_of_the_clock_on_the_wall(app, changing_clocks, first, last):
    with app.app_context():
        query = entries(Wanted(from_on=first, to_on=last))
        found = {row.at for row in db.session.execute(query)}
        db.session.rollback()
    assert found == {
        moment for moment in changing_clocks if first <= moment.astimezone(LJUBLJANA).date() <= last
    }


@given(st.ip_addresses())
@settings(deadline=None)
def test_an_address_is_looked_for_as_the_audit_keeps_it(base_app, address):
    environ = {"REMOTE_ADDR": str(address)}
    with base_app.test_request_context(environ_base=environ):
        kept = client_address()
        for text in (str(address), kept):
            form = WantedForm(MultiDict({"naslov": text}), meta={"csrf": False})
            assert form.wanted.address == kept


def test_names_are_looked_up_for_the_whole_page(app, clerk, cast, happened):
    def queries(number):
        for turn in range(number):
            customer = cast.anas_customer if turn % 2 else cast.bojans_customer
            happened(
                "customer.linked",
                account_id=cast.operator.id,
                subject=f"customer:{customer}",
                details={"account": cast.bojan.id},
            )
        with counted(app) as seen:
            clerk.html(f"{PAGE}?skupina=stranke&kdo=operator@primer.si")
        return len(seen)

    assert queries(1) == queries(40) <= 8


def test_more_than_a_page_is_turned_over(clerk, happened):
    for number in range(lists.PAGE_ROWS + 1):
        happened("demo.grown", details={"rows": number})
    assert clerk.rows(f"{PAGE}?stran=2")[0][5] == "Details: rows: 0"
    assert len(clerk.rows(f"{PAGE}?stran=2&skupina=drugo")) == 1


# ---------------------------------------------------------------- as a file


def test_the_file_says_the_same_as_the_page(clerk, cast, happened, noted):
    happened("account.renamed", account_id=cast.ana.id, subject=f"account:{cast.ana.id}")
    happened("customer.linked", account_id=cast.ana.id, subject=f"customer:{cast.anas_customer}")
    headings = ["When", "Who", "What happened", "To what", "From where", "Details"]
    on_page = [
        [cell.removeprefix(f"{title}:").strip() for title, cell in zip(headings, row, strict=True)]
        for row in clerk.rows(f"{PAGE}?kdo=ana@primer.si")
    ]
    answer = clerk.client.get(f"{FILE}&kdo=ana@primer.si")
    assert answer.mimetype == "text/csv"
    assert table(answer) == [headings, *on_page]
    assert "01 Stranka 1" in on_page[0]


def test_the_file_holds_more_than_is_read_at_once(clerk, cast, happened, monkeypatch):
    monkeypatch.setattr(lists, "AT_ONCE", 3)
    for number in range(8):
        happened("account.renamed", account_id=cast.ana.id, details={"rows": number})
    found = table(clerk.client.get(f"{FILE}&skupina=prijave"))
    assert [row[5] for row in found[1:]] == [f"rows: {number}" for number in range(7, -1, -1)]
    assert {row[1] for row in found[1:]} == {"Ana Novak, ana@primer.si"}


def test_taking_the_audit_along_is_noted_with_what_was_asked_for(clerk, cast, noted):
    clerk.client.get(f"{FILE}&kdo=ana@primer.si&name=x&red=kdaj")
    (entry,) = noted("list.exported")
    assert entry.account_id == cast.clerk.id
    assert entry.details == {"list": "dnevnik", "filters": {"kdo": "ana@primer.si"}}


def test_looking_is_not_noted(clerk, noted):
    clerk.html(PAGE)
    assert noted("list.exported") == []


def test_the_file_asks_for_the_password_and_then_comes(clerk, cast, noted, today):
    today.shift(FRESH_LASTS + timedelta(seconds=1))
    assert clerk.client.get(PAGE).status_code == 200
    answer = clerk.client.get(f"{FILE}&kdo=ana@primer.si")
    assert answer.status_code == 303
    assert noted("list.exported") == []
    answer = clerk.client.post(answer.location, data={"password": cast.clerk.password})
    assert answer.status_code == 303
    answer = clerk.client.get(answer.location)
    assert (answer.mimetype, len(noted("list.exported"))) == ("text/csv", 1)


def test_what_a_spreadsheet_would_reckon_stays_text(app, clerk, cast, happened):
    with app.app_context():
        db.session.get_one(Account, cast.ana.id).first_name = "=1+1"
        db.session.commit()
    happened("account.renamed", account_id=cast.ana.id)
    (_headings, _taken, row) = table(clerk.client.get(FILE))
    assert row[1].startswith("'=1+1")
