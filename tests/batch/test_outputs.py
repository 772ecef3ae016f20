"""Outputs that are made at the end, packed or Parquet: whole, and equal however often the run stopped."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from pyarrow import parquet

from service.batch.journal import beside
from service.batch.run import Job, run
from service.errors import UsageError
from tests.batch.test_batch import Noting, corpus, pipeline, read_rows


@pytest.mark.parametrize("task", ["translate", "read"])
@pytest.mark.parametrize("suffix", [".tsv", ".jsonl.gz", ".csv.zst", ".parquet"])
def test_stopped_anywhere_it_goes_on_to_the_same_bytes(task: str, suffix: str, tmp_path: Path) -> None:
    source = corpus(tmp_path / "in.jsonl", 60, broken=[40])
    clean = Job([source], tmp_path / f"clean{suffix}", task)
    run(clean, pipeline())
    job = replace(clean, output=tmp_path / f"out{suffix}")
    for call in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            run(job, pipeline(Noting(fail_at=call)))
        assert not job.output.exists()
    run(job, pipeline())
    assert job.output.read_bytes() == clean.output.read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("step", ["replace", "unlink"])
@pytest.mark.parametrize("suffix", [".jsonl.gz", ".parquet"])
def test_a_crash_while_the_output_is_put_in_its_place(
    step: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job([corpus(tmp_path / "in.jsonl", 60)], tmp_path / f"out{suffix}")

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, step, crash)
        with pytest.raises(KeyboardInterrupt):
            run(job, pipeline())
    assert beside(job.output, "partial").exists()
    assert run(job, pipeline()).records == 60
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", job.output.name}


def test_packed_rows_are_the_rows(tmp_path: Path) -> None:
    source = corpus(tmp_path / "in.jsonl", 30)
    for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.zst"):
        run(Job([source], tmp_path / name), pipeline())
    plain = (tmp_path / "a.jsonl").read_bytes()
    assert gzip.decompress((tmp_path / "b.jsonl.gz").read_bytes()) == plain
    with zstandard.open(tmp_path / "c.jsonl.zst") as file:
        assert file.read() == plain


def test_parquet_holds_what_the_lines_hold(tmp_path: Path) -> None:
    source = corpus(tmp_path / "in.jsonl", 30, broken=[7])
    odd = tmp_path / "b\udcff.txt"  # a name that is not UTF-8
    odd.write_text("Harga naik 5 persen.", "utf-8")
    for name in ("a.jsonl", "a.parquet"):
        run(Job([source, odd], tmp_path / name, "read"), pipeline())
    lines, table = read_rows(tmp_path / "a.jsonl"), parquet.read_table(tmp_path / "a.parquet")
    made = [{**row, "fields": json.loads(row["fields"])} for row in table.to_pylist()]
    assert made[:-1] == lines[:-1]
    assert made[-1]["place"] == f"{tmp_path}/b\\udcff.txt"
    assert str(table.schema.field("confidence").type) == "double"
    assert str(table.schema.field("findings").type).endswith("segment: int64>>")


def test_no_record_is_no_row(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").touch()
    run(Job([tmp_path / "in.jsonl"], tmp_path / "out.parquet"), pipeline())
    assert parquet.read_table(tmp_path / "out.parquet").num_rows == 0


def test_tsv_has_a_line_a_record(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Harga\tnaik.\n\nWarga tenang.", "utf-8")
    run(Job([tmp_path / "a.txt"], tmp_path / "out.tsv"), pipeline())
    header, row = (tmp_path / "out.tsv").read_text("utf-8").splitlines()
    assert dict(zip(header.split("\t"), row.split("\t"), strict=True))["translation"] == (
        "Harga naik.  Warga tenang."
    )


@pytest.mark.parametrize("task", ["brief", "read"])
def test_a_brief_and_facts_have_their_types_in_parquet(task: str, tmp_path: Path) -> None:
    run(Job([corpus(tmp_path / "in.jsonl", 2)], tmp_path / "out.parquet", task), pipeline())
    run(Job([tmp_path / "in.jsonl"], tmp_path / "out.jsonl", task), pipeline())
    table, rows = parquet.read_table(tmp_path / "out.parquet").to_pylist(), read_rows(tmp_path / "out.jsonl")
    for name in ("facts", "points" if task == "brief" else "brief"):
        assert [row[name] for row in table] == [row[name] for row in rows]
        assert rows[1][name] or name == "points"


@pytest.mark.parametrize("name", ["out.docx", "out", "out.gz", "out.parquet.gz", "out.txt.zst"])
def test_what_is_no_output_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(UsageError, match=r"the output is to be one of \.jsonl, \.csv, \.tsv, \.parquet, "):
        Job([tmp_path / "a.txt"], tmp_path / name)
