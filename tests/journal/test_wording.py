"""Whatever the portal notes has words, and whatever was noted can be read."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mojupravljalec.audit.looks import LIST_TAKEN, LOOKS
from mojupravljalec.config import ROOT
from mojupravljalec.journal.queries import Entry, Names, Person, number_in
from mojupravljalec.journal.wording import EVENTS, GROUPS, details, said, who

from ..bills import NOON

MODULES = sorted((ROOT / "mojupravljalec").rglob("*.py"))


def calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    """Where one of these functions is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def noted_in(tree: ast.AST) -> set[str]:
    """The events that a module notes: by `record`, or by a function that hands its own on."""
    recording = {"record"} | {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and hands_on(node)
    }
    return {name for call in calls(tree, recording) if call.args for name in texts(call.args[0])}


def texts(first: ast.expr) -> Iterator[str]:
    """A text, or each of those that it may be."""
    if isinstance(first, ast.IfExp):
        yield from (*texts(first.body), *texts(first.orelse))
    elif isinstance(first, ast.Constant):
        yield str(first.value)


def hands_on(function: ast.FunctionDef) -> bool:
    """Whether a function notes what it is told to."""
    told = {argument.arg for argument in function.args.args[:1]}
    return any(
        isinstance(call.args[0], ast.Name) and call.args[0].id in told
        for call in calls(function, {"record"})
        if call.args
    )


def test_every_event_of_the_code_has_words_and_no_other():
    # On failure: put the event into wording.EVENTS, or take out the one that is gone.
    noted = {LIST_TAKEN, *LOOKS.values()}
    for path in MODULES:
        noted |= noted_in(ast.parse(path.read_text(encoding="utf-8")))
    assert set(EVENTS) == noted


def test_events_are_found_also_where_a_function_hands_them_on():
    assert noted_in(
        ast.parse(
            "def note(event, x):\n    record(event, subject=x)\n"
            "note('a.b', 1)\nrecord('c.d' if x == 'y' else 'e.f')\nother('g.h')\n"
        )
    ) == {"a.b", "c.d", "e.f"}


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_in_one_group(event):
    groups = [key for key, group in GROUPS.items() if event.startswith(group.prefixes)]
    assert len(groups) == 1


def entry(**fields: Any) -> Any:
    """An entry in which Ana, the clerk 1, is known by name."""
    ana = Person(1, "ana@primer.si", "Ana", "Novak", fields.pop("role", "clerk"))
    row = {"at": NOON, "event": "x", "account_id": None, "address": "", "subject": ""}
    return Entry(**{**row, "details": {}, **fields}, names=Names({1: ana}, {}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"account_id": 1}, "Ana Novak, ana@primer.si (clerk)"),
        ({"account_id": 1, "role": None}, "Ana Novak, ana@primer.si"),
        ({"account_id": 1, "details": {"by": "ana@primer.si"}}, "Ana Novak, ana@primer.si (clerk)"),
        ({"account_id": 1, "details": {"by": "SAP"}}, "Ana Novak, ana@primer.si (clerk); SAP"),
        ({"details": {"by": "terminal: root"}}, "terminal: root"),
        ({}, "nobody signed in"),
    ],
)
def test_who_did_it(fields, expected):
    assert who(entry(**fields)) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, ""),
        ({"by": "terminal: root"}, ""),
        ({"old": "clerk", "new": "operator"}, "clerk → operator"),
        ({"old": [], "new": ["a"]}, "– → a"),
        ({"old": [["number", "St"]]}, "number = St → –"),
        ({"new": 5, "changed": 0, "kind": "meters"}, "new: 5; changed: 0; kind: meters"),
        ({"account": 1}, "access: ana@primer.si"),
        ({"account": 2}, "access: 2"),
        ({"reason": "Ana called", "old": "a", "new": "b"}, "a → b; reason: Ana called"),
        ({"with_doubtful": True, "left_out": None}, "with_doubtful: yes; left out: –"),
        ({"filters": {"dostop": "nikoli"}}, "choice: dostop = nikoli"),
    ],
)
def test_details_are_read_on_one_line(known, expected):
    assert details(entry(details=known)) == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text() | st.sampled_from(["old", "new", "by", "account"]), anything))
@settings(deadline=None)
def test_any_details_can_be_read(known):
    one = entry(details=known)
    assert all(isinstance(text, str) for text in (details(one), who(one)))


@given(anything)
def test_no_value_is_read_as_nothing(value):
    assert said(value)


@given(st.integers(0, 2**31 - 1))
def test_a_subject_names_its_row(number):
    assert number_in(f"customer:{number}", "customer") == number
    assert number_in(f"customers:{number}", "customer") is None


@given(st.text())
def test_any_subject_can_be_read(text):
    for subject in (text, f"customer:{text}"):
        number = number_in(subject, "customer")
        assert number is None or 0 <= number < 2**31
