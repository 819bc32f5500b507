from datetime import date
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.metering.chart import bar_chart
from mojupravljalec.metering.history import Month

SVG = "{http://www.w3.org/2000/svg}"
LABELS = ["okt", "nov", "dec", "jan", "feb", "mar", "apr", "maj", "jun", "jul", "avg", "sep", "okt"]
YEAR = [9000, 8000, 9000, 8000, 7000, 8000, 9000, 10_000, 12_000, 13_000, 11_000, 9000, 12_499]


def months(values: list[int | None], estimated: int | None = None) -> list[Month]:
    """Months from October 2025 on."""
    return [
        Month(date(2025 + (9 + at) // 12, (9 + at) % 12 + 1, 1), value, at == estimated)
        for at, value in enumerate(values)
    ]


def draw(values: list[int | None], labels: list[str] = LABELS, **other) -> ET.Element:
    texts = {"title": "Poraba", "describe": "Oktobra 12 m³", **other}
    return ET.fromstring(bar_chart(months(values, 3), labels=labels[: len(values)], **texts))


def texts(svg: ET.Element, kind: str) -> list[str | None]:
    return [text.text for text in svg.iter(f"{SVG}text") if text.get("class") == kind]


def classes(svg: ET.Element) -> list[str | None]:
    return [bar.get("class") for bar in svg.iter(f"{SVG}rect")]


def test_each_month_has_its_bar_its_value_and_its_name():
    svg = draw(YEAR)
    assert " ".join(texts(svg, "bar-value")) == "9 8 9 8 7 8 9 10 12 13 11 9 12"
    assert texts(svg, "bar-label") == LABELS
    assert len(classes(svg)) == 13


def test_now_last_year_and_estimates_can_be_told_apart():
    found = classes(draw(YEAR))
    assert found[-1] == "bar bar-now"
    assert found[0] == "bar bar-last"
    assert found[3] == "bar bar-est"
    assert set(found[1:3] + found[4:-1]) == {"bar"}


def test_a_month_that_is_not_known_has_a_dash_and_no_bar():
    svg = draw([None, 5000, 0, -3000])
    assert texts(svg, "bar-value") == ["–", "5", "0", "−3"]
    assert len(classes(svg)) == 1


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
        bar_chart(months([1, 2]), labels=["okt"], title="", describe="")


@given(st.lists(st.none() | st.integers(-(10**7), 10**10), max_size=13))
def test_whatever_was_used_no_bar_leaves_the_picture(values):
    svg = draw(values)
    _, _, width, height = map(float, svg.get("viewBox").split())
    for bar in svg.iter(f"{SVG}rect"):
        x, y, wide, high = (float(bar.get(name)) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 < y <= y + high <= height
        assert high > 0
