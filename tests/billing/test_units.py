"""Units of lines in words, inflected with their quantity."""

from decimal import Decimal

import pytest
from flask_babel import force_locale

from mojupravljalec.billing.document import Line
from mojupravljalec.billing.units import in_words
from mojupravljalec.billing.wording import quantity


@pytest.fixture
def say(app):
    def say(unit, number, language="sl"):
        with app.app_context(), force_locale(language):
            line = Line(
                description="x",
                quantity=None if number is None else Decimal(number),
                unit=unit,
                net_cents=0,
                gross_cents=0,
            )
            return quantity(line).replace("\N{NO-BREAK SPACE}", " ")

    return say


@pytest.mark.parametrize(
    ("unit", "number", "slovenian", "english"),
    [
        ("MTQ", "12", "12 m³", "12 m³"),
        ("MTQ", "12.5", "12,5 m³", "12,5 m³"),
        ("MTK", "140", "140 m²", "140 m²"),
        ("LTR", "80", "80 l", "80 l"),
        ("KGM", "3", "3 kg", "3 kg"),
        ("KWH", "1200", "1.200 kWh", "1.200 kWh"),
        ("MON", "1", "1 mesec", "1 month"),
        ("MON", "1.000", "1 mesec", "1 month"),
        ("MON", "2", "2 meseca", "2 months"),
        ("MON", "3", "3 meseci", "3 months"),
        ("MON", "5", "5 mesecev", "5 months"),
        ("MON", "0", "0 mesecev", "0 months"),
        ("MON", "101", "101 mesec", "101 months"),
        ("MON", "1.5", "1,5 meseca", "1,5 months"),
        ("MON", "-1", "−1 mesec", "−1 month"),
        ("H87", "1", "1 kos", "1 piece"),
        ("C62", "2", "2 kosa", "2 pieces"),
        ("EA", "4", "4 kosi", "4 pieces"),
        ("PCE", "12", "12 kosov", "12 pieces"),
        ("DAY", "31", "31 dni", "31 days"),
        ("DAY", "2", "2 dneva", "2 days"),
        ("ANN", "0.25", "0,25 leta", "0,25 years"),
        ("HUR", "1.5", "1,5 ure", "1,5 hours"),
        ("HUR", "2", "2 uri", "2 hours"),
        ("IE", "4", "4 osebe", "4 persons"),
        ("LS", "1", "1 pavšal", "1 flat rate"),
        # What is no code, or one that is not known, stays.
        ("m³", "12", "12 m³", "12 m³"),
        ("mes", "1", "1 mes", "1 mes"),
        ("mon", "1", "1 mon", "1 mon"),
        ("XZZ", "2", "2 XZZ", "2 XZZ"),
        ("", "2", "2", "2"),
        ("MTQ", None, "", ""),
    ],
)
def test_units_are_said_in_words(say, unit, number, slovenian, english):
    assert say(unit, number) == slovenian
    assert say(unit, number, "en") == english


def test_every_unit_takes_any_quantity(app):
    with app.app_context(), force_locale("sl"):
        for unit in ("MTQ", "MON", "LS", "ANN"):
            for number in ("0", "1E+3", "99999999999.999", "-0.001"):
                assert in_words(unit, Decimal(number))
