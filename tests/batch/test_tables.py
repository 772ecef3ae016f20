"""A table comes back as that table: its own columns untouched, and what was made of each row behind them."""

import csv
import gzip
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pytest
from openpyxl.utils.escape import unescape
from pyarrow import parquet

from service.batch.executors import in_this_process
from service.batch.journal import beside
from service.batch.rows import META, Names
from service.batch.run import Job, run, run_with
from service.batch.stream import stream_with
from service.batch.tables import as_table
from service.errors import InputError, UsageError, WartaError
from tests.batch.test_batch import Noting, corpus, pipeline, read_rows

JSONL = (
    '{"id": 007.5e1, "text": "Harga naik.", "id": null, "x": NaN}\n'.replace("007.5e1", "7.50")
    + '\n{"text": "", "id": 12345678901234567890}\n"Warga tenang."\n{broken\n{}\n'
)
CSV = 'id;"text";id\n"007";"Harga; naik.";=1+1\n1;\n\n2;"Warga ""x"" tenang.";a;b\n3;;"kosong"\n'


def table(folder: Path, name: str, content: str | bytes) -> Job:
    path = folder / f"in{name}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Job([path], folder / f"out{name}", wide=True)


def rows_of(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_json_lines_keep_every_letter_of_theirs(tmp_path: Path) -> None:
    job = table(tmp_path, ".jsonl", JSONL)
    assert run(job, pipeline()).failures == 3
    lines = job.output.read_text("utf-8").splitlines()
    assert lines[0].startswith('{"id": 7.50, "text": "Harga naik.", "id": null, "x": NaN, "translation": "Ha')
    assert lines[1].startswith('{"text": "", "id": 12345678901234567890, "translation": null, "error": "')
    made = [json.loads(line) for line in lines]
    assert [list(row)[-4:] for row in made] == [["translation", "error", "confidence", "findings"]] * 5
    assert (made[2]["text"], made[2]["translation"]) == ("Warga tenang.", "Warga tenang.")
    assert (made[3]["text"], made[3]["error"][:8]) == ("{broken", "not JSON")
    assert lines[4].startswith('{"translation": null, "error": "no ')


def test_the_signature_is_said_once_beside_the_table(tmp_path: Path) -> None:
    job = table(tmp_path, ".jsonl", JSONL)
    run(job, pipeline())
    said = json.loads(beside(job.output, META).read_text("utf-8").split("\n")[0])
    assert said["signature"] == str(pipeline().signature)
    assert (said["records"], said["failures"], said["columns"]["error"]) == (5, 3, "error")
    assert "signature" not in job.output.read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.jsonl",
        "out.jsonl",
        "out.jsonl.meta.json",
    ]


def test_csv_keeps_its_quotes_its_delimiter_and_two_columns_of_one_name(tmp_path: Path) -> None:
    job = table(tmp_path, ".csv", CSV)
    assert run(job, pipeline()).failures == 3
    lines = job.output.read_text("utf-8").splitlines()
    assert lines[0] == 'id;"text";id;translation;error;confidence;findings'
    assert lines[1].startswith('"007";"Harga; naik.";=1+1;"Harga; naik.";;')
    rows = rows_of(job.output, ";")
    assert {len(row) for row in rows} == {7}
    assert [row[:3] for row in rows[2:]] == [
        ["1", "", ""],
        ["2", 'Warga "x" tenang.', "a;b"],
        ["3", "", "kosong"],
    ]
    assert [bool(row[4]) for row in rows[1:]] == [False, True, True, True]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_table_with_a_byte_order_mark_has_one(encoding: str, tmp_path: Path) -> None:
    # By it Excel knows that the table is no Windows-1252.
    for suffix in (".csv", ".tsv"):
        job = table(tmp_path, suffix, "\ufefftext\nHarga naik.\n".encode(encoding))
        run(job, pipeline())
        assert job.output.read_bytes().startswith(b"\xef\xbb\xbftext")
    job = table(tmp_path, ".jsonl", '\ufeff{"text": "Harga naik."}\n'.encode(encoding))
    run(job, pipeline())
    assert job.output.read_bytes().startswith(b"{")


def test_an_open_quote_is_kept_as_text_and_spoils_no_other_row(tmp_path: Path) -> None:
    job = table(tmp_path, ".csv", 'text,id\nHarga naik.,1\n"a" b,2\nWarga tenang.,3\n')
    run(job, pipeline())
    rows = rows_of(job.output)
    assert [row[0] for row in rows] == ["text", "Harga naik.", '"a" b,2', "Warga tenang."]
    assert [row[2] for row in rows] == ["translation", "Harga naik.", "", "Warga tenang."]


