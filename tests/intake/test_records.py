"""From files and folders to records: what is read, what is refused, and where it stood."""

import io
import math
import os
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow
import pytest
import zstandard
from pyarrow import parquet

from service.intake.records import BadRecord, Record, list_files, read_records
from service.settings import MAX_INPUT_BYTES
from tests.packed import gzipped


def seen(path: Path, column: str = "text") -> list[tuple[str, str]]:
    """The place in the file and the text, or ``!`` and the error, of each record."""
    records = read_records(path, column=column)
    return [
        (r.place.removeprefix(str(path)), r.text if isinstance(r, Record) else f"!{r.error}") for r in records
    ]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "fields"),
    [
        ("a.jsonl", '{"text": "", "id": 1}\n{"isi": "x", "id": 2}\n{"text": 5, "id": 3}', [
            {"id": 1}, {"isi": "x", "id": 2}, {"id": 3, "text": 5},
        ]),
        ("a.csv", "id,text\n1,\n2\n3,x,y\n", [
            {"id": "1"}, {"id": "2"}, {"id": "3", "text": "x", "column 3": "y"},
        ]),
    ],
)  # fmt: skip
def test_what_cannot_be_worked_on_keeps_its_other_columns(
    name: str, content: str, fields: list[dict[str, object]], tmp_path: Path
) -> None:
    records = list(read_records(written(tmp_path, name, content), column="text"))
    assert all(isinstance(record, BadRecord) for record in records)
    assert [record.fields for record in records] == fields


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "Harga naik.\n\nWarga tenang.\n", [("", "Harga naik.\n\nWarga tenang.\n")]),
        ("a b \U0001f35a.TXT", "Harga naik.", [("", "Harga naik.")]),
        ("a.txt", b"", [("", "!empty")]),
        ("a.txt", b"%PDF-1.7", [("", "!a broken PDF file: Stream has ended unexpectedly")]),
        ("a.txt", b"\x89PNG\r\n", [("", "!a PNG image, not text; save the article as plain text")]),
        ("berita", "Harga naik.", [("", "Harga naik.")]),
        ("a.md", "# Harga\n\nHarga **naik**.", [("", "Harga\n\nHarga naik.")]),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nHarga naik.\n", [("", "Harga naik.")]),
        ("a.docx", b"Harga", [("", "!not what its name says: no Word document, or a broken one")]),
        ("a.parquet", b"Harga", [("", "!not a Parquet file, or a broken one")]),
        ("a.parquet", b"", [("", "!empty")]),
        ("a.csv", b"", [("", "!empty")]),
        ("a.pdf", b"", [("", "!empty")]),
        ("a.jsonl", '{"text": "Satu."}\n\n"Dua."', [(":1", "Satu."), (":3", "Dua.")]),
        ("a.jsonl", '\ufeff{"text": "Satu\\u2028dua."}\r\n', [(":1", "Satu\u2028dua.")]),
        ("a.jsonl", '{"text": "Satu."}\n'.encode("utf-16"), [(":1", "Satu.")]),
        ("a.jsonl", '{"text": "Satu."}\n'.encode("utf-16-be"), [(":1", "Satu.")]),
        ("a.jsonl", '{"text": "Satu."}\n'.encode("utf-32"), [(":1", "Satu.")]),
        ("a.jsonl", '{"text": null}', [(":1", "!'text' is empty")]),
        ("a.jsonl", b'{"text": "Kaf\xe9 \xe2\x80\x94 ya."}\n', [(":1", "Kafé — ya.")]),
        ("a.jsonl", '{"text": 5}\n[1]\n{"isi": "a"}\n{"text": " "}', [
            (":1", "!'text' is not a text"),
            (":2", "!a JSON list, not an object"),
            (":3", "!no 'text' in it; there is: isi"),
            (":4", "!'text' is empty"),
        ]),
        ("a.jsonl", "[" * 200_000 + '\n"Dua."', [(":1", "!not JSON: nested too deeply"), (":2", "Dua.")]),
        ("a.csv", "\n \nid,text\n1,Satu.\n", [(":4", "Satu.")]),
        ("a.csv", "id,text\n1,Satu.\n\n2,Dua.\n", [(":2", "Satu."), (":4", "Dua.")]),
        ("a.csv", 'id;text\r\n1;"Satu; ""dua"",\r\ntiga."\r\n2;Empat.', [
            (":2", 'Satu; "dua",\r\ntiga.'),
            (":4", "Empat."),
        ]),
        ("a.csv", "id,text\n1,Harga 1,5 persen\n2\n3,Dua.\n", [
            (":2", "!3 fields, where the header has 2"),
            (":3", "!1 fields, where the header has 2"),
            (":4", "Dua."),
        ]),
        ("a.csv", 'id,text\n1,"Satu."x\n2,Dua.\n', [
            (":2", "!not a row: ',' expected after '\"'"),
            (":3", "Dua."),
        ]),
        ("a.csv", 'id,text\n1,Satu.\n2,"Dua\n3,Tiga.\n', [
            (":2", "Satu."),
            (":3", "!not a row: unexpected end of data"),
        ]),
        ("a.csv", "id,isi\n1,Satu.\n", [("", "!no column 'text'; there is: id, isi")]),
        ("a.csv", "\n\n", [("", "!empty")]),
        ("a.csv", "text,text\nSatu.,Dua.\n", [("", "!more than one column 'text'; there is: text, text")]),
        ("a.tsv", 'text\tid\n"Satu" dua.\t1\nTiga "x\t2\n', [(":2", '"Satu" dua.'), (":3", 'Tiga "x')]),
        ("a.csv", b"text\nRIFF \x00 kaf\xe9\n", [(":2", "RIFF \ufffd kafé")]),
    ],
)  # fmt: skip
def test_reading(name: str, content: str | bytes, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    assert seen(written(tmp_path, name, content)) == expected


def test_other_columns_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,isi,url\n7,Harga naik.,x.id\n")
    [record] = read_records(path, column="isi")
    assert isinstance(record, Record)
    assert (record.text, record.fields) == ("Harga naik.", {"id": "7", "url": "x.id"})


def test_keys_tell_equal_texts_apart_and_are_stable(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '"Satu."\n"Satu."\n')
    first, second = read_records(path, column="text")
    assert (first.key[-2:], second.key[-2:]) == ("-1", "-2")
    assert first.key[:-2] != second.key[:-2]
    assert [record.key for record in read_records(path, column="text")] == [first.key, second.key]


def test_a_line_too_long_to_hold_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'"' + b"x" * (2 * MAX_INPUT_BYTES) + b'"\n"Dua."\n')
    assert seen(path) == [(":1", "!longer than 20 MB"), (":2", "Dua.")]


