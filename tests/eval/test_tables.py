"""Lines and tables of test sets: packing, headers, several references."""

from __future__ import annotations

import gzip
import io
import json
import sys
import types
from pathlib import Path

import pytest

from eval.datasets import first, load
from eval.tables import Roles, header_roles, read_lines, read_table
from service.errors import InputError
from tests.eval_data import written


def test_gzip_is_known_by_its_bytes_and_standard_input_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "packed").write_bytes(gzip.compress(b"a\nb\n"))
    assert read_lines(tmp_path / "packed") == ["a", "b"]
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(b"c\n")))
    assert read_lines(Path("-")) == ["c"]


def test_a_torn_gzip_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.gz").write_bytes(gzip.compress(b"a\nb\n" * 99)[:-12])
    with pytest.raises(InputError, match=r"torn\.gz: a broken gzip file"):
        read_lines(tmp_path / "torn.gz")


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        ("source\treference", Roles(0, (1,))),
        ("ID\tSource\tTopic\tReference", Roles(1, (3,))),
        ("id\ten", Roles(0, (1,))),
        ("doc\tref\tsrc\tref2", Roles(2, (1, 3))),
        ("src\trefA\trefB", Roles(0, (1, 2))),
        ("Indonesian\tEnglish 1\tEnglish 2", Roles(0, (1, 2))),
        ("source\ttarget\treference", Roles(0, (2,))),
        ("Sumber air\tA spring", None),
        ("Ia datang.\tHe came.", None),
        ("source\tsource", None),
    ],
)
def test_a_header_is_known_by_its_names(header: str, roles: Roles | None) -> None:
    assert header_roles(header.split("\t")) == roles


@pytest.mark.parametrize("name", ["d.tsv", "d.tsv.gz", "d.csv"])
def test_columns_beside_the_text_are_kept(tmp_path: Path, name: str) -> None:
    gap = "," if "csv" in name else "\t"
    rows = [["desk", "source", "reference", "reference2"], ["city", "Satu.", "One.", "1."]]
    data = "".join(gap.join(row) + "\n" for row in rows).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    loaded = load(str(tmp_path / name))
    assert (loaded.sources, loaded.all_references) == (("Satu.",), (("One.",), ("1.",)))
    assert loaded.groupings == {"desk": ("city",)}


def test_without_a_header_the_first_line_is_data(tmp_path: Path) -> None:
    loaded = load(str(written(tmp_path, "d.tsv", ["Satu.\tOne.", "Dua.\tTwo.\t"])))
    assert loaded.sources == ("Satu.", "Dua.")


def test_csv_cells_hold_commas_quotes_and_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text('source,reference\r\n"Ya, ""tentu"".","Yes,\n""sure""."\r\n', newline="")
    assert load(str(path)).references == ('Yes,\n"sure".',)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("d.tsv", "source\treference\nSatu.\n", "line 2 has too few columns"),
        ("d.tsv", "Satu.\tOne.\n\nDua.\tTwo.\n", "line 2 has too few columns"),
        ("d.csv", 'source,reference\n"open,', "line 2"),
        ("d.tsv", "source\treference\n", "no lines"),
        ("d.tsv", "Satu.\tOne.\nDua.\tTwo.\t2.\n", "line 2 has 3 columns; where there are more"),
        ("d.csv", "doc,Satu.,One.\n", "line 1 has 3 columns"),
    ],
)
def test_a_broken_table_names_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        load(str(tmp_path / name))


def test_json_lines_may_list_references_and_keep_their_columns(tmp_path: Path) -> None:
    rows = [{"source": "a", "reference": ["x", "y"], "year": 2024, "notes": {"no": "column"}}] * 2
    loaded = load(str(written(tmp_path, "d.jsonl", [json.dumps(row) for row in rows])))
    assert loaded.all_references == (("x", "x"), ("y", "y"))
    assert loaded.groupings == {"year": ("2024", "2024")}
    rows[1] = {"source": "a", "reference": "x"}
    with pytest.raises(InputError, match="as many references as the first"):
        load(str(written(tmp_path, "e.jsonl", [json.dumps(row) for row in rows])))


def test_first_cuts_every_column(tmp_path: Path) -> None:
    lines = ["source\tref\tref2\tdesk", *(f"s{i}\tr{i}\tq{i}\td{i}" for i in range(4))]
    few = first(load(str(written(tmp_path, "d.tsv", lines))), 2)
    assert (few.others, few.columns) == ((("q0", "q1"),), (("desk", ("d0", "d1")),))


def test_a_second_reference_changes_the_sum_and_none_leaves_it(tmp_path: Path) -> None:
    one = load(str(written(tmp_path, "a.tsv", ["s\tr"])))
    same = load(str(written(tmp_path, "b.tsv", ["source\treference", "s\tr"])))
    two = load(str(written(tmp_path, "c.tsv", ["source\treference\treference2", "s\tr\tq"])))
    assert one.sha256 == same.sha256 != two.sha256


def test_the_longest_cell_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "d.csv", ["source,reference", f"{'a' * 200_000},b"])
    assert len(read_table(path)[0].rows[0][0]) == 200_000
