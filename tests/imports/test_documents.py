"""Invoices as XML, alone and in a ZIP with their PDFs; and files that are meant to harm."""

import io
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from mojupravljalec import storage
from mojupravljalec.billing import eslog_writer
from mojupravljalec.billing.document import Content, Document, Kind, Party, VatSum, to_json
from mojupravljalec.storage import Shelf

from ..bills import RATE, item, water
from ..files import stored
from .test_invoices import HEAD, ONE, entries

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
MEGABYTE = 1024 * 1024


def document(number="2026-10-7", **more) -> Document:
    lines = (water(12, supply_point="OM1", meter="0018"), item("Omrežnina", 1, "mes", "5.2400"))
    net, vat = sum(one.net_cents for one in lines), sum(one.vat_cents for one in lines)
    fields = {
        "kind": Kind.INVOICE,
        "customer_number": "007",
        "issued_on": date(2026, 11, 8),
        "due_on": date(2026, 11, 28),
        "period_from": date(2026, 10, 1),
        "period_to": date(2026, 10, 31),
        "reference": "SI121234567890120",
        "net_cents": net,
        "vat_cents": vat,
        "gross_cents": net + vat,
        "to_pay_cents": net + vat,
        "iban": "SI56020170014356205",
        "purpose_code": "WTER",
        "content": Content(
            lines=lines,
            vat=(VatSum(rate=RATE, base_cents=net, vat_cents=vat),),
            seller=Party(name="Komunala", street="Vodna 1", post_code="2000", town="Podgorje"),
            payer=Party(name="Ana Žvab", street="Lipova 7", post_code="2000", town="Podgorje"),
        ),
    }
    return Document(number=number, **{**fields, **more})


@pytest.fixture
def town(terminal):
    terminal.town()
    return terminal


def pack(town, files, name="racuni.zip"):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in files.items():
            archive.writestr(member, data)
    return town.file(name, memory.getvalue())


def brings(town, path, *options):
    done = town.import_all("invoices", path, *options)
    assert done.exit_code == 0, done.output + done.stderr
    return done


def test_an_xml_is_an_invoice(town):
    one = document()
    done = brings(town, town.file("racun.xml", eslog_writer.write(one)))
    assert "novih 1" in done.output
    assert entries(town) == [("007", "2026-10-7", one.to_pay_cents, one.to_pay_cents, "invoice")]
    ((payer, content, points),) = town.rows(
        "SELECT payer_name, content, supply_points FROM invoice"
    )
    assert payer == "Ana Žvab"
    assert content == to_json(replace(one.content, payer=None))
    assert points == "\nOM1\n"


def test_the_same_again_changes_nothing_and_another_content_is_named(town):
    path = town.file("racun.xml", eslog_writer.write(document()))
    brings(town, path)
    before = town.everything()
    assert "Ni sprememb" in brings(town, path).output
    other = document(due_on=date(2026, 11, 29))
    done = town.import_all("invoices", town.file("racun.xml", eslog_writer.write(other)))
    assert done.exit_code == 1
    assert "zapadlost 2026-11-29, uvoženo 2026-11-28" in done.stderr
    assert town.everything() == before


def test_what_does_not_add_up_is_kept_out_or_marked(town):
    one = document()
    path = town.file(
        "racun.xml", eslog_writer.write(replace(one, to_pay_cents=one.to_pay_cents + 1))
    )
    done = town.import_all("invoices", path)
    assert done.exit_code == 1
    assert 'datoteka: "racun.xml": se ne sešteje' in done.stderr
    brings(town, path, "--accept-sums")
    assert town.rows("SELECT flaw FROM invoice") != [("",)]


def test_a_zip_holds_many_with_their_originals(town):
    path = pack(
        town,
        {
            "a.xml": eslog_writer.write(document("1")),
            "a.pdf": PDF,
            "b.xml": eslog_writer.write(document("2")),
            "2.PDF": PDF + b"\n",
            "c.xml": eslog_writer.write(document("3")),
            "envelope.xml": b"<envelope/>",
            "beri.txt": b"",
        },
    )
    done = brings(town, path)
    assert "novih 3" in done.output
    assert "Prezrte datoteke: envelope.xml, beri.txt" in done.output
    kept = town.rows("SELECT number, original FROM invoice ORDER BY number")
    with town.app.app_context():
        files = {
            number: storage.path_of(Shelf.INVOICES, name).read_bytes() if name else b""
            for number, name in kept
        }
        for _, name in kept:
            if name:
                storage.discard(Shelf.INVOICES, name)
    assert files == {"1": PDF, "2": PDF + b"\n", "3": b""}


def test_a_dry_run_keeps_no_file(town):
    path = pack(town, {"a.xml": eslog_writer.write(document()), "a.pdf": PDF})
    with town.app.app_context():
        before = stored(Shelf.INVOICES)
        brings(town, path, "--dry-run")
        assert stored(Shelf.INVOICES) == before