def test_a_file_that_may_not_be_read_is_one_bad_record(tmp_path: Path) -> None:
    assert seen(tmp_path / "gone.csv") == [("", "!cannot be read: No such file or directory")]


def test_a_folder_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.txt", "b/1.txt", "a.txt", "c.csv", ".hidden.txt"):
        written(tmp_path, name, "x")
    assert [str(p.relative_to(tmp_path)) for p in list_files(tmp_path) if isinstance(p, Path)] == [
        "a.txt", "b/1.txt", "b/2.txt", "c.csv",
    ]  # fmt: skip


def test_a_loop_of_links_ends_and_a_broken_one_is_named(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    written(inside, "a.txt", "x")
    written(tmp_path, "beside.txt", "nobody offered this")
    (inside / "b").symlink_to(tmp_path)
    (inside / "c.txt").symlink_to(tmp_path / "gone.txt")
    found = list(list_files(inside))
    loops = [entry for entry in found if isinstance(entry, BadRecord)]
    files = [entry.relative_to(inside) for entry in found if isinstance(entry, Path)]
    assert [loop.error for loop in loops] == ["a link back to a folder above it", "no such file"]
    assert files == [Path("a.txt")]


def test_a_kind_that_nobody_reads_is_named_with_those_that_are(tmp_path: Path) -> None:
    [(place, error)] = seen(written(tmp_path, "a.xyz", "Harga"))
    assert place == ""
    assert error.startswith("!a file .xyz is not read here; there are: .arb, .csv, .docm, .docx, .epub, .htm")


LINES = b'{"text": "Satu."}\n{"text": "Dua."}\n'


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("a.jsonl.gz", gzipped(LINES)),
        ("a.jsonl.gz", gzipped(LINES[:18]) + gzipped(LINES[18:])),
        ("a.jsonl.zst", zstandard.compress(LINES)),
        ("a.jsonl.zst", zstandard.compress(LINES[:18]) + zstandard.compress(LINES[18:])),
        ("a.jsonl.zst.gz", gzipped(zstandard.compress(LINES))),
        ("a.jsonl", gzipped(LINES)),
    ],
)
def test_packed_lines_are_read_as_they_unpack(name: str, packed: bytes, tmp_path: Path) -> None:
    assert seen(written(tmp_path, name, packed)) == [(":1", "Satu."), (":2", "Dua.")]


