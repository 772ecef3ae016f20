"""Reading test sets: counts, line ends, formats, the registry."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from eval.datasets import first, from_files, load, registry
from eval.tables import read_lines
from service.errors import InputError, UsageError
from tests.eval_data import REFERENCES, SHARED, SOURCES, needs_shared, written


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        ("a\u2028b\x85c\nd\n".encode(), ["a\u2028b\x85c", "d"]),
        (b"\xef\xbb\xbfa \n", ["a"]),
        (b"", []),
    ],
)
def test_lines_end_at_newlines_only(tmp_path: Path, data: bytes, lines: list[str]) -> None:
    path = tmp_path / "f"
    path.write_bytes(data)
    assert read_lines(path) == lines


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"good\nb\xe4d\n")
    with pytest.raises(InputError, match="line 2 is not UTF-8"):
        read_lines(path)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_lines(tmp_path / "none")


def test_counts_that_differ_stop_the_run(tmp_path: Path) -> None:
    references = written(tmp_path, "ref", REFERENCES)
    sources = written(tmp_path, "src", SOURCES[:-1])
    with pytest.raises(InputError, match=r"ref has 6, .*src has 5"):
        from_files([references], sources, "mt")


def test_own_tsv_and_jsonl_and_files_are_the_same_data(tmp_path: Path) -> None:
    pairs = list(zip(SOURCES, REFERENCES, strict=True))
    tsv = written(tmp_path, "d.tsv", [f"{s}\t{r}" for s, r in pairs])
    rows = [json.dumps({"source": s, "reference": r, "topic": "city"}) for s, r in pairs]
    packed = tmp_path / "d.jsonl.xz"
    packed.write_bytes(lzma.compress("\n".join(rows).encode()))
    plain = from_files([written(tmp_path, "r", REFERENCES)], written(tmp_path, "s", SOURCES), "mt")
    sets = [load(str(tsv)), load(str(written(tmp_path, "d.jsonl", rows))), load(str(packed)), plain]
    assert len({s.sha256 for s in sets}) == 1
    assert sets[1].topics == ("city",) * 6


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("d.tsv", "no tab", "line 1 has too few columns"),
        ("d.jsonl", "{", "line 1 is not JSON"),
        ("d.jsonl", "[]", "line 1 is not a JSON object"),
        ("d.jsonl", '{"source": "a"}', 'line 1 lacks "source" or "reference"'),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, name: str, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(str(written(tmp_path, name, [line])))


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(UsageError, match="there are: warta-bench, warta-bench-sum, flores200-dev"):
        load("flores")


def test_a_set_that_is_not_here_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"ntrex128 is not on this machine.*MicrosoftTranslator/NTREX.*--data"
    ):
        load("ntrex128", tmp_path)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "tico19.test.ind-eng.tsv", ["a\tb"])
    with pytest.raises(InputError, match="not the pinned tico19"):
        load("tico19", tmp_path)


def test_warta_bench_ships() -> None:
    segments, articles = load("warta-bench"), load("warta-bench-sum")
    assert len(segments.sources) == len(segments.references) == len(segments.topics) == 295
    assert len(articles.sources) == len(articles.references) == 24
    assert sum(map(len, articles.sentences)) == 295
    assert segments.licence == "Apache-2.0"
    assert registry()["warta-bench"].locate(None) is not None


def test_first_keeps_columns_together_and_says_so() -> None:
    few = first(load("warta-bench"), 3)
    assert (few.name, len(few.sources), len(few.topics)) == ("warta-bench[:3]", 3, 3)


@needs_shared
@pytest.mark.parametrize(
    ("name", "count"), [("flores200-dev", 997), ("ntrex128", 1997), ("tico19", 2100), ("indosum", 2463)]
)
def test_the_pinned_sets_load(name: str, count: int) -> None:
    loaded = load(name, SHARED)
    assert len(loaded.sources) == len(loaded.references) == count
    assert all(loaded.sources)