def test_tables_and_documents_of_a_zip_are_one_batch(town):
    brings(town, pack(town, {"racuni.csv": HEAD + ONE, "a/x.xml": eslog_writer.write(document())}))
    assert town.rows("SELECT new_rows FROM import_batch WHERE kind = 'invoices'") == [(2,)]
    assert town.undo("invoices").exit_code == 0
    assert entries(town) == []


LONG = b"<a>%s</a>" % Random(1).randbytes(3 * MEGABYTE).hex().encode()
DEEP = b"<Invoice>" + b"<a>" * 300 + b"</a>" * 300 + b"</Invoice>"
BOMB = b"""<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><Invoice>&c;</Invoice>"""
OUTSIDE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Invoice>&x;</Invoice>"""


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (BOMB, "DOCTYPE"),
        (OUTSIDE, "DOCTYPE"),
        (DEEP, "XML ni berljiv"),
        (LONG, "XML nad 5 MB"),
        (b"<html/>", "ni račun e-SLOG 2.0, UBL ali CII"),
        (b"abc", "XML ni berljiv"),
        (b"", "XML ni berljiv"),
    ],
    ids=["bomb", "outside", "deep", "long", "other", "text", "empty"],
)
@pytest.mark.parametrize("packed", [True, False], ids=["zip", "alone"])
def test_a_hostile_xml_is_refused_by_name(town, data, named, packed):
    before = town.everything()
    good = eslog_writer.write(document())
    if packed:
        path = pack(town, {"dober.xml": good, "slab.xml": data})
    else:
        path = town.file("slab.xml", data)
    done = town.import_all("invoices", path)
    assert done.exit_code == 1
    assert 'datoteka: "slab.xml": ' in done.stderr
    assert named in done.stderr
    assert "dober.xml" not in done.stderr
    assert town.everything() == before


@pytest.mark.parametrize(
    "data", [b"<html>", b"%PDF-1.7 cut short", b"MZ\x90", b""], ids=["html", "cut", "exe", "empty"]
)
def test_a_pdf_that_is_none_is_refused_by_name(town, data):
    before = town.everything()
    path = pack(town, {"a.xml": eslog_writer.write(document()), "a.pdf": data})
    done = town.import_all("invoices", path)
    assert done.exit_code == 1
    assert "priloga a.pdf ni PDF" in done.stderr
    assert town.everything() == before


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"../../etc/x.xml": b"<a/>"}, "nedovoljeno ime »../../etc/x.xml«"),
        ({"/x.xml": b"<a/>"}, "nedovoljeno ime »/x.xml«"),
        ({"a\\..\\..\\x.xml": b"<a/>"}, "nedovoljeno ime"),
        ({"x.xml": b"<a>" + b"a" * (30 * MEGABYTE)}, "razpakiral v več kot 300-krat"),
        ({"beri.txt": b"a"}, "ni računov"),
    ],
    ids=["above", "root", "windows", "bomb", "nothing"],
)
def test_a_hostile_zip_is_refused_by_name(town, files, named):
    before = town.everything()
    done = town.import_all("invoices", pack(town, files))
    assert done.exit_code == 1
    assert named in done.stderr
    assert town.everything() == before


def test_a_damaged_member_is_named(town):
    path = pack(town, {"a.xml": eslog_writer.write(document())})
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    done = town.import_all("invoices", path)
    assert done.exit_code == 1
    assert "a.xml" in done.stderr


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples do not lie beside the project")
def test_the_official_samples_are_read_and_their_customer_is_asked_for(town):
    for name in ("eslog20-official-sample.xml", "ubl-en16931-example1.xml"):
        done = town.import_all("invoices", SAMPLES / name, "--accept-sums")
        assert done.exit_code == 1
        assert "te stranke ni" in done.stderr or "valut" in done.stderr, done.stderr


def test_bad_documents_and_bad_rows_are_put_aside_apart(town):
    files = {"racuni.csv": HEAD + ONE.replace("007", "999"), "x.xml": b"<html/>"}
    done = town.import_all("invoices", pack(town, files), "--skip-bad")
    assert done.exit_code == 1
    aside = {path.name for path in town.folder.glob("*.rejected.csv")}
    assert aside == {"racuni.racuni.rejected.csv", "racuni.xml.rejected.csv"}


def test_a_folder_of_documents_has_a_fingerprint_of_all_of_them(town):
    folder = town.folder / "racuni"
    folder.mkdir()
    prints = []
    for number in ("1", "2"):
        (folder / f"{number}.xml").write_bytes(eslog_writer.write(document(number)))
        brings(town, folder)
        prints.append(town.rows("SELECT sha256 FROM import_batch ORDER BY id DESC LIMIT 1")[0][0])
    assert len(set(prints)) == 2
    assert entries(town)[-1][1] == "2"
