"""What a check or an import said of a file, as it is kept and shown."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..imports.actions import BadCells, Outcome
from ..imports.changes import Change, Difference
from ..imports.kind import Counts
from ..imports.rejected import lines

MOST_BAD = 100
MOST_CHANGES = 50


@dataclass(frozen=True)
class FileCounts:
    """What one table or pile of documents did, and its columns that nobody asked for."""

    name: str
    title: str
    new: int
    changed: int
    unchanged: int
    rejected: int
    read: int
    unknown: list[str]


@dataclass
class Report:
    """All of it. ``bad`` are the first bad rows' reasons, ``changes`` the first changed rows.

    ``rejected_files`` are the tables of bad rows to be mended, by their kept names. Also a file
    without new and changed rows may have an effect: a statement says that nobody paid.
    """

    files: list[FileCounts] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    rejected_files: list[str] = field(default_factory=list)
    has_effect: bool = False

    @property
    def counts(self) -> Counts:
        """Of all files together."""
        return sum(
            (
                Counts(one.new, one.changed, one.unchanged, one.rejected, one.read)
                for one in self.files
            ),
            Counts(),
        )

    def note_bad(self, bad: BadCells) -> None:
        """Keep the reasons of a bad row, while there is room."""
        if len(self.bad) < MOST_BAD:
            self.bad += list(lines(bad))

    def take(self, outcome: Outcome, ignored: Sequence[str], changes: list[Change]) -> None:
        """Keep what an import did."""
        self.files = [
            FileCounts(
                one.given.source.name,
                one.given.kind.title,
                one.counts.new,
                one.counts.changed,
                one.counts.unchanged,
                one.counts.rejected,
                one.counts.read,
                one.unknown,
            )
            for one in outcome.files
        ]
        self.notes, self.ignored, self.changes = outcome.notes, list(ignored), changes
        self.has_effect = outcome.batch is not None

    def as_json(self) -> dict[str, Any]:
        """The report as JSON keeps it."""
        kept = asdict(self)
        kept["changes"] = [
            [one.title, one.row, [list(each) for each in one.differences]] for one in self.changes
        ]
        return kept


def from_json(kept: dict[str, Any]) -> Report:
    """The report that ``as_json`` kept; an empty one of nothing."""
    if not kept:
        return Report()
    files = [FileCounts(**one) for one in kept["files"]]
    return Report(
        files=files,
        notes=kept["notes"],
        ignored=kept["ignored"],
        bad=kept["bad"],
        changes=[
            Change(title, row, [Difference(*each) for each in differences])
            for title, row, differences in kept["changes"]
        ],
        rejected_files=kept["rejected_files"],
        has_effect=kept.get("has_effect", any(one.new or one.changed for one in files)),
    )
