"""Workbooks that are meant to harm are read or refused in little memory and time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from mojupravljalec.config import ROOT

from ..imports.workbooks import VARIANTS, largest

MOST_MB, MOST_S = 200, 10
# A process as large as the worker, and for each file a copy of it that does what the worker does
# with an upload: its guess, and then the rows, which a check of bad ones reads twice.
PROGRAM = """
import json, os, resource, sys
from pathlib import Path
from mojupravljalec import create_app
from mojupravljalec.imports.archive import Wish
from mojupravljalec.imports.guessing import given_for, guess
from mojupravljalec.imports.table_file import Unreadable, examine, opened

def answer(path):
    try:
        guess(path, "stranke.xlsx")
        with given_for(path, "stranke.xlsx", "customers", Wish({})) as (given, _):
            source = given[0].source
            with opened(source, examine(source)) as rows, opened(source, examine(source)) as again:
                return f"{sum(1 for _ in rows)} {sum(1 for _ in again)}"
    except Unreadable as error:
        return str(error)

folder = Path(sys.argv[1])
create_app(folder, SECRET_KEY="a key for the tests of workbooks, long enough")
for path in sorted(folder.glob("*.bin")):
    if os.fork():
        os.wait()
        continue
    resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    said = answer(path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([path.stem, said, used.ru_maxrss // 1024, used.ru_utime + used.ru_stime]))
    sys.stdout.flush()
    os._exit(0)
"""


class Used(NamedTuple):
    """What came of a workbook, the most memory in MB, and the seconds of work."""

    answer: str
    memory_mb: int
    work_s: float


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Used]:
    """What each workbook took, by its name; one that ended the process is missing."""
    folder: Path = tmp_path_factory.mktemp("workbooks")
    for name, (make, _) in VARIANTS.items():
        (folder / f"{name}.bin").write_bytes(make())
    (folder / "largest.bin").write_bytes(largest())
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = map(json.loads, done.stdout.splitlines())
    return {name: Used(*rest) for name, *rest in lines}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_workbook_takes_little_memory_and_time(used, name):
    _, why = VARIANTS[name]
    answer, memory_mb, work_s = used[name]
    assert memory_mb <= MOST_MB
    assert work_s <= MOST_S
    assert not (why and answer[0].isdecimal()), answer


def test_the_largest_workbook_takes_no_more_memory(used):
    answer, memory_mb, _ = used["largest"]
    assert answer == "50000 50000"
    assert memory_mb <= MOST_MB
