"""The board says what is to be done, and each number leads to it."""

from datetime import timedelta

import pytest
import time_machine

from mojupravljalec.extensions import db
from mojupravljalec.jobs import heartbeat
from mojupravljalec.jobs.models import Worker
from mojupravljalec.mail.actions import post

from ..metering.household import NOON
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


def worker_seen(app, moment):
    with app.app_context():
        heartbeat._sign().unlink(missing_ok=True)
        db.session.add(Worker(host="a", pid=1, folder="", started_at=moment, seen_at=moment))
        db.session.commit()


@pytest.mark.parametrize("who", ["operator", "clerk", "reader"])
def test_the_board_says_since_when_no_worker_is_alive(app, browser, cast, who):
    worker_seen(app, NOON)
    with time_machine.travel(NOON + timedelta(minutes=6), tick=False):
        text = browser(getattr(cast, who)).get("/pisarna").text.replace("\xa0", " ")
    assert "Delo v ozadju stoji od 22. 11. 2026 ob 13.00" in text


def test_the_board_is_silent_while_a_worker_lives(app, browser, cast):
    worker_seen(app, NOON)
    with time_machine.travel(NOON + timedelta(minutes=4), tick=False):
        assert "Delo v ozadju" not in browser(cast.clerk).get("/pisarna").text


def test_the_board_says_that_no_worker_was_ever_started_once_letters_wait(app, browser, cast):
    with app.app_context():
        heartbeat._sign().unlink(missing_ok=True)
    assert "Delo v ozadju" not in browser(cast.clerk).get("/pisarna").text
    with time_machine.travel(NOON, tick=False), app.app_context():
        post("reset", "ana@primer.si", language="sl")
        db.session.commit()
    with time_machine.travel(NOON + timedelta(minutes=6), tick=False):
        text = browser(cast.clerk).get("/pisarna").text.replace("\xa0", " ")
    assert "Delo v ozadju stoji od 22. 11. 2026 ob 13.00" in text
