"""The pages of supply points: what is shown, in which order, and of whose time."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, update

from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.metering.models import (
    MeterInstallation,
    Occupancy,
    Reading,
    Source,
    Status,
    SupplyPoint,
)
from mojupravljalec.values import clock as time

from .household import HTMX, field, words


def rows(html):
    """The history, row by row."""
    part = html.split('id="history"', 1)[1].split("</section>", 1)[0].rpartition("</ul>")[0]
    return [words(row) for row in part.split("<li>")[1:]]


# ---------------------------------------------------------------- the list


def points(home):
    answer = home.client.get("/odjemna-mesta")
    assert answer.status_code == 200
    return answer.text


def test_the_list_shows_each_supply_point_with_a_row_of_details(home, cast):
    html = points(home)
    assert "Lipova ulica 01" in words(html)
    assert "supply point OM-01" in words(html)
    assert "Stranka 1, customer number 01" in words(html)
    assert f'href="{home.path}"' in html
    assert "Lipova ulica 02" not in html


def test_who_has_linked_nobody_is_led_to_the_code(browser, cast, clock):
    html = browser(cast.cvetka).get("/odjemna-mesta").text
    assert 'class="btn" href="/prikljuci-stranko"' in html


def test_a_supply_point_of_two_own_customers_stands_once_with_both(home, cast):
    home.change(Occupancy, to_on=date(2026, 10, 31))
    with home.session():
        customer = db.session.get_one(Customer, cast.anas_customer)
        other = Customer(number="77", name="Kos", access_code="X", access_code_key="X")
        db.session.add(other)
        db.session.flush()
        db.session.add_all(
            (
                CustomerLink(account_id=cast.ana.id, customer_id=other.id, linked_at=time.now()),
                Occupancy(
                    supply_point_id=home.point, customer_id=other.id, from_on=date(2026, 11, 1)
                ),
            )
        )
        assert customer.number == "01"
    text = words(points(home))
    assert text.count("supply point OM-01") == 1
    assert "Stranka 1, customer number 01 (until October 31, 2026)" in text
    assert "Kos, customer number 77" in text
    assert len(rows(home.page())) == 4
    assert "used 12 m³ in 31 days" in rows(home.page())[0]


def test_supply_points_of_today_come_before_those_of_the_past(home, cast):
    with home.session():
        old = SupplyPoint(number="OM-99", street="Akacijeva 1")
        db.session.add(old)
        db.session.flush()
        db.session.add(
            Occupancy(
                supply_point_id=old.id, customer_id=cast.anas_customer, to_on=date(2020, 1, 1)
            )
        )
    text = words(points(home))
    assert text.index("Lipova ulica 01") < text.index("Akacijeva 1")


# ---------------------------------------------------------------- the history


def test_the_history_is_newest_first_with_value_consumption_and_source(home):
    found = rows(home.page())
    assert [row.split(" m³ ")[0] for row in found] == ["467", "455", "443", "431"]
    assert found[0] == (
        "467 m³ October 31, 2026 used 12 m³ in 31 days (387 l a day) · read by the meter reader"
    )
    assert "used 12 m³ in 30 days (400 l a day)" in found[1]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (Source.COLLECTOR, "read by the meter reader"),
        (Source.CUSTOMER, "reported to the office"),
        (Source.ESTIMATE, "estimated"),
        (Source.PORTAL, "sent on the portal"),
    ],
)
def test_every_source_has_its_words(home, source, says):
    home.add_reading(date(2026, 11, 20), 474, source)
    assert says in rows(home.page())[0]


def test_a_pending_reading_is_marked_and_the_next_is_not_compared_with_it(home):
    home.add_reading(date(2026, 11, 10), 900, Source.PORTAL, status=Status.PENDING)
    home.add_reading(date(2026, 11, 20), 474)
    newest, pending = rows(home.page())[:2]
    assert "used 7 m³ in 20 days" in newest
    assert "the office is checking" in pending
    assert "the office is checking" not in newest


def test_a_register_that_went_back_has_no_consumption(home):
    home.add_reading(date(2026, 11, 20), 460)
    assert rows(home.page())[0] == "460 m³ November 20, 2026 read by the meter reader"


def test_a_house_without_readings_says_so(home):
    with home.session():
        db.session.execute(delete(Reading))
    html = home.page()
    assert "There are no readings yet." in html
    assert '<svg class="chart"' not in html


def add_years(home):
    """Twenty months before those of the cast."""
    for number in range(20):
        home.add_reading(date(2024, 11, 1) + timedelta(days=30 * number), 200 + 10 * number)


def test_thirteen_readings_at_first_and_all_on_demand(home):
    add_years(home)
    first, every = home.page(), home.page("?vse=1")
    assert len(rows(first)) == 13
    assert len(rows(every)) == 24
    assert rows(every)[:13] == rows(first)
    assert f'href="{home.path}?vse=1#history"' in first
    assert "?vse=1#history" not in every


def test_htmx_gets_all_of_them_in_the_same_block(home):
    add_years(home)
    answer = home.client.get(f"{home.path}?vse=1", headers=HTMX)
    assert answer.text.startswith('<div id="panel">')
    assert len(rows(answer.text)) == 24


def test_going_back_in_history_gets_the_whole_page(home):
    headers = {**HTMX, "HX-History-Restore-Request": "true"}
    assert "<html" in home.page(headers=headers)


def test_an_exchange_of_meters_shows_as_one_history(home):
    home.change(MeterInstallation, removed_on=date(2026, 11, 5), end_l=469_000)
    with home.session():
        new = MeterInstallation(
            supply_point_id=home.point,
            serial="98765",
            installed_on=date(2026, 11, 5),
            start_l=0,
        )
        db.session.add(new)
        db.session.flush()
        db.session.add(
            Reading(
                installation_id=new.id,
                taken_on=date(2026, 11, 20),
                value_l=6000,
                source=Source.COLLECTOR,
            )
        )
    newest, exchange, before, *_ = rows(home.page())
    assert "used 8 m³ in 20 days" in newest
    assert "The meter was exchanged: 182044101 for 98765." in exchange
    assert before.startswith("467 m³")
    html = home.page()
    assert "Meter 98765." in words(html)
    assert "Last time, on November 20, 2026" in words(html)


# ---------------------------------------------------------------- the chart and the meter


def test_the_chart_has_a_text_and_a_table_beside_it(home):
    html = home.page()
    assert 'role="img"' in html
    assert "October 2026: 12 m³" in words(html.split("<desc", 1)[1].split("</desc>")[0])
    table = words(html.split("<table>", 1)[1].split("</table>")[0])
    assert table.startswith("Month Consumption October 2026 12 m³ September 2026 12 m³ August")
    assert "In October 2026 you used 12 m³." in words(html)
    assert "from readings" in words(html.split('class="chart-legend"')[1].split("</svg>")[0])


def test_averages_are_called_so_in_the_chart_its_text_and_its_table(home):
    with home.session():
        db.session.execute(
            delete(Reading).where(Reading.taken_on.in_([date(2026, 9, 30), date(2026, 8, 31)]))
        )
    html = home.page()
    assert html.count('class="bar bar-average"') == 3 + 1  # August to October, and the legend
    assert "October 2026: 12 m³ (average)" in words(html.split("<desc", 1)[1])
    table = words(html.split("<table>", 1)[1].split("</table>")[0])
    assert table.startswith("Month Consumption October 2026 average 12.1 m³")
    assert "the months show an average" in words(html)
    assert "average of a longer time between readings" in words(html.split("chart-legend")[1])


def test_one_reading_in_seven_years_is_a_period_and_no_chart_of_months(home):
    with home.session():
        db.session.execute(delete(Reading))
    home.change(MeterInstallation, installed_on=date(2019, 6, 15), start_l=99_871_000)
    home.add_reading(date(2026, 10, 28), 99_995)
    html = home.page()
    assert '<svg class="chart"' not in html
    text = words(html)
    assert "The readings are more than a year apart" in text
    table = words(html.split("<table>", 1)[1].split("</table>")[0])
    assert table == ("Period Consumption 15 Jun 2019–28 Oct 2026 about 17 m³ a year 124 m³")


def test_the_meter_is_described(home):
    text = words(home.page())
    assert "Meter Number 182044101 Diameter DN 20 Built in May 14, 2023 Verified 2023" in text


def test_the_form_asks_for_today_and_shows_the_last_value(home):
    html = home.page()
    assert field(html, "taken_on") == "2026-11-22"
    assert field(html, "value") == ""
    assert "Last time, on October 31, 2026: 00467" in words(html)
    assert 'inputmode="decimal"' in html
    assert "<details>" in html


def test_numbers_and_days_are_written_as_people_there_write_them(home):
    with home.session():
        db.session.execute(update(Reading).values(value_l=Reading.value_l + 4_000_000))
    slovenian = home.client.get(home.path, headers={"Accept-Language": "sl"}).text
    english = home.page()
    assert "4467 m³" in words(slovenian)
    assert "31. oktober 2026" in words(slovenian)
    assert "4467 m³" in words(english)
    assert "October 31, 2026" in words(english)


def test_what_comes_from_a_file_is_shown_as_text(home, cast):
    with home.session():
        db.session.get_one(SupplyPoint, home.point).street = "<script>alert(1)</script>"
        db.session.get_one(Customer, cast.anas_customer).name = "<b>Kos"
    for html in (home.page(), points(home)):
        assert "<script>alert" not in html
        assert "<b>Kos" not in html


# ---------------------------------------------------------------- one's own time


def test_readings_before_the_own_time_are_not_shown_nor_to_be_worked_out(home):
    home.change(Occupancy, from_on=date(2026, 9, 15))
    html = home.page("?vse=1")
    found = rows(html)
    assert len(found) == 2
    assert "used 12 m³ in 31 days" in found[0]
    assert "used" not in found[1]
    assert "a day" not in found[1]
    for secret in ("443", "431", "August", "July"):
        assert secret not in words(html)
    assert "September 2026:" not in html.split("<desc", 1)[1].split("</desc>")[0]


def test_readings_after_the_own_time_are_not_shown(home):
    home.change(Occupancy, to_on=date(2026, 9, 15))
    html = home.page()
    assert [row.split(" m³ ")[0] for row in rows(html)] == ["443", "431"]
    assert "467" not in words(html)
    assert "455" not in words(html)


def test_after_the_own_time_there_is_no_form_but_the_history(home):
    home.change(Occupancy, to_on=date(2026, 11, 21))
    html = home.page()
    assert "The supply point is no longer yours." in html
    assert 'name="value"' not in html
    assert len(rows(html)) == 4


@pytest.mark.parametrize(
    ("day", "is_there"), [(date(2026, 11, 22), True), (date(2026, 11, 21), False)]
)
def test_the_last_day_of_the_own_time_belongs_to_it(home, day, is_there):
    home.change(Occupancy, to_on=day)
    assert ('name="value"' in home.page()) == is_there


def test_what_a_stranger_used_between_two_times_of_ones_own_is_not_told(home, cast):
    home.change(Occupancy, to_on=date(2026, 8, 15))
    with home.session():
        db.session.add(
            Occupancy(
                supply_point_id=home.point,
                customer_id=cast.anas_customer,
                from_on=date(2026, 10, 15),
            )
        )
    newest, oldest = rows(home.page("?vse=1"))
    assert newest.startswith("467 m³")
    assert oldest.startswith("431 m³")
    assert "used" not in newest


def test_the_exchange_of_a_meter_before_the_own_time_is_not_shown(home):
    home.change(Occupancy, from_on=date(2026, 11, 10))
    home.change(MeterInstallation, removed_on=date(2026, 11, 5), end_l=469_000)
    with home.session():
        db.session.add(
            MeterInstallation(
                supply_point_id=home.point,
                serial="98765",
                installed_on=date(2026, 11, 5),
                start_l=0,
            )
        )
    html = home.page()
    assert "182044101" not in html
    assert "469" not in words(html)
    assert "There are no readings yet." in html


def test_a_photo_from_another_time_is_not_served(home):
    home.add_reading(date(2026, 9, 30) - timedelta(days=1), 454, Source.PORTAL, photo="x.jpg")
    (reading,) = home.readings(source=Source.PORTAL)
    home.change(Occupancy, from_on=date(2026, 10, 1))
    path = f"{home.path}/odcitki/{reading.id}/fotografija"
    assert home.client.get(path).status_code == 404


def test_what_was_sent_in_another_time_has_no_receipt_and_no_correction(home):
    home.add_reading(
        date(2026, 9, 29),
        454,
        Source.PORTAL,
        received_at=time.now(),
        counts_for=date(2026, 9, 1),
    )
    (reading,) = home.readings(source=Source.PORTAL)
    assert 'id="receipt"' in home.page(f"?oddano={reading.id}")
    home.change(Occupancy, from_on=date(2026, 10, 1))
    assert 'id="receipt"' not in home.page(f"?oddano={reading.id}")
    assert home.client.get(f"{home.path}?popravi={reading.id}").status_code == 404


def test_a_supply_point_is_gone_once_the_customer_is_unlinked(home):
    with home.session():
        db.session.execute(update(CustomerLink).values(ended_at=time.now()))
    assert home.client.get(home.path).status_code == 404
    assert home.send("475").status_code == 404
    assert home.path not in points(home)


def test_two_accounts_of_one_customer_see_the_same(home, browser, cast):
    with home.session():
        db.session.add(
            CustomerLink(
                account_id=cast.bojan.id,
                customer_id=cast.anas_customer,
                linked_at=time.now(),
            )
        )
    home.send("475")
    bojan = browser(cast.bojan)
    english = {"Accept-Language": "en"}
    assert rows(bojan.get(home.path, headers=english).text) == rows(home.page())