@pytest.mark.parametrize(("raw", "made"), [(False, "'=Harga naik."), (True, "=Harga naik.")])
def test_only_new_cells_are_made_safe_for_a_spreadsheet(raw: bool, made: str, tmp_path: Path) -> None:
    job = replace(table(tmp_path, ".csv", "text,url\n=Harga naik.,=1+1\n"), raw=raw)
    run(job, pipeline())
    assert rows_of(job.output)[1][:3] == ["=Harga naik.", "=1+1", made]


def test_tsv_has_a_line_a_row(tmp_path: Path) -> None:
    job = table(tmp_path, ".tsv", 'text\t"id\nHarga "naik".\t1\nWarga tenang.\n')
    run(job, pipeline())
    lines = job.output.read_text("utf-8").splitlines()
    assert lines[0] == 'text\t"id\ttranslation\terror\tconfidence\tfindings'
    assert lines[1].startswith('Harga "naik".\t1\tHarga "naik".\t\t')
    assert lines[2].startswith("Warga tenang.\t\t\t1 fields, where the header has 2\t")


def typed() -> pyarrow.Table:
    columns = {
        "id": pyarrow.array([1, None, 3], pyarrow.uint8()),
        "score": pyarrow.array([math.nan, None, 0.5]),
        "text": pyarrow.array(["Harga naik.", None, "Warga tenang."]).dictionary_encode(),
        "raw": pyarrow.array([b"\xff\x00", b"a", None]),
        "when": pyarrow.array([0, 1, None], pyarrow.timestamp("us", "Asia/Jakarta")),
        "list": pyarrow.array([[1, None], [], None], pyarrow.list_(pyarrow.int16())),
    }
    return pyarrow.table(columns).replace_schema_metadata({"pandas": "{}"})


def test_parquet_keeps_types_nulls_nan_and_bytes(tmp_path: Path) -> None:
    source = typed()
    parquet.write_table(source, tmp_path / "in.parquet")
    job = Job([tmp_path / "in.parquet"], tmp_path / "out.parquet", wide=True)
    run(job, pipeline())
    made = parquet.read_table(job.output)
    own = parquet.read_table(tmp_path / "in.parquet")
    assert made.schema.names == [*own.schema.names, "translation", "error", "confidence", "findings"]
    for name in own.schema.names:
        assert made.schema.field(name).equals(own.schema.field(name))
        if name != "score":
            assert made.column(name).equals(own.column(name))
    assert math.isnan(made["score"][0].as_py()) and made["score"][1].as_py() is None
    assert made["translation"].to_pylist() == ["Harga naik.", None, "Warga tenang."]
    assert made["error"].to_pylist() == [None, "'text' is empty", None]
    said = json.loads(made.schema.metadata[b"warta"])
    assert (said["signature"], made.schema.metadata[b"pandas"]) == (str(pipeline().signature), b"{}")


def test_a_binary_column_is_no_text_and_is_named(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"isi": pyarrow.array([b"Harga"])}), tmp_path / "in.parquet")
    job = Job([tmp_path / "in.parquet"], tmp_path / "out.parquet", column="isi", wide=True)
    with pytest.raises(InputError, match=r"in\.parquet: column 'isi' holds binary, not text"):
        run(job, pipeline())
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def workbook() -> bytes:
    book = openpyxl.Workbook()
    first: Any = book.active
    first.title = "Berita"
    first.append(["id", "text", "error"])
    first.append([1, "Harga naik.", "=A2*2"])
    first.append([2, None, "x"])
    first.cell(6, 2, "Warga tenang.")
    first["A2"].number_format = "000"
    notes = book.create_sheet("Catatan")
    notes.append(["bebas"])
    other = book.create_sheet("Lain: dua".replace(":", ""))
    other.append([None, "text"])
    other.append([None, "Beras _x0041_ naik."])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_a_workbook_keeps_its_sheets_formulas_and_formats(tmp_path: Path) -> None:
    job = table(tmp_path, ".xlsx", workbook())
    totals = run(job, pipeline())
    assert (totals.records, totals.failures) == (4, 1)
    book = openpyxl.load_workbook(job.output)
    assert book.sheetnames == ["Berita", "Catatan", "Lain dua"]
    rows = [[cell.value for cell in row] for row in book["Berita"].iter_rows()]
    assert rows[0] == ["id", "text", "error", "translation", "error_2", "confidence", "findings"]
    assert rows[1][:4] == [1, "Harga naik.", "=A2*2", "Harga naik."]
    assert (rows[2][3], rows[2][4]) == (None, "'text' is empty")
    assert rows[5][3] == "Warga tenang."
    assert book["Berita"]["A2"].number_format == "000"
    assert [[cell.value for cell in row] for row in book["Catatan"].iter_rows()] == [["bebas"]]
    assert book["Lain dua"]["C1"].value == "translation"
    assert unescape(book["Lain dua"]["C2"].value) == "Beras _x0041_ naik."


