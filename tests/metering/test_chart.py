from datetime import date
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.metering.chart import Look, bar_chart, look, looks, years
from mojupravljalec.metering.history import Month

SVG = "{http://www.w3.org/2000/svg}"
LABELS = ["okt", "nov", "dec", "jan", "feb", "mar", "apr", "maj", "jun", "jul", "avg", "sep", "okt"]
YEAR = [9000, 8000, 9000, 8000, 7000, 8000, 9000, 10_000, 12_000, 13_000, 11_000, 9000, 12_499]
LEGEND = {Look.MEASURED: "po odčitkih", Look.AVERAGE: "povprečje", Look.ESTIMATE: "ocena"}


def months(values: list[int | None], estimated: int = -1, averaged: int = -1) -> list[Month]:
    """Months from October 2025 on."""
    return [
        Month(
            date(2025 + (9 + at) // 12, (9 + at) % 12 + 1, 1),
            value,
            at == estimated,
            averaged=at == averaged,
        )
        for at, value in enumerate(values)
    ]


def draw(values: list[int | None], labels: list[str] = LABELS, **other) -> ET.Element:
    texts = {"title": "Poraba", "describe": "Oktobra 12 m³", "legend": LEGEND, **other}
    shown = months(values, 3, 5)
    return ET.fromstring(bar_chart(shown, labels=labels[: len(values)], **texts))


def texts(svg: ET.Element, kind: str) -> list[str | None]:
    return [text.text for text in svg.iter(f"{SVG}text") if text.get("class") == kind]


def legend(svg: ET.Element) -> ET.Element:
    (found,) = (one for one in svg.iter(f"{SVG}g") if one.get("class") == "chart-legend")
    return found


def bars(svg: ET.Element) -> list[ET.Element]:
    """The bars of the months, without those of the legend."""
    return list(svg.iter(f"{SVG}rect"))[: -len(list(legend(svg).iter(f"{SVG}rect")))]


@pytest.mark.parametrize(
    ("month", "is_drawn"),
    [
        (Month(date(2026, 1, 1), 5000, estimated=False), Look.MEASURED),
        (Month(date(2026, 1, 1), 0, estimated=False), Look.MEASURED),
        (Month(date(2026, 1, 1), 5000, estimated=False, averaged=True), Look.AVERAGE),
        (Month(date(2026, 1, 1), 5000, estimated=True), Look.ESTIMATE),
        (Month(date(2026, 1, 1), 5000, estimated=True, averaged=True), Look.ESTIMATE),
        (Month(date(2026, 1, 1), None, estimated=False), None),
    ],
)
def test_only_a_measured_month_looks_measured(month, is_drawn):
    assert look(month) is is_drawn


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (months([1, 2, 3]), [Look.MEASURED]),
        (months([1, 2, 3], estimated=0, averaged=1), [*Look]),
        (months([None, 2], averaged=1), [Look.AVERAGE]),
        (months([None]), []),
    ],
)
def test_the_legend_explains_what_is_drawn_and_nothing_else(shown, found):
    assert looks(shown) == found


@pytest.mark.parametrize(
    ("count", "found"),
    [
        (13, [(2025, 3), (2026, 10)]),
        (3, [(2025, 3)]),
        (16, [(2025, 3), (2026, 12), (2027, 1)]),
        (0, []),
    ],
)
def test_every_month_has_its_year_on_the_axis(count, found):
    assert years(months([None] * count)) == found


def test_each_month_has_its_bar_its_value_its_name_and_its_year():
    svg = draw(YEAR)
    assert " ".join(texts(svg, "bar-value")) == "9 8 9 8 7 8 9 10 12 13 11 9 12"
    assert texts(svg, "bar-label") == LABELS
    assert texts(svg, "bar-year") == ["2025", "2026"]
    assert len(bars(svg)) == 13


def test_measured_months_averages_and_estimates_differ_by_more_than_colour():
    svg = draw(YEAR)
    found = [bar.get("class") for bar in bars(svg)]
    assert found[-1] == "bar bar-measured bar-now"
    assert (found[3], found[5]) == ("bar bar-estimate", "bar bar-average")
    assert set(found[:3] + found[6:-1]) == {"bar bar-measured"}
    paints = {bar.get("class"): bar.get("fill") for bar in bars(svg)}
    assert paints["bar bar-estimate"] == "none"
    assert paints["bar bar-average"] == "url(#usage-chart-hatch)"
    (pattern,) = svg.iter(f"{SVG}pattern")
    assert pattern.get("id") == "usage-chart-hatch"


def test_the_legend_shows_a_piece_of_each_kind_of_bar_and_its_meaning():
    svg = draw(YEAR)
    assert [text.text for text in legend(svg).iter(f"{SVG}text")] == list(LEGEND.values())
    drawn = {bar.get("class"): bar.get("fill") for bar in bars(svg)}
    for piece in legend(svg).iter(f"{SVG}rect"):
        assert piece.get("fill") == drawn[piece.get("class")]


def test_a_newest_month_that_was_not_measured_is_not_solid():
    shown = months([5000, 6000], averaged=1)
    svg = ET.fromstring(
        bar_chart(shown, labels=["okt", "nov"], title="", describe="", legend=LEGEND)
    )
    assert bars(svg)[-1].get("class") == "bar bar-average"


def test_a_month_that_is_not_known_has_a_dash_and_no_bar():
    svg = draw([None, 5000, 0])
    assert texts(svg, "bar-value") == ["–", "5", "0"]
    assert len(bars(svg)) == 1


def test_longer_names_stand_below_every_second_bar_and_the_last():
    names = [f"{name}t." for name in LABELS]
    assert texts(draw(YEAR, names), "bar-label") == names[::2]


def test_a_big_consumer_gets_a_wider_chart_so_that_values_do_not_collide():
    assert draw(YEAR).get("viewBox").split()[2] == "320"
    assert int(draw([value * 1000 for value in YEAR]).get("viewBox").split()[2]) > 320


def test_a_screen_reader_gets_title_and_description():
    svg = draw(YEAR, ident="left")
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "left-title left-desc"
    assert svg.find(f"{SVG}title").text == "Poraba"
    assert svg.find(f"{SVG}desc").get("id") == "left-desc"


def test_texts_are_escaped():
    svg = draw(YEAR, ["<b>&"] * 13, title="<script>", describe='"&', ident='a"b')
    assert svg.find(f"{SVG}title").text == "<script>"
    assert texts(svg, "bar-label")[0] == "<b>&"


def test_nothing_in_it_needs_an_exception_from_the_content_policy():
    for element in draw(YEAR).iter():
        assert element.tag.removeprefix(SVG) not in {"style", "script"}
        assert "style" not in element.attrib


def test_every_month_needs_a_name():
    with pytest.raises(ValueError, match="shorter"):
        bar_chart(months([1, 2]), labels=["okt"], title="", describe="", legend=LEGEND)


@given(st.lists(st.none() | st.integers(0, 10**10), max_size=13))
def test_whatever_was_used_nothing_leaves_the_picture(values):
    svg = draw(values)
    _, _, width, height = map(float, svg.get("viewBox").split())
    for bar in svg.iter(f"{SVG}rect"):
        x, y, wide, high = (float(bar.get(name)) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 < y <= y + high <= height
        assert high > 0
    assert all(float(text.get("y")) <= height for text in svg.iter(f"{SVG}text"))
