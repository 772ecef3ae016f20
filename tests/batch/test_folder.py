"""A folder for a folder: what each file becomes, and that nothing is lost, doubled or written over."""

import gzip
import io
import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import odfdo
import openpyxl
import pytest
from fpdf import FPDF
from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped]

from service.batch.folder import REPORT
from service.batch.journal import Journal, beside
from service.batch.run import Job, run
from service.errors import InputError, UsageError, WartaError
from service.intake.documents import document_text
from tests.batch.test_batch import Noting, corpus, pipeline, read_rows
from tests.mirroring import mirror

SRT = "1\n00:00:01,000 --> 00:00:02,000\nHarga <i>beras</i> naik.\n"
HTML = '<html><body><p>Harga <a href="x.html">beras</a> naik.</p></body></html>'


def word(*paragraphs: str) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def locked(data: bytes) -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt("sandi", out)
    return out.getvalue()


def odt(text: str) -> bytes:
    document = odfdo.Document("text")
    document.body.append(odfdo.Paragraph(text))
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def pdf(text: str) -> bytes:
    document = FPDF()
    document.add_page()
    document.set_font("helvetica")
    document.multi_cell(0, text=text)
    return bytes(document.output())


def messy(folder: Path) -> Path:
    """A folder as it comes from a newsroom."""
    files: dict[str, bytes] = {
        "a.txt": b"Harga beras naik 5 persen.",
        "a.pdf": pdf("Warga diminta tenang."),
        "berita pagi \U0001f35a/laporan akhir.docx": word("Harga beras naik.", "Warga tenang."),
        "berita pagi \U0001f35a/catatan.odt": odt("Harga beras naik."),
        "berita pagi \U0001f35a/kunci.docx": locked(word("Harga beras naik.")),
        "kosong.txt": b"",
        "rusak.pdf": pdf("Warga diminta tenang.")[:400],
        "siaran.srt": SRT.encode(),
        "halaman.html": HTML.encode(),
        "catatan.md": b"# Harga\n\nHarga **beras** naik.\n",
        "tabel.csv": 'id;text\n1;"Harga; naik."\n2\n3;Warga tenang.\n'.encode("cp1252"),
        "lama.jsonl.gz": gzip.compress(b'{"id": 7, "text": "Harga naik."}\n'),
        "gambar.jpg": b"\xff\xd8\xff\xe0",
        "bom.txt.gz": gzip.compress(b"x" * 30_000_000),
        ".tersembunyi.txt": b"Harga naik.",
        "~$laporan.docx": b"x",
    }
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "putaran").symlink_to(folder)
    return folder