def test_names_are_an_option_and_never_those_of_a_column(tmp_path: Path) -> None:
    job = table(tmp_path, ".csv", "text,translation,en\nHarga naik.,lama,x\n")
    run(replace(job, names=Names.of("translation=en, findings=found")), pipeline())
    assert rows_of(job.output)[0] == ["text", "translation", "en", "en_2", "error", "confidence", "found"]
    again = table(tmp_path, ".jsonl", '{"text": "a"}\n{"text": "b", "error": 1, "error_2": 2}\n')
    run(again, pipeline())
    assert [list(row)[-4:] for row in read_rows(again.output)] == [
        ["translation", "error_3", "confidence", "findings"]
    ] * 2


@pytest.mark.parametrize(
    "text", ["english", "translation=a,error=a", "x=y", "translation=", "error=a,error=b"]
)
def test_names_that_name_nothing_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="does not name columns"):
        Names.of(text)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv.gz", ".jsonl.zst", ".parquet", ".xlsx"])
def test_stopped_anywhere_it_goes_on_to_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    source = many(tmp_path, suffix)
    clean = Job([source], tmp_path / f"clean{suffix}", wide=True)
    run(clean, pipeline())
    job = replace(clean, output=tmp_path / f"out{suffix}")
    for call in (1, 2, 3):
        with pytest.raises(KeyboardInterrupt):
            run(job, pipeline(Noting(fail_at=call)))
        assert not job.output.exists()
    assert run(job, pipeline()).records == 200
    assert job.output.read_bytes() == clean.output.read_bytes()


def many(folder: Path, suffix: str) -> Path:
    """A table of two hundred records, every one different."""
    records = read_rows(corpus(folder / "corpus.jsonl", 200))
    kind, path = suffix.split(".")[1], folder / f"in.{suffix.split('.')[1]}"
    if kind == "jsonl":
        return folder / "corpus.jsonl"
    if kind == "parquet":
        parquet.write_table(pyarrow.Table.from_pylist(records), path)
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        sheet: Any = book.active
        for row in [["id", "text"], *(list(record.values()) for record in records)]:
            sheet.append(row)
        book.save(path)
    else:
        delimiter = "," if kind == "csv" else "\t"
        lines = [f"id{delimiter}text", *(f"{row['id']}{delimiter}{row['text']}" for row in records)]
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


@pytest.mark.parametrize("step", ["replace", "unlink"])
def test_a_crash_while_it_is_joined_is_made_good(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job([corpus(tmp_path / "in.jsonl", 60)], tmp_path / "out.jsonl", wide=True)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, step, crash)
        with pytest.raises(KeyboardInterrupt):
            run(job, pipeline())
    assert run(job, pipeline()).records == 60
    assert [row["id"] for row in read_rows(job.output)] == [*range(60)]


def test_an_input_that_changed_before_it_was_joined_is_not_mixed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job([corpus(tmp_path / "in.jsonl", 6)], tmp_path / "out.jsonl", wide=True)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("service.batch.tables._checked", crash)
        with pytest.raises(KeyboardInterrupt):
            run(job, pipeline())
    text = job.inputs[0].read_text("utf-8")
    job.inputs[0].write_text(text.replace("pasar 2 ", "pasar 9 "), "utf-8")
    with pytest.raises(UsageError, match="has changed"):
        run(job, pipeline())


def test_a_stream_that_breaks_off_ends_with_its_error(tmp_path: Path) -> None:
    lines = "".join(f'{{"id": {n}, "text": "Harga naik {n * 7919 % 9973} persen."}}\n' for n in range(20_000))
    job = table(tmp_path, ".jsonl.gz", gzip.compress(lines.encode())[:-20_000])
    run(job, pipeline())
    with gzip.open(job.output, "rt", encoding="utf-8") as file:
        made = [json.loads(line) for line in file]
    assert "a broken gzip file" in made[-1]["error"]
    assert [row["id"] for row in made[:-2]] == [*range(len(made) - 2)]


@pytest.mark.parametrize(
    ("name", "content", "changes"),
    [
        (".jsonl", JSONL, {"task": "summarize"}),
        (".jsonl", JSONL, {"wide": False}),
        (".txt", "Harga naik.", {}),
    ],
)
def test_what_is_no_table_for_a_table_is_a_row_a_record(
    name: str, content: str, changes: dict[str, object], tmp_path: Path
) -> None:
    job = replace(
        table(tmp_path, ".jsonl", ""),
        inputs=[table_input(tmp_path, name, content)],
        **changes,  # type: ignore[arg-type]
    )
    run(job, pipeline())
    assert list(read_rows(job.output)[0])[:4] == ["key", "place", "error", "fields"]
    assert not beside(job.output, META).exists()


