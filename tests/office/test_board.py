"""The board says what is to be done, and each number leads to it."""

from ..site.html import parse


def test_the_operator_sees_everything_and_each_number_is_a_link(browser, cast):
    page = parse(browser(cast.operator).get("/pisarna").text)
    numbers = [one for one in page.all("p") if one["class"] == "big"]
    assert len(numbers) == 5
    for number in numbers:
        (link,) = number.all("a")
        assert browser(cast.operator).get(link["href"]).status_code == 200


def test_a_clerk_is_not_led_to_imports(browser, cast):
    text = browser(cast.clerk).get("/pisarna").text
    assert "/pisarna/uvozi" not in text
    assert "/pisarna/placila" in text


def test_a_reader_is_told_that_there_is_no_round(browser, cast):
    text = browser(cast.reader).get("/pisarna").text
    assert "/pisarna/placila" not in text
    assert "<form" in text  # signing out