def below(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_every_file_has_its_counterpart_or_its_error(tmp_path: Path) -> None:
    source = messy(tmp_path / "masuk")
    job = Job([source], tmp_path / "keluar", folder=True)
    totals = mirror(job, pipeline())
    report = {
        str(row["place"]).removeprefix(f"{source}/"): str(row["output"] or f"!{row['error']}")
        for row in read_rows(job.output / REPORT)
    }
    errors = {name: said[:44] for name, said in report.items() if said.startswith("!")}
    assert errors == {
        "berita pagi \U0001f35a/kunci.docx": "!password-protected",
        "bom.txt.gz": "!unpacks to more than 200 times its size; re",
        "gambar.jpg": "!a file .jpg is not read here; there are: .a",
        "kosong.txt": "!empty",
        "putaran": "!a link back to a folder above it",
        "rusak.pdf": "!a broken PDF file: Stream has ended unexpec",
    }
    assert {name: said for name, said in report.items() if name not in errors} == {
        "a.pdf": "a.pdf.docx",
        "a.txt": "a.txt",
        "berita pagi \U0001f35a/catatan.odt": "berita pagi \U0001f35a/catatan.odt",
        "berita pagi \U0001f35a/laporan akhir.docx": "berita pagi \U0001f35a/laporan akhir.docx",
        "catatan.md": "catatan.md",
        "halaman.html": "halaman.html",
        "lama.jsonl.gz": "lama.jsonl.gz",
        "siaran.srt": "siaran.srt",
        "tabel.csv": "tabel.csv",
    }
    made = below(job.output)
    assert sorted(made) == sorted([*(v for v in report.values() if not v.startswith("!")), REPORT])
    assert made["a.txt"] == b"Harga beras naik 5 persen.\n"
    cells = docx.Document(io.BytesIO(made["a.pdf.docx"])).tables[0].rows[1].cells
    assert [cell.text for cell in cells] == ["Warga diminta tenang."] * 2
    assert document_text(made["berita pagi \U0001f35a/catatan.odt"], "a.odt", 10**6) == "Harga beras naik."
    assert made["siaran.srt"] == SRT.encode()
    assert b'<a href="x.html">beras</a> naik.' in made["halaman.html"]
    assert made["catatan.md"] == b"# Harga\n\nHarga **beras** naik.\n"
    paragraphs = docx.Document(io.BytesIO(made["berita pagi \U0001f35a/laporan akhir.docx"])).paragraphs
    assert [p.text for p in paragraphs] == ["Harga beras naik.", "Warga tenang."]
    assert json.loads(gzip.decompress(made["lama.jsonl.gz"]))["fields"] == {"id": 7}
    assert made["tabel.csv"].count(b"\r\n") == 4
    assert (totals.records, totals.failures) == (15, 7)


def test_stopped_anywhere_it_goes_on_to_the_same_files(tmp_path: Path) -> None:
    source = messy(tmp_path / "masuk")
    corpus(source / "banyak.jsonl", 60)
    clean = Job([source], tmp_path / "bersih", folder=True)
    mirror(clean, pipeline())
    job = replace(clean, output=tmp_path / "keluar")
    for call in (1, 2, 3, 1, 2):
        with pytest.raises(KeyboardInterrupt):
            mirror(job, pipeline(Noting(fail_at=call)))
        assert not (job.output / REPORT).exists()
    mirror(job, pipeline())
    assert below(job.output) == below(clean.output)


@pytest.mark.parametrize("step", [*range(1, 14)])
def test_a_crash_at_any_renaming_is_made_good(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "masuk"
    source.mkdir()
    corpus(source / "banyak.jsonl", 30)
    for name in ("a.srt", "b.txt", "c.srt"):
        (source / name).write_text(SRT if name.endswith("srt") else "Harga naik.", "utf-8")
    clean = Job([source], tmp_path / "bersih", folder=True)
    mirror(clean, pipeline())
    job = replace(clean, output=tmp_path / "keluar")
    calls, real, unlink = iter(range(1, 100)), Path.replace, Path.unlink

    def renamed(path: Path, target: Path) -> Path:
        if next(calls) == step:
            raise KeyboardInterrupt
        done = real(path, target)
        if next(calls) == step:
            raise KeyboardInterrupt
        return done

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        if next(calls) == step:
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", renamed)
        patch.setattr(Path, "unlink", unlinked)
        with pytest.raises(KeyboardInterrupt):
            mirror(job, pipeline())
    mirror(job, pipeline())
    assert below(job.output) == below(clean.output)


def test_names_that_would_be_one_are_told_apart(tmp_path: Path) -> None:
    for name in ("x/a.txt", "x/A.txt", "x/a.txt.gz", "y/x/a.txt", "y/warta.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = b'{"text": "Harga naik."}\n' if name.endswith("jsonl") else b"Harga naik."
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    inputs = [tmp_path / "x", tmp_path / "y" / "x", tmp_path / "y" / "warta.jsonl", tmp_path / "x" / "a.txt"]
    mirror(Job(inputs, tmp_path / "keluar", folder=True), pipeline())
    assert sorted(below(tmp_path / "keluar")) == [
        "a.txt", "warta-2.jsonl", REPORT, "x-2/a.txt", "x/A.txt", "x/a-2.txt", "x/a-3.txt",
    ]  # fmt: skip


def test_an_output_inside_its_input_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Harga naik.", "utf-8")
    job = Job([tmp_path], tmp_path / "en", folder=True)
    with pytest.raises(KeyboardInterrupt):
        mirror(job, pipeline(Noting(fail_at=1)))
    assert mirror(job, pipeline()).records == 1


def test_a_folder_with_other_files_in_it_is_left_alone(tmp_path: Path) -> None:
    source = corpus(tmp_path / "in.jsonl", 3)
    job = Job([source], tmp_path / "en", folder=True)
    job.output.mkdir()
    other = job.output / "in.jsonl"
    other.write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="en is not empty; --fresh writes over"):
        mirror(job, pipeline())
    assert other.read_text("utf-8") == "mine"
    mirror(replace(job, fresh=True), pipeline())
    assert len(read_rows(other)) == 3


@pytest.mark.parametrize(
    ("task", "begins"),
    [
        ("summarize", "- Harga naik 5 persen. [1]\n"),
        ("read", "# Harga naik 5 persen\n\n## Summary\n\n- Harga naik"),
    ],
)
def test_summaries_are_markdown(task: str, begins: str, tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(word("Harga naik 5 persen."))
    mirror(Job([tmp_path / "a.docx"], tmp_path / "en", task, folder=True), pipeline())
    made = (tmp_path / "en" / "a.docx.md").read_text("utf-8")
    assert made.startswith(begins)
    assert " s; " not in made


def test_strict_stops_at_a_bad_file(tmp_path: Path) -> None:
    for name, text in (("a.txt", "Harga naik."), ("b.pdf", "Harga naik."), ("c.txt", "Warga tenang.")):
        (tmp_path / name).write_text(text, "utf-8")
    job = Job([tmp_path], tmp_path / "en", strict=True, folder=True)
    with pytest.raises(InputError, match=r"b\.pdf: not what its name says: no PDF document"):
        mirror(job, pipeline())
    assert [row["output"] for row in read_rows(beside(job.output / REPORT, "partial"))] == ["a.txt"]


def test_other_content_or_options_do_not_go_on(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(65):
        (source / f"{number:03}.txt").write_text(f"Harga naik {number} persen.", "utf-8")
    job = Job([source], tmp_path / "en", folder=True)
    with pytest.raises(KeyboardInterrupt):
        mirror(job, pipeline(Noting(fail_on="naik 64 persen")))
    with pytest.raises(UsageError, match="keep-boilerplate: False → True"):
        mirror(replace(job, keep_furniture=True), pipeline())
    (source / "003.txt").write_text("Harga naik 9 persen.", "utf-8")
    with pytest.raises(UsageError, match="the input has changed"):
        mirror(job, pipeline())


def test_a_name_too_long_for_its_counterpart_is_one_error(tmp_path: Path) -> None:
    long = tmp_path / "in" / ("x" * 250 + ".pdf")
    long.parent.mkdir()
    long.write_bytes(pdf("Warga diminta tenang."))
    job = Job([long.parent], tmp_path / "en", folder=True)
    assert mirror(job, pipeline()).failures == 1
    [row] = read_rows(job.output / REPORT)
    assert "a name too long to be written" in str(row["error"])


def test_a_full_disk_stops_cleanly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = messy(tmp_path / "masuk")
    clean = Job([source], tmp_path / "bersih", folder=True)
    mirror(clean, pipeline())
    job = replace(clean, output=tmp_path / "keluar")
    syncs, real = iter(range(100)), os.fsync

    def full(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode) and next(syncs) == 12:
            raise OSError(28, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WartaError, match="are safe, and the same command goes on"):
            mirror(job, pipeline())
    mirror(job, pipeline())
    assert below(job.output) == below(clean.output)


def test_a_counterpart_is_on_disk_with_its_folders_before_the_report_counts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "masuk" / "a" / "b" / "kabar.txt"
    source.parent.mkdir(parents=True)
    source.write_text("Harga naik.", "utf-8")
    job = Job([tmp_path / "masuk"], tmp_path / "keluar", folder=True)
    synced, commit = set[int](), Journal.commit
    counted = list[set[str]]()

    def sync(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)

    def seen(journal: Journal, *asked: Any) -> None:
        folders = (folder for folder in job.output.rglob("*") if folder.is_dir())
        counted.append({each.name for each in [job.output, *folders] if each.stat().st_ino in synced})
        commit(journal, *asked)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Journal, "commit", seen)
    mirror(job, pipeline())
    assert counted[0] == {"keluar", "a", "b"}


def test_the_same_records_as_a_batch_of_the_file(tmp_path: Path) -> None:
    source = corpus(tmp_path / "in.jsonl", 30, broken=[3])
    mirror(Job([source], tmp_path / "en", folder=True), pipeline())
    run(Job([source], tmp_path / "out.jsonl"), pipeline())
    assert (tmp_path / "en" / "in.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()
    [row] = read_rows(tmp_path / "en" / REPORT)
    assert (row["records"], row["failures"], row["error"]) == (30, 1, None)


def test_tables_come_back_as_tables_a_workbook_too(tmp_path: Path) -> None:
    source = tmp_path / "masuk"
    source.mkdir()
    (source / "a.csv").write_text("id;text\n007;Harga naik.\n", "utf-8")
    (source / "b.csv").write_text("id;isi\n007;Harga naik.\n", "utf-8")
    for name, column in (("c.xlsx", "text"), ("d.xlsx", "isi")):
        book = openpyxl.Workbook()
        book.worksheets[0].append([column])
        book.worksheets[0].append(["Harga naik."])
        book.save(source / name)
    mirror(Job([source], tmp_path / "en", folder=True, wide=True), pipeline())
    made = below(tmp_path / "en")
    assert sorted(made) == ["a.csv", "a.csv.meta.json", "c.xlsx", "c.xlsx.meta.json", "d.xlsx", REPORT]
    assert made["a.csv"].startswith(b"id;text;translation;error;confidence;findings\n007;Harga naik.;Harga ")
    report = read_rows(tmp_path / "en" / REPORT)
    assert [row["error"] for row in report] == [
        None,
        f"{source / 'b.csv'}: no column 'text'; there is: id, isi",
        None,
        None,
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(made["c.xlsx"])).worksheets[0]
    assert sheet["B2"].value == "Harga naik."
    sheet = openpyxl.load_workbook(io.BytesIO(made["d.xlsx"])).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet] == [["isi"], ["Harga naik."]]
