"""What the address asks for, however it is spelt."""

import pytest

from mojupravljalec.desk.rules import Access, Pile, Stage, chosen, days


@pytest.mark.parametrize(
    ("choices", "text", "expected"),
    [
        (Access, "zdaj", Access.NOW),
        (Access, "nikoli", Access.NEVER),
        (Access, "", None),
        (Access, "NOW", None),
        (Stage, "neaktivirani", Stage.WAITING),
        (Stage, "cakajo", None),
        (Pile, "cakajo", Pile.WAITING),
    ],
)
def test_a_choice_is_taken_by_the_word_in_the_address(choices, text, expected):
    assert chosen(choices, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("1", 1), ("30", 30), ("", 7), ("8", 7), ("-1", 7), ("1e9", 7)]
)
def test_a_week_is_shown_unless_another_known_time_is_asked_for(text, expected):
    assert days(text) == expected
