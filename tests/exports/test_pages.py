"""Exports in the browser of the operator and of the clerk."""

import re
from datetime import date

import pytest

from mojupravljalec.exports import files
from mojupravljalec.exports.rules import HEADINGS

from ..site.html import faults
from .conftest import HEAD, NOVEMBER

LIST = "/pisarna/izvozi"
NEW = f"{LIST}/nov"
LAYOUTS = f"{LIST}/oblike"


@pytest.fixture(params=["operator", "clerk"])
def desk(request, cast, browser):
    """The browser of somebody who may export; pages are read in English."""
    client = browser(getattr(cast, request.param))
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def clerk(cast, browser):
    client = browser(cast.clerk)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html.replace("&nbsp;", " ")).split())


def read(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.text


def pressed(client, **typed):
    """The form of a new export as it is opened, sent with what is typed."""
    html = read(client, NEW)
    after = re.search(r'name="after"[^>]* value="(\d+)"', html)[1]
    month = re.search(r'<option selected value="([^"]*)"', html)[1]
    return {"month": month, "after": after, **typed}


@pytest.mark.parametrize("language", ["sl", "en"])
def test_pages_have_no_fault(books, clerk, language):
    books.doubted(900_000, 21)
    clerk.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    for page in (LIST, LAYOUTS, *pages(books), LIST):
        answer = clerk.get(page, follow_redirects=True)
        assert faults(answer.text, language=language) == [], page
    for page in (NEW, f"{LAYOUTS}/nova"):
        answer = clerk.post(page)
        assert answer.status_code == 422
        assert faults(answer.text, language=language) == [], page


# ---------------------------------------------------------------- the overview


def test_the_overview_tells_what_waits_and_what_was_made(books, desk):
    assert "No reading waits for export." in read(desk, LIST)
    books.sent(474_000)
    books.doubted(900_000, 21)
    html = read(desk, LIST)
    assert "November 2026 Ready: 1 Doubtful, for review: 1 Export November 2026" in words(html)
    assert 'href="/pisarna/izvozi/nov?mesec=2026-11"' in html
    assert "There are no exports yet." in html
    books.make()
    assert 'href="/pisarna/izvozi/1"' in read(desk, LIST)
    assert "for the bill of November 2026 Readings: 1 State: in force" in words(read(desk, LIST))


def test_the_list_is_a_part_for_htmx_and_a_file(books, clerk):
    books.sent(474_000)
    books.make()
    part = clerk.get(LIST, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="found">')
    text = clerk.get(f"{LIST}?oblika=csv").data.decode("utf-8-sig")
    assert text.splitlines()[1].startswith("1;November 22, 2026 at 13:00;Cvetka;")


# ---------------------------------------------------------------- making


def test_an_export_is_made_by_one_press(books, cast, desk):
    books.sent(474_000)
    books.doubted(900_000, 21)
    assert "November 2026: 2 readings, doubtful among them: 1" in read(desk, NEW)
    answer = desk.post(NEW, data=pressed(desk))
    assert (answer.status_code, answer.location) == (303, f"{LIST}/1")
    html = read(desk, answer.location)
    assert "1 reading is exported and locked." in html
    assert "Doubtful readings that were left out: 1." in html
    (made,) = books.exports()
    assert made.account_id in {cast.operator.id, cast.clerk.id}
    assert made.by.endswith("@primer.si")
    assert (made.counts_for, made.from_on, made.rows) == (NOVEMBER, None, 1)
    assert "182044101 OM-01 01 20.11.2026 474 467 7 stranka" in words(html)


def test_days_are_exported_as_they_were_read(books, clerk):
    books.sent(474_000, 20, counts_for=date(2026, 12, 1))
    typed = pressed(clerk, month="", from_on="2026-11-20", to_on="20. 11. 2026")
    assert clerk.post(NEW, data=typed).status_code == 303
    assert (books.exports()[0].from_on, books.exports()[0].to_on) == (date(2026, 11, 20),) * 2
    assert "read 20 Nov 2026–20 Nov 2026" in words(read(clerk, f"{LIST}/1"))


def test_doubtful_readings_come_along_where_the_box_is_ticked(books, clerk):
    books.doubted(900_000, doubts="far_high")
    assert clerk.post(NEW, data=pressed(clerk, with_doubtful="y")).status_code == 303
    assert "čaka na pregled: veliko več kot običajno" in read(clerk, f"{LIST}/1")


def test_the_month_of_the_address_is_chosen(books, cast, clerk):
    books.sent(474_000)
    books.sent(480_000, 25, counts_for=date(2026, 12, 1))
    assert '<option selected value="2026-12">' in read(clerk, NEW)
    assert '<option selected value="2026-11">' in read(clerk, f"{NEW}?mesec=2026-11")


def test_a_layout_names_the_columns(books, clerk):
    books.sent(474_000)
    layout = books.add_layout("Obračun", stanje="Stanje", datum="Dan")
    assert clerk.post(NEW, data=pressed(clerk, layout=layout)).status_code == 303
    assert books.bytes_of(1).decode("utf-8-sig") == "Stanje;Dan\r\n474;20.11.2026\r\n"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"month": "2026-13"}, "Choose a month from the list."),
        ({"month": "november"}, "Choose a month from the list."),
        ({"from_on": "2026-11-20"}, "Choose a month or write days, not both."),
        ({"month": ""}, "Write both days, or choose a month."),
        ({"month": "", "from_on": "2026-11-20"}, "Write both days, or choose a month."),
        (
            {"month": "", "from_on": "2026-11-20", "to_on": "2026-11-19"},
            "The last day lies before the first one.",
        ),
        ({"month": "", "from_on": "x", "to_on": "2026-11-19"}, "Write the day like this"),
        ({"layout": "99"}, "This layout is gone. Choose another one."),
        ({"layout": "x"}, "This layout is gone. Choose another one."),
        ({"month": None}, "Write both days, or choose a month."),
        ({"month": "2026-10"}, "No reading of this choice waits for export."),
    ],
)
def test_a_mistake_exports_nothing_and_says_why(books, clerk, typed, says):
    books.sent(474_000)
    answer = clerk.post(NEW, data=pressed(clerk, **typed))
    assert answer.status_code == 422
    assert says in answer.text
    assert books.exports() == []


