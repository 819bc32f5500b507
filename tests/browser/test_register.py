"""The register on a narrow phone: whatever is typed into it is in sight, to the last sign."""

from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, func, select, update

from mojupravljalec.extensions import db
from mojupravljalec.metering.models import MeterInstallation, Reading, SupplyPoint

from .conftest import Town
from .utility import LAST_M3, USUAL_M3
from .walker import Walker

pytestmark = pytest.mark.browser

NORMAL_M3 = LAST_M3 + USUAL_M3
CELLS = ("4", "00482", "482437", "00482437")
LONGER = ("482,437", "00482,437", "00482437000", "482,437 m3")
LONGEST = ("004824370048", "00482437" * 3, "1234567890" * 4)

# The typed text measured with the font of the input, and the boxes that could cut it off.
GEOMETRY = """input => {
    const style = getComputedStyle(input), box = input.getBoundingClientRect();
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const signs = input.value.length, spacing = parseFloat(style.letterSpacing) || 0;
    // The space after the last sign may be cut off.
    const text = pen.measureText(input.value).width + spacing * Math.max(signs - 1, 0);
    const field = input.closest(".register") || input, outer = field.getBoundingClientRect();
    return {
        text: text,
        room: input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
        scrolled: input.scrollLeft,
        inside: box.left >= outer.left - 1 && box.right <= outer.right + 1,
        on_screen: outer.left >= 0 && outer.right <= innerWidth,
        light: style.color,
    };
}"""


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def script(request) -> bool:
    return request.param


@pytest.fixture
def walker(town: Town, open_browser, script: bool) -> Walker:
    """Somebody on the page of a supply point."""
    household = town.household()
    person = town.resident(household)
    walker: Walker = open_browser(town, java_script_enabled=script)
    walker.goes("/odjemna-mesta")
    walker.signs_in(person.email, person.password)
    walker.follows("Podrobnosti")
    walker.reads(household.street, "h1")
    return walker


def meter_shows(town: Town, walker: Walker, **values: object) -> None:
    """Let the meter of the page have so many digits and decimals."""
    with town.portal.data():
        street = walker.page.locator("h1").inner_text()
        point = select(SupplyPoint.id).filter_by(street=street).scalar_subquery()
        meters = update(MeterInstallation).where(MeterInstallation.supply_point_id == point)
        db.session.execute(meters.values(**values))
        db.session.commit()
    walker.page.reload()


def is_in_sight(walker: Walker, typed: str) -> None:
    field = walker.page.locator("[name=value]")
    field.fill("")
    field.press_sequentially(typed)
    expect(field).to_have_value(typed)
    seen = field.evaluate(GEOMETRY)
    assert seen["text"] <= seen["room"] + 1, (typed, seen)
    assert seen["scrolled"] == 0, (typed, seen)
    assert seen["inside"], (typed, seen)
    assert seen["on_screen"], (typed, seen)


@pytest.mark.parametrize("decimals", [0, 3], ids=["three red cells", "no red cells"])
def test_what_is_typed_is_in_sight_to_the_last_sign(town: Town, walker: Walker, script, decimals):
    meter_shows(town, walker, decimals=decimals)
    for width in (320, 360, 1280):
        walker.page.set_viewport_size({"width": width, "height": 640})
        for typed in (*CELLS, *LONGER, *(LONGEST if script else ())):
            is_in_sight(walker, typed)


def test_a_register_of_nine_digits_has_room_for_its_red_ones(town: Town, walker: Walker):
    meter_shows(town, walker, digits=9)
    walker.page.set_viewport_size({"width": 320, "height": 640})
    for typed in ("1", "123456789", "12345678900"):
        is_in_sight(walker, typed)


def test_digits_run_on_into_the_red_cells_and_the_question_fits(town: Town, walker: Walker):
    field, red = walker.page.locator("[name=value]"), walker.page.locator(".register i").first
    black = walker.page.locator(".register b").first.bounding_box()
    field.press_sequentially("00482")
    pale = red.evaluate("cell => getComputedStyle(cell).backgroundColor")
    field.press_sequentially("437")
    assert red.evaluate("cell => getComputedStyle(cell).backgroundColor") != pale
    cells = red.bounding_box()
    assert abs(cells["x"] - black["x"] - black["width"]) <= 1  # the red cells have not moved
    field.fill(f"00{NORMAL_M3}437")
    with walker.answers(422):
        walker.presses()
        walker.reads("rdeče številke", "#doubt")
    expect(walker.page.locator("[name=value]")).to_have_value(f"00{NORMAL_M3}437")
    walker.reads(f"{NORMAL_M3} m³", "#doubt")
    is_in_sight(walker, f"00{NORMAL_M3}437")
    field = walker.page.locator("[name=value]")
    field.fill(f"00{NORMAL_M3}")
    walker.presses()
    walker.reads(f"{NORMAL_M3} m³", "#receipt")


@pytest.mark.parametrize("typed", ["00482437000482437", "1" * 40])
def test_what_is_too_long_comes_back_in_sight(walker: Walker, typed: str):
    walker.page.set_viewport_size({"width": 320, "height": 640})
    walker.types(value=typed)
    with walker.answers(422):
        walker.presses()
        walker.reads("", "#errors")
    seen = walker.page.locator("[name=value]").evaluate(GEOMETRY)
    assert seen["text"] <= seen["room"] + 1, seen
    assert seen["inside"], seen
    assert seen["on_screen"], seen


def test_the_table_of_long_periods_fits_a_narrow_phone(town: Town, walker: Walker):
    meter_shows(town, walker, installed_on=date(2009, 6, 15))
    with town.portal.data():
        street = walker.page.locator("h1").inner_text()
        point = select(SupplyPoint.id).filter_by(street=street).scalar_subquery()
        meters = select(MeterInstallation.id).where(MeterInstallation.supply_point_id == point)
        newest = select(func.max(Reading.taken_on)).where(Reading.installation_id.in_(meters))
        db.session.execute(
            delete(Reading).where(
                Reading.installation_id.in_(meters), Reading.taken_on < newest.scalar_subquery()
            )
        )
        db.session.commit()
    walker.page.set_viewport_size({"width": 320, "height": 640})
    walker.page.reload()
    walker.reads("Med odčitki je minilo več kot leto dni")
    expect(walker.page.locator("svg.chart")).to_have_count(0)
    assert walker.page.evaluate("document.documentElement.scrollWidth") <= 320
