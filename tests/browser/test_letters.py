"""What comes by mail, through a real mail server, and what its links and codes open."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from .conftest import Town
from .served import code_in, link_in
from .walker import Walker

pytestmark = pytest.mark.browser

NEW_PASSWORD = "štiri stare hruške"


def test_a_forgotten_password_and_a_sign_in_in_between(town: Town, open_browser):
    person = town.resident(town.household())
    walker: Walker = open_browser(town)
    walker.goes("/prijava")
    walker.follows("Ste pozabili geslo?")
    walker.is_at("/pozabljeno-geslo")
    walker.types(email=person.email.title())
    with walker.answers(303, 200):
        walker.presses()
        walker.is_at("/pozabljeno-geslo/poslano")
    link = link_in(town.portal.letter_to(person.email))
    assert urlsplit(link).path.startswith("/novo-geslo/")

    # The password came back to mind. The link still works after that, on both devices.
    walker.goes("/prijava")
    walker.signs_in(person.email, person.password)
    walker.is_at("/")
    for device in (walker, open_browser(town)):
        with device.answers(200):
            device.page.goto(link)
        expect(device.page.locator("[name=password]")).to_be_visible()

    device.types(password=NEW_PASSWORD, again=NEW_PASSWORD)
    with device.answers(303, 200):
        device.presses()
        device.is_at("/prijava")
    with device.answers(422):
        device.signs_in(person.email, person.password)
        device.reads("", "#errors")
    with device.answers(303, 200):
        device.signs_in(person.email, NEW_PASSWORD)
        device.is_at("/")
    # Whoever was signed in with the old password is out, and the link has done its work.
    with walker.answers(303, 200):
        walker.goes("/odjemna-mesta")
        walker.is_at("/prijava")
    with walker.answers(410):
        walker.page.goto(link)


def test_a_new_address_counts_once_it_is_confirmed(town: Town, open_browser):
    person, new = town.resident(town.household()), town.address()
    walker: Walker = open_browser(town)
    walker.goes("/profil/naslov")
    walker.signs_in(person.email, person.password)
    walker.is_at("/profil/naslov")
    walker.types(new_email=new, email_password="ni pravo geslo")
    with walker.answers(422):
        walker.presses()
        walker.reads("", "#errors")
    expect(walker.page.locator("[name=new_email]")).to_have_value(new)
    walker.types(email_password=person.password)
    with walker.answers(303, 200):
        walker.presses()
        walker.is_at("/profil")
    walker.reads(person.email, "main .card")
    link = link_in(town.portal.letter_to(new))
    # The letter is read on another device, where nobody is signed in.
    other: Walker = open_browser(town)
    with other.answers(200):
        other.page.goto(link)
    other.reads(new)
    walker.page.reload()
    walker.reads(person.email, "main .card")
    other.presses()
    other.is_at("/prijava")
    other.signs_in(new, person.password)
    other.is_at("/profil")
    other.reads(new, "main .card")
    told = town.portal.letter_to(person.email)
    assert new in told.get_body(("plain",)).get_content()


def test_the_six_digits_can_be_typed_instead(town: Town, open_browser):
    email = town.address()
    walker: Walker = open_browser(town, java_script_enabled=False)
    walker.goes("/registracija")
    walker.types(email=email, first_name="Žan", last_name="Šuštar")
    walker.types(password=NEW_PASSWORD, again=NEW_PASSWORD)
    walker.presses("Potrdi")
    walker.is_at("/aktivacija")
    expect(walker.page.locator("[name=email]")).to_have_value(email)
    code = code_in(town.portal.letter_to(email))
    wrong = f"{(int(code) + 1) % 10**6:06}"
    walker.types(code=wrong)
    with walker.answers(422):
        walker.presses()
        walker.reads("", "#errors")
    expect(walker.page.locator("[name=code]")).to_have_value(wrong)
    walker.types(code=f"{code[:3]} {code[3:]}")
    with walker.answers(303, 200):
        walker.presses()
        walker.is_at("/prijava")
    walker.signs_in(email, NEW_PASSWORD)
    walker.is_at("/prikljuci-stranko")


def test_a_new_letter_ends_the_old_one(town: Town, open_browser):
    email = town.address()
    walker: Walker = open_browser(town)
    walker.goes("/registracija")
    walker.types(email=email, first_name="Žan", last_name="Šuštar")
    walker.types(password=NEW_PASSWORD, again=NEW_PASSWORD)
    walker.presses("Potrdi")
    walker.is_at("/aktivacija")
    old = link_in(town.portal.letter_to(email))
    walker.goes("/aktivacija/novo-sporocilo")
    walker.types(email=email)
    walker.presses()
    walker.is_at("/aktivacija")
    new = link_in(town.portal.letter_to(email))
    assert new != old
    with walker.answers(410):
        walker.page.goto(old)
    with walker.answers(200):
        walker.page.goto(new)
    with walker.answers(303, 200):
        walker.presses()
        walker.is_at("/prijava")
