"""What an imported reading does to one that is there already."""

import pytest

from mojupravljalec.imports import readings

from .conftest import READINGS
from .test_import import READING_HEAD


def _portals(terminal, value_l, extra="NULL"):
    """Ana's own reading of 5 November, pending, as the portal keeps it."""
    terminal.run(
        "INSERT INTO reading (installation_id, taken_on, value_l, source, status, submission, "
        "reason, doubts, photo, counts_for, exported_at) "
        f"SELECT id, '2026-11-05', {value_l}, 'portal', 'pending', 'abc', 'leak', 'high', "
        f"'p.jpg', '2026-11-01', {extra} FROM meter_installation WHERE serial = '0018'"
    )


def _the_fifth(terminal):
    return terminal.rows(
        "SELECT value_l, source, status, submission, doubts FROM reading "
        "WHERE taken_on = '2026-11-05'"
    )


def test_an_equal_value_leaves_the_portals(terminal):
    terminal.town()
    _portals(terminal, 470_000)
    done = terminal.import_("readings", READING_HEAD + "0018;5.11.2026;470;ocena\n")
    assert "novih 0, spremenjenih 0, nespremenjenih 1" in done.output
    assert _the_fifth(terminal) == [(470_000, "portal", "pending", "abc", "high")]


def test_the_collector_goes_before_the_portal(terminal):
    terminal.town()
    _portals(terminal, 470_000)
    before = terminal.everything()
    done = terminal.import_("readings", READING_HEAD + "0018;5.11.2026;471;\n")
    assert "spremenjenih 1" in done.output
    assert _the_fifth(terminal) == [(471_000, "collector", "accepted", None, "")]
    assert terminal.rows(
        "SELECT value_l, source, status, submission, reason, doubts, photo, batch_id, "
        "replaced_by_batch_id FROM earlier_reading"
    ) == [(470_000, "portal", "pending", "abc", "leak", "high", "p.jpg", None, 5)]
    assert terminal.undo("readings").exit_code == 0
    assert terminal.everything() == before


@pytest.mark.parametrize("source", ["stranka", "ocena"])
def test_the_portal_goes_before_all_others(terminal, source):
    terminal.town()
    _portals(terminal, 470_000)
    done = terminal.import_("readings", READING_HEAD + f"0018;5.11.2026;471;{source}\n")
    assert done.exit_code == 1
    assert "velja odčitek, ki ga je stranka oddala" in done.stderr


@pytest.mark.parametrize("value", ["470", "150"])
def test_a_value_of_a_reported_meter_gives_way_to_the_offices_reading_of_this_one(terminal, value):
    terminal.town()
    _portals(terminal, 470_000)
    terminal.run("UPDATE reading SET reported_serial = '777' WHERE source = 'portal'")
    before = terminal.everything()
    done = terminal.import_("readings", READING_HEAD + f"0018;5.11.2026;{value};\n")
    assert "spremenjenih 1" in done.output
    assert _the_fifth(terminal) == [(int(value) * 1000, "collector", "accepted", None, "")]
    assert terminal.rows("SELECT reported_serial FROM reading WHERE taken_on = '2026-11-05'") == [
        (None,)
    ]
    assert terminal.rows("SELECT reported_serial FROM earlier_reading") == [("777",)]
    assert terminal.undo("readings").exit_code == 0
    assert terminal.everything() == before


@pytest.mark.parametrize("source", ["ocena", "stranka"])
def test_a_reported_exchange_outlives_estimates_and_others_readings(terminal, source):
    terminal.town()
    _portals(terminal, 470_000)
    terminal.run("UPDATE reading SET reported_serial = '777' WHERE source = 'portal'")
    before = terminal.everything()
    done = terminal.import_("readings", READING_HEAD + f"0018;5.11.2026;470;{source}\n")
    assert done.exit_code == 1
    assert "velja odčitek, ki ga je stranka oddala" in done.stderr
    assert terminal.everything() == before


def test_a_billed_reading_is_locked(terminal):
    terminal.town()
    _portals(terminal, 470_000, "'2026-11-10'")
    same = terminal.import_("readings", READING_HEAD + "0018;5.11.2026;470;\n")
    assert same.exit_code == 0
    other = terminal.import_("readings", READING_HEAD + "0018;5.11.2026;471;\n")
    assert other.exit_code == 1
    assert "zaklenjen" in other.stderr


def test_parts_of_a_file_are_judged_as_one(terminal, monkeypatch):
    terminal.town()
    small = readings.KIND.__class__(**{**vars(readings.KIND), "at_once": 2})
    monkeypatch.setitem(_kinds(), "readings", small)
    rows = [
        "0018;31.10.2026;467;stranka",  # as it is
        "0018;1.11.2026;470;",  # new
        "0018;31.10.2026;467;stranka",
        "0018;1.11.2026;471;",  # unlike line 3
        "0018;31.10.2026;468;stranka",  # unlike line 2
        "0018;2.11.2026;x;",
        "0018;1.11.2026;470;",
    ]
    done = terminal.import_("readings", READING_HEAD + "\n".join(rows) + "\n", "--skip-bad")
    assert [line.split(": ")[0].rpartition(":")[2] for line in done.stderr.splitlines()] == [
        "5",
        "6",
        "7",
    ]
    assert "novih 1, spremenjenih 0, nespremenjenih 3, zavrnjenih 3" in done.stdout
    aside = (terminal.folder / "readings.rejected.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(";")[2] for line in aside] == ["stanje", "471", "468", "x"]


def _kinds():
    from mojupravljalec.imports.kinds import KINDS

    return KINDS


def test_a_meter_with_litres_reads_a_point(terminal):
    terminal.town()
    rows = "0019;1.11.2026;1.250;\n0019;2.11.2026;1250,5;\n"
    assert terminal.import_("readings", READING_HEAD + rows).exit_code == 0
    assert terminal.rows(
        "SELECT value_l FROM reading WHERE taken_on >= '2026-11-01' ORDER BY 1"
    ) == [
        (1_250,),
        (1_250_500,),
    ]


def test_a_corrected_file_changes_only_what_differs(terminal):
    terminal.town()
    done = terminal.import_("readings", READINGS.replace("00455", "456"))
    assert "novih 0, spremenjenih 1, nespremenjenih 2" in done.output
    assert terminal.rows("SELECT value_l, batch_id, replaced_by_batch_id FROM earlier_reading") == [
        (455_000, 4, 5)
    ]
