"""The billing program drops files into a folder, and they come in by themselves."""

import os

import pytest

from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.imports.models import ImportBatch
from mojupravljalec.intake.actions import Who, keep_mapping
from mojupravljalec.intake.watching import DONE, REFUSED, Folder, Wishes

OURS = "sifra_stranke;naziv\n77;Ana Čuk\n"


@pytest.fixture
def drop(app, tmp_path):
    """A watched folder, and what it says."""
    folder = tmp_path / "odlagališče"
    folder.mkdir()
    with app.app_context():
        yield folder
        db.session.remove()


def watched(folder, *, quiet_s=0.0, skip_bad=False, stopping=False, encoding=""):
    said: list[str] = []
    wishes = Wishes(skip_bad, accept_sums=False, quiet_s=quiet_s, encoding=encoding)
    return Folder(folder, wishes, Who("mapa"), lambda: stopping, said.append), said


def names():
    return list(db.session.scalars(db.select(Customer.name).order_by(Customer.id)))


def files(folder, where):
    return sorted(path.name for path in (folder / where).iterdir())


def test_a_file_comes_in_and_moves(drop):
    (drop / "stranke.csv").write_text(OURS)
    folder, said = watched(drop)
    folder.look()
    assert names() == ["Ana Čuk"]
    (done,) = files(drop, DONE)
    assert done.endswith("-stranke.csv")
    assert said == [f"stranke.csv → {DONE}/{done}"]
    assert db.session.scalar(db.select(ImportBatch.imported_by)) == "mapa"
    folder.look()
    assert len(said) == 1


def test_a_file_that_grows_is_left_alone(drop, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    path = drop / "stranke.csv"
    path.write_text("sifra_stranke;naziv\n")
    folder, said = watched(drop, quiet_s=5)
    for moment, more in ((0, ""), (4, "77;A"), (8, "na Čuk\n"), (12, "")):
        now[0] = moment
        with path.open("a") as file:
            file.write(more)
        folder.look()
        assert said == []
    now[0] = 13
    folder.look()
    assert len(said) == 1
    assert names() == ["Ana Čuk"]


def test_a_bad_row_keeps_the_file_out_and_says_why(drop):
    (drop / "stranke.csv").write_text(OURS + ";Nihče\n")
    watched(drop)[0].look()
    assert names() == []
    found = files(drop, REFUSED)
    assert len(found) == 3
    report = next(name for name in found if name.endswith(".porocilo.txt"))
    assert "stranke.csv:3: sifra_stranke" in (drop / REFUSED / report).read_text("utf-8")
    rejected = next(name for name in found if name.endswith(".rejected.csv"))
    assert "Nihče" in (drop / REFUSED / rejected).read_text("utf-8")


def test_bad_rows_may_be_left_out(drop):
    (drop / "stranke.csv").write_text(OURS + ";Nihče\n")
    watched(drop, skip_bad=True)[0].look()
    assert names() == ["Ana Čuk"]
    assert any(name.endswith(".porocilo.txt") for name in files(drop, DONE))


@pytest.mark.parametrize(
    ("name", "content"), [("slika.png", b"\x89PNG..."), ("cudno.csv", b"a;b\n1;2\n")]
)
def test_what_is_nothing_of_ours_is_put_aside(drop, name, content):
    (drop / name).write_bytes(content)
    watched(drop)[0].look()
    assert files(drop, REFUSED) == [name, f"{name}.porocilo.txt"]


def test_headings_that_were_kept_in_the_office_are_known(drop):
    keep_mapping("customers", "Vodarček", {"sifra_stranke": "Oznaka", "naziv": "Kdo"})
    db.session.commit()
    (drop / "stranke.csv").write_text("Oznaka;Kdo\n77;Ana Čuk\n")
    watched(drop)[0].look()
    assert names() == ["Ana Čuk"]


def test_the_oldest_file_goes_first(drop):
    points = "sifra_odjemnega_mesta;sifra_stranke;ulica\nOM-9;77;Lipova 1\n"
    (drop / "a_mesta.csv").write_text(points)
    (drop / "z_stranke.csv").write_text(OURS)
    os.utime(drop / "z_stranke.csv", (1, 1))
    folder, said = watched(drop)
    folder.look()
    assert [line.split(" ")[0] for line in said] == ["z_stranke.csv", "a_mesta.csv"]
    assert len(files(drop, DONE)) == 2


def test_a_watcher_that_is_stopped_leaves_the_file_for_later(drop):
    (drop / "stranke.csv").write_text(OURS)
    watched(drop, stopping=True)[0].look()
    assert (drop / "stranke.csv").exists()
    watched(drop)[0].look()
    assert names() == ["Ana Čuk"]


def test_hidden_files_and_folders_are_not_looked_at(drop):
    (drop / ".stranke.csv").write_text(OURS)
    (drop / "mapa").mkdir()
    folder, said = watched(drop)
    folder.look()
    assert said == []


@pytest.mark.parametrize(("encoding", "where"), [("", REFUSED), ("iso-8859-2", DONE)])
def test_the_encoding_of_text_may_be_said(drop, encoding, where):
    (drop / "stranke.csv").write_bytes(OURS.replace("Čuk", "Šuk").encode("iso-8859-2"))
    watched(drop, encoding=encoding)[0].look()
    assert len(files(drop, where)) == (2 if where == REFUSED else 1)
    assert names() == ([] if where == REFUSED else ["Ana Šuk"])
