"""A folder into which the billing program drops its files.

A file is taken once it has stopped growing, imported as the office would, and moved: to
»uvozeno«, or to »zavrnjeno« with a report of why beside it. Until then it stays where it is,
so that nothing is lost when the watcher is cut off; the same file twice changes nothing.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import storage
from ..command import outside_instance
from ..extensions import db
from ..imports.guessing import guess
from ..imports.table_file import Unreadable
from ..jobs.actions import do_next
from ..storage import Shelf
from . import actions, queries
from .actions import NamedFile, Who
from .forms import only_known
from .models import Upload, UploadState
from .report import Report, from_json

DONE, REFUSED = "uvozeno", "zavrnjeno"
REPORT = ".porocilo.txt"
WAIT_S = 0.5


@dataclass(frozen=True)
class Wishes:
    """How files are taken: what an operator would press."""

    skip_bad: bool
    accept_sums: bool
    quiet_s: float
    encoding: str = ""


@dataclass
class Folder:
    """The watched folder, and how its files looked last: size and time, and since when."""

    path: Path
    wishes: Wishes
    who: Who
    stopping: Callable[[], bool]
    say: Callable[[str], None]
    _seen: dict[str, tuple[tuple[int, int], float]] = field(default_factory=dict)

    def look(self) -> None:
        """Take every file that has been quiet long enough, the oldest first. Commits."""
        for file in self._quiet():
            if self.stopping():
                return
            self._take(file)

    def _quiet(self) -> list[Path]:
        now, looks = time.monotonic(), dict(self._looks())
        self._seen = {
            name: self._seen[name] if self._seen.get(name, (None,))[0] == look else (look, now)
            for name, look in looks.items()
        }
        quiet = [n for n, (_, since) in self._seen.items() if now - since >= self.wishes.quiet_s]
        return [self.path / name for name in sorted(quiet, key=lambda n: (looks[n][1], n))]

    def _looks(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for file in self.path.iterdir():
            if file.is_file() and not file.name.startswith("."):
                facts = file.stat()
                yield file.name, (facts.st_size, facts.st_mtime_ns)

    def _take(self, file: Path) -> None:
        try:
            upload = self._receive(file)
        except Unreadable as error:
            db.session.rollback()
            self._move(file, REFUSED, file.name, f"{error}.\n")
            return
        while upload.state in queries.BUSY and not self.stopping():
            if not do_next(self.stopping):
                time.sleep(WAIT_S)
            db.session.rollback()  # the next look must not see what was before
        if upload.state in queries.BUSY:
            return  # it is imported later, and the file found unchanged
        report = from_json(upload.report)
        taken = upload.state == UploadState.IMPORTED
        where = DONE if taken else REFUSED
        text = "" if taken and not report.bad else _written(upload, report)
        name = f"{upload.id}-{file.name}"
        for rejected in report.rejected_files:
            kept = storage.path_of(Shelf.REJECTED, str(upload.id)) / rejected
            with outside_instance():
                shutil.copyfile(kept, self._folder(where) / f"{upload.id}-{rejected}")
        self._move(file, where, name, text)

    def _receive(self, file: Path) -> Upload:
        found = guess(file, actions.tidy_name(file.name), self.wishes.encoding)
        if not found.kind:
            raise Unreadable(f"{file.name}: ni jasno, kaj je v datoteki; uvozite jo v pisarni")
        with file.open("rb") as content:
            upload = actions.receive([NamedFile(file.name, content)], self.who)
        actions.note_guess(upload, found)
        upload.chosen_encoding = self.wishes.encoding
        actions.change(
            upload,
            upload.kind,
            _mapping(upload),
            skip_bad=self.wishes.skip_bad,
            accept_sums=self.wishes.accept_sums,
        )
        actions.begin_import(upload, self.who)
        db.session.commit()
        return upload

    def _move(self, file: Path, where: str, name: str, report: str) -> None:
        with outside_instance():
            folder = self._folder(where)
            if report:
                (folder / f"{name}{REPORT}").write_text(report, "utf-8")
        file.replace(folder / name)
        self.say(f"{file.name} → {where}/{name}")

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder


def _mapping(upload: Upload) -> Mapping[str, str]:
    """The kept headings that all stand in the file, else what was guessed."""
    for kept in queries.mappings(upload.kind):
        if set(kept.mapping.values()) <= set(upload.headings):
            return only_known(upload, kept.mapping)
    return upload.mapping


def _written(upload: Upload, report: Report) -> str:
    """Why a file, or some of its rows, did not come in."""
    lines = [upload.trouble, *report.bad, *report.notes]
    return "".join(f"{line}\n" for line in lines if line)