def test_where_all_is_doubtful_this_is_said(books, clerk):
    books.doubted(900_000)
    answer = clerk.post(NEW, data=pressed(clerk))
    assert answer.status_code == 422
    assert "Doubtful readings that were left out: 1." in answer.text


def test_pressing_twice_makes_one_export(books, clerk):
    books.sent(474_000)
    form = pressed(clerk)
    assert clerk.post(NEW, data=form).location == f"{LIST}/1"
    books.sent(480_000, 25)  # between the two presses
    second = clerk.post(NEW, data=form)
    assert (second.status_code, second.location) == (303, f"{LIST}/1")
    assert "Export 1 was made in the meantime" in read(clerk, second.location)
    assert len(books.exports()) == 1


def test_pressing_twice_without_what_was_seen_finds_nothing(books, clerk):
    books.sent(474_000)
    form = {"month": "2026-11"}
    assert clerk.post(NEW, data=form).status_code == 303
    second = clerk.post(NEW, data=form)
    assert second.status_code == 422
    assert "Perhaps it was exported already." in second.text
    assert len(books.exports()) == 1


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(("ending", "begins"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_the_file_is_taken_by_a_button_and_noted(books, desk, ending, begins):
    books.sent(474_000)
    number = books.make().number
    answer = desk.post(f"{LIST}/{number}/odcitki.{ending}")
    assert answer.status_code == 200
    assert answer.data.startswith(begins)
    assert f"odcitki-{number}.{ending}" in answer.headers["Content-Disposition"]
    assert answer.mimetype == files.MIME[ending]
    assert answer.data == books.bytes_of(number, files.Ending(ending))
    assert [one["file"] for *_, one in books.audit("export.downloaded")] == [
        f"odcitki-{number}.{ending}"
    ]


def test_the_csv_has_our_headings_unless_said_otherwise(books, clerk):
    books.sent(474_000)
    books.make()
    text = clerk.post(f"{LIST}/1/odcitki.csv").data.decode("utf-8-sig")
    assert text.split("\r\n")[0] == HEAD


def test_looking_at_the_address_of_a_file_takes_nothing(books, clerk):
    books.sent(474_000)
    books.make()
    answer = clerk.get(f"{LIST}/1/odcitki.csv")
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert books.audit("export.downloaded") == []


def test_a_workbook_that_would_be_cut_off_is_not_offered(books, clerk, monkeypatch):
    books.sent(474_000)
    books.make()
    monkeypatch.setattr(files, "XLSX_ROWS", 0)
    assert "Save as XLSX" not in read(clerk, f"{LIST}/1")
    answer = clerk.post(f"{LIST}/1/odcitki.xlsx")
    assert "Take the CSV." in read(clerk, answer.location)


# ---------------------------------------------------------------- taking back


def test_taking_back_says_what_it_does_and_does_it(books, desk):
    sent = books.sent(474_000)
    books.make()
    page = f"{LIST}/1/razveljavi"
    assert f'href="{page}"' in read(desk, f"{LIST}/1")
    assert "1 reading opens again" in read(desk, page)
    assert books.reading(sent).export_id == 1
    answer = desk.post(page)
    assert (answer.status_code, answer.location) == (303, f"{LIST}/1")
    html = read(desk, f"{LIST}/1")
    assert "The export is taken back. 1 reading is open again." in html
    assert "Taken back on November 22, 2026" in words(html)
    assert f'href="{page}"' not in html
    assert books.reading(sent).export_id is None
    assert desk.post(f"{LIST}/1/odcitki.csv").status_code == 200


def test_taking_back_twice_takes_back_once(books, clerk):
    books.sent(474_000, 20)
    books.make()
    books.sent(480_000, 25)
    books.make()
    for method in (clerk.post, clerk.post, clerk.get):
        assert method(f"{LIST}/2/razveljavi").location in {f"{LIST}/2", None}
    assert "Only the last export in force can be taken back." in read(clerk, f"{LIST}/2")
    assert [one.undone_at is None for one in books.exports()] == [True, False]


def test_an_earlier_export_is_not_taken_back(books, clerk):
    first = books.sent(474_000, 20)
    books.make()
    books.sent(480_000, 25)
    books.make()
    assert "razveljavi" not in read(clerk, f"{LIST}/1")
    assert clerk.post(f"{LIST}/1/razveljavi").status_code == 303
    assert books.reading(first).export_id == 1


# ---------------------------------------------------------------- layouts


def columns(**changes):
    typed = {"name": "Obračun"}
    for place, ours in enumerate(HEADINGS, 1):
        heading, at = changes.get(ours, (ours, str(place)))
        typed |= {f"heading-{ours}": heading, f"place-{ours}": at}
    return typed


def only(*ours):
    """A layout of these columns alone, in this order."""
    shown = {one: (f"K {one}", str(place)) for place, one in enumerate(ours, 1)}
    return {one: shown.get(one, ("", "")) for one in HEADINGS}


def test_a_layout_is_made_changed_and_deleted(books, desk):
    assert "There are no layouts yet." in read(desk, LAYOUTS)
    made = desk.post(f"{LAYOUTS}/nova", data=columns(**only("stanje", "datum")))
    assert (made.status_code, made.location) == (303, LAYOUTS)
    assert books.layouts() == [("Obračun", [("stanje", "K stanje"), ("datum", "K datum")])]
    link = re.search(rf'href="({LAYOUTS}/\d+)"', read(desk, LAYOUTS))[1]
    html = read(desk, link)
    assert 'value="K stanje"' in html
    changed = {**columns(**only("datum", "stanje")), "name": " Drugi "}
    assert desk.post(link, data=changed).status_code == 303
    assert books.layouts() == [("Drugi", [("datum", "K datum"), ("stanje", "K stanje")])]
    assert "Those made with it keep their headings." in read(desk, f"{link}/izbrisi")
    assert books.layouts()
    assert desk.post(f"{link}/izbrisi").location == LAYOUTS
    assert books.layouts() == []
    assert desk.post(f"{link}/izbrisi").status_code == 404
    assert len(books.audit("export.layout-deleted")) == 1


def test_a_new_layout_begins_with_our_headings_in_our_order(clerk, books):
    html = read(clerk, f"{LAYOUTS}/nova")
    shown = re.findall(r'name="(heading|place)-(\w+)"[^>]* value="([^"]*)"', html)
    assert shown == [
        one
        for place, ours in enumerate(HEADINGS, 1)
        for one in (("heading", ours, ours), ("place", ours, str(place)))
    ]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (columns(datum=("Stanje", "1")), "Another column has this name already."),
        (columns(**only()), "Name at least one column."),
        ({**columns(), "name": " "}, "Write a name for the layout."),
        ({**columns(), "name": "a\nb"}, "Write it in one line."),
        (columns(datum=("a\nb", "1")), "Write it in one line."),
        (columns(datum=("x" * 61, "1")), "Use at most 60 characters."),
        (columns(datum=("d", "first")), "Write a number such as 3, or leave it empty."),
        (columns(datum=("d", "-1")), "Write a number such as 3, or leave it empty."),
        (columns(datum=("d", "9" * 5000)), "Write a number such as 3, or leave it empty."),
        ({**columns(), "name": "Drugi"}, "Another layout has this name."),
    ],
)
def test_a_layout_that_cannot_be_is_refused(books, clerk, typed, says):
    books.add_layout("Drugi", datum="d")
    answer = clerk.post(f"{LAYOUTS}/nova", data=typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert len(books.layouts()) == 1


def test_a_layout_does_not_take_the_name_of_another(books, clerk):
    books.add_layout("Drugi", datum="d")
    own = books.add_layout("Obračun", datum="d")
    answer = clerk.post(f"{LAYOUTS}/{own}", data={**columns(), "name": "Drugi"})
    assert answer.status_code == 422
    assert "Another layout has this name." in answer.text
    assert [name for name, _ in books.layouts()] == ["Drugi", "Obračun"]


# ---------------------------------------------------------------- who may


def pages(books):
    books.sent(474_000)
    number = books.make().number
    layout = books.add_layout("Obračun", datum="d")
    return [
        LIST,
        NEW,
        f"{LIST}/{number}",
        f"{LIST}/{number}/odcitki.csv",
        f"{LIST}/{number}/razveljavi",
        LAYOUTS,
        f"{LAYOUTS}/nova",
        f"{LAYOUTS}/{layout}",
        f"{LAYOUTS}/{layout}/izbrisi",
    ]


@pytest.mark.parametrize(("who", "status"), [("ana", 404), ("reader", 403), (None, 303)])
def test_nobody_else_comes_near(books, cast, browser, who, status):
    client = browser(who and getattr(cast, who))
    for page in pages(books):
        assert client.get(page).status_code == status, page
        if page not in {LIST, LAYOUTS, f"{LIST}/1"}:
            assert client.post(page).status_code == status, page
    assert len(books.exports()) == 1
    assert books.layouts()
    assert books.audit("export.downloaded") == []


def test_what_locks_or_leaves_asks_for_the_password_again(books, clerk, clock):
    asked = [page for page in pages(books) if page.endswith(("nov", "csv", "razveljavi"))]
    clock.shift(3600)
    for page in asked:
        answer = clerk.post(page)
        assert answer.status_code == 303
        assert "/potrdi" in answer.location or "next=" in answer.location
    assert books.audit("export.downloaded") == []
    assert len(books.exports()) == 1


def test_what_never_was_is_not_found(books, clerk):
    for page in (f"{LIST}/9", f"{LIST}/9/razveljavi", f"{LAYOUTS}/9", f"{LAYOUTS}/9/izbrisi"):
        assert clerk.get(page).status_code == 404
    assert clerk.post(f"{LIST}/9/odcitki.csv").status_code == 404