@pytest.mark.parametrize(
    ("name", "packed", "error"),
    [
        ("a.jsonl.gz", gzipped(LINES)[:-9], "a broken gzip file: "),
        ("a.jsonl.zst", zstandard.compress(LINES)[:-3], "a broken Zstandard file: it ends too soon"),
        ("a.jsonl.zst", zstandard.compress(LINES)[:8] + b"junk" * 9, "a broken Zstandard file: "),
        ("a.txt.gz", gzipped(b"x" * 30_000_000), "unpacks to more than 200 times its size"),
        ("a.md.zst", zstandard.compress(b"x\n" * 30_000_000), "unpacks to more than 200 times its size"),
        ("a.txt.gz", gzipped(gzipped(gzipped(gzipped(b"x")))), "packed more than 3"),
    ],
)
def test_what_is_packed_badly_is_one_bad_record(name: str, packed: bytes, error: str, tmp_path: Path) -> None:
    [*_, (_, last)] = seen(written(tmp_path, name, packed))
    assert last.startswith(f"!{error}")


def test_what_stood_before_a_tear_is_read(tmp_path: Path) -> None:
    lines = b"".join(b'"%s"\n' % os.urandom(40).hex().encode() for _ in range(20_000))
    made = seen(written(tmp_path, "a.jsonl.zst", zstandard.compress(lines)[:-500]))
    assert len(made) > 10_000
    assert made[-1] == ("", "!a broken Zstandard file: it ends too soon")


def table(path: Path, columns: dict[str, list[object]]) -> Path:
    parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    return path


def test_parquet_a_record_a_row_with_its_other_columns(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "text": ["Satu.", None, " ", "Dua."],
        "when": [datetime(2020, 1, 2), None, None, None],  # noqa: DTZ001 - as pandas writes it
        "score": [math.nan, 1.5, None, 2.0],
        "raw": [b"\xff", b"teks", None, None],
        "tags": [["a"], [], None, None],
    }
    path = table(tmp_path / "a.parquet", columns)
    records = list(read_records(path, column="text"))
    assert [r.text if isinstance(r, Record) else r.error for r in records] == [
        "Satu.", "'text' is empty", "'text' is empty", "Dua.",
    ]  # fmt: skip
    assert isinstance(records[0], Record)
    assert records[0].fields == {
        "when": "2020-01-02T00:00:00", "score": None, "raw": "/w==", "tags": ["a"],
    }  # fmt: skip
    packed = written(tmp_path, "b.parquet.gz", gzipped(path.read_bytes()))
    assert [text for _, text in seen(packed)] == [text for _, text in seen(path)]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2], pyarrow.int64(), "!column 'text' holds int64, not text"),
        ([None], pyarrow.null(), "!'text' is empty"),
        (["Satu."], pyarrow.dictionary(pyarrow.int8(), pyarrow.string()), "Satu."),
        ([b"Satu."], pyarrow.binary(), "Satu."),
        (["Satu."], pyarrow.large_string(), "Satu."),
    ],
)
def test_the_type_of_a_parquet_column(
    values: list[object], kind: pyarrow.DataType, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": pyarrow.array(values, kind)}), path)
    assert [text for _, text in seen(path)] == [expected]
    assert seen(path, "isi") == [("", "!no column 'isi'; there is: text")]


def test_a_torn_parquet_file_is_one_bad_record(tmp_path: Path) -> None:
    data = table(tmp_path / "a.parquet", {"text": ["Satu."] * 1000}).read_bytes()
    [(_, error)] = seen(written(tmp_path, "b.parquet", data[:-20]))
    assert error.startswith("!a broken Parquet file: ")


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for number, (name, rows) in enumerate(sheets.items()):
        sheet = book.worksheets[0] if not number else book.create_sheet()
        sheet.title = name
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_a_workbook_with_the_column_has_a_record_a_row(tmp_path: Path) -> None:
    data = workbook(
        Berita=[["id", "text"], [1, "Satu."], [], [2, None], [3, "Dua.", "lebih"]],
        Lain=[["a"], ["b"]],
        Kosong=[],
    )
    path = written(tmp_path, "a.csv", data)  # a wrong suffix, as people give
    assert seen(path) == [
        (":Berita:2", "Satu."),
        (":Berita:4", "!'text' is empty"),
        (":Berita:5", "Dua."),
        (":Lain:1", "!no column 'text'; there is: a"),
    ]
    last = list(read_records(path, column="text"))[2]
    assert isinstance(last, Record)
    assert last.fields == {"id": "3", "column 3": "lebih"}


def test_another_workbook_is_a_text(tmp_path: Path) -> None:
    path = written(tmp_path, "a.xlsx", workbook(Berita=[["Harga", "naik"], [1, "persen"]]))
    assert seen(path) == [("", "Harga | naik\n\n1 | persen")]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    (tmp_path / "b.txt").symlink_to("b.txt")
    written(tmp_path, "~$laporan.docx", b"x")
    found = list(list_files(tmp_path))
    assert [entry.error for entry in found if isinstance(entry, BadRecord)] == [
        "not a file", "cannot be read: Too many levels of symbolic links",
    ]  # fmt: skip
    assert len(found) == 2