def test_columns_of_one_name_are_kept_under_other_names(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in (["a", "text", "a", None, "a_2"], [1, "Harga naik.", 2, 3, 4]):
        sheet.append(row)
    book.save(tmp_path / "in.xlsx")
    columns = [pyarrow.array([1]), pyarrow.array(["Harga naik."]), pyarrow.array([2])]
    parquet.write_table(pyarrow.table(columns, names=["a", "text", "a"]), tmp_path / "in.parquet")
    (tmp_path / "in.tsv").write_text("a\ttext\ta\n1\tHarga naik.\t2\n", "utf-8")
    (tmp_path / "in.jsonl").write_text('{"a": 1, "text": "Harga naik.", "a": {"b": 1, "b": 2}}\n', "utf-8")
    said: list[str] = []
    fields = []
    for name in ("in.jsonl", "in.parquet", "in.tsv", "in.xlsx"):
        job = Job([tmp_path / name], tmp_path / "out.jsonl", fresh=True)
        with in_this_process(job, pipeline()) as pool:
            run_with(job, pool, say=lambda message: said.append(str(message).split(": ", 1)[1]))
        fields.append(read_rows(job.output)[0]["fields"])
    assert fields == [
        {"a": 1, "a_2": {"b": 1, "b_2": 2}},
        {"a": 1, "a_2": 2},
        {"a": "1", "a_2": "2"},
        {"a": "1", "a_3": "2", "column 4": "3", "a_2": "4"},
    ]
    called = "columns of one name are called otherwise: a → a_"
    assert said == [f"{called}2", f"{called}2", f"{called}2", f"{called}3"]


def test_two_texts_in_one_object_are_refused(tmp_path: Path) -> None:
    job = replace(table(tmp_path, ".jsonl", '{"text": "Harga.", "text": "Warga."}\n'), wide=False)
    twice = '{"text": "Harga.", "x": {"text": 1, "text": 2}}\n'
    job.inputs[0].write_text(job.inputs[0].read_text("utf-8") + twice, "utf-8")
    assert run(job, pipeline()).failures == 1
    assert read_rows(job.output)[1]["fields"] == {"x": {"text": 1, "text_2": 2}}
    assert "more than one column 'text'" in str(read_rows(job.output)[0]["error"])


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".xlsx", ".parquet"])
def test_to_a_stream_goes_what_would_be_in_the_file(suffix: str, tmp_path: Path) -> None:
    source = many(tmp_path, suffix)
    job = as_table(Job([source], tmp_path / f"clean{suffix}", wide=True))
    run(job, pipeline())
    streamed, out = replace(job, output=tmp_path / f"out{suffix}"), io.BytesIO()
    with in_this_process(streamed, pipeline()) as pool:
        totals = stream_with(streamed, pool, out, lambda _: None, lambda _: None)
    assert (totals.records, out.getvalue()) == (200, job.output.read_bytes())


def test_a_bad_record_ends_a_strict_stream_behind_what_was_made(tmp_path: Path) -> None:
    job = as_table(replace(table(tmp_path, ".jsonl", '{"text": "Harga naik."}\n{broken\n'), strict=True))
    out = io.BytesIO()
    with (
        in_this_process(job, pipeline()) as pool,
        pytest.raises(InputError, match=r"in\.jsonl:2: not JSON"),
    ):
        stream_with(job, pool, out, lambda _: None, lambda _: None)
    assert json.loads(out.getvalue())["translation"] == "Harga naik."


def test_a_stream_that_takes_no_more_is_named(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    job = as_table(table(tmp_path, ".jsonl", JSONL))
    with (
        in_this_process(job, pipeline()) as pool,
        pytest.raises(WartaError, match="standard output cannot be written: No space left on device"),
    ):
        stream_with(job, pool, Full(), lambda _: None, lambda _: None)


def table_input(folder: Path, name: str, content: str) -> Path:
    path = folder / f"input{name}"
    path.write_text(content, "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (".csv", "id,isi\n1,a\n", "no column 'text'; there is: id, isi"),
        (".csv", "text,text\n1,a\n", "more than one column 'text'"),
        (".csv", "", "empty"),
        (".parquet", "x", "not a Parquet file"),
    ],
)
def test_a_table_without_the_column_is_refused_before_anything_is_done(
    name: str, content: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        as_table(table(tmp_path, name, content))


def test_a_workbook_cannot_be_made_of_another_table(tmp_path: Path) -> None:
    job = replace(table(tmp_path, ".csv", CSV), output=tmp_path / "out.xlsx")
    with pytest.raises(UsageError, match=r"out\.xlsx can only be made of one Excel workbook"):
        run(job, pipeline())
