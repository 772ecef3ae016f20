"""The test sets: a registry with pinned sums, the user's own files, and checks of both."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Required, TypedDict

from eval.tables import STDIN, read_lines, read_table, suffix
from service.errors import InputError, UsageError

Task = Literal["mt", "sum"]
Record = dict[str, Any]
"""A line of JSON."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Sources and references, one entry a segment; the optional columns are empty or as long.

    ``sources`` is empty when only references are known. ``others`` holds further references, each a side
    of its own. ``topics`` names each segment's topic; ``columns`` are the other columns of the user's
    table, by name, for subsets. ``sentences`` holds each source's sentences in the reference's language,
    for Lead and oracle.
    """

    name: str
    task: Task
    references: tuple[str, ...]
    sources: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sentences: tuple[tuple[str, ...], ...] = ()
    licence: str = ""
    citation: str = ""
    others: tuple[tuple[str, ...], ...] = ()
    columns: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def all_references(self) -> tuple[tuple[str, ...], ...]:
        """Every reference side, the first one first."""
        return (self.references, *self.others)

    @property
    def groupings(self) -> dict[str, tuple[str, ...]]:
        """The columns that segments can be grouped by, the topic among them."""
        return {**({"topic": self.topics} if self.topics else {}), **dict(self.columns)}

    @property
    def comparable_sources(self) -> tuple[str, ...]:
        """The sources as the metrics compare them: in the reference's language where that is known."""
        return tuple("\n".join(body) for body in self.sentences) or self.sources

    @property
    def sha256(self) -> str:
        """The sum of the text scored: sources and every reference side, a zero byte between two sides."""
        sides = ("".join(line + "\n" for line in side) for side in (self.sources, *self.all_references))
        return hashlib.sha256("\0".join(sides).encode()).hexdigest()

    @property
    def signature(self) -> str:
        """The name and the first 12 digits of the sum, as scores carry it."""
        return f"data:{self.name}@{self.sha256[:12]}"


class Columns(TypedDict, total=False):
    """What a file gives of a :class:`Dataset`."""

    sources: tuple[str, ...]
    references: Required[tuple[str, ...]]
    topics: tuple[str, ...]
    sentences: tuple[tuple[str, ...], ...]
    others: tuple[tuple[str, ...], ...]
    columns: tuple[tuple[str, tuple[str, ...]], ...]


def first(dataset: Dataset, count: int) -> Dataset:
    """Return the first ``count`` segments, under a name that says so."""
    columns = ("references", "sources", "topics", "sentences")
    return replace(
        dataset,
        name=f"{dataset.name}[:{count}]",
        others=tuple(side[:count] for side in dataset.others),
        columns=tuple((name, values[:count]) for name, values in dataset.columns),
        **{c: getattr(dataset, c)[:count] for c in columns},
    )


def require_equal_counts(sides: Mapping[str, Sequence[str]]) -> None:
    """Stop unless every side has as many lines. Raises :class:`InputError` that names the counts."""
    _require_equal(list(sides.items()))


def _require_equal(sides: Sequence[tuple[str, Sequence[str]]]) -> None:
    counts = [(name, len(lines)) for name, lines in sides]
    if len({count for _, count in counts}) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts)
        raise InputError(
            "score.line_counts", "line counts differ: {counts}; nothing was scored", counts=listed
        )
    if not any(count for _, count in counts):
        raise InputError("score.no_lines", "there is nothing to score: no lines")


def from_files(
    references: Sequence[Path], sources: Path | None, task: Task, shown: Callable[[Path], str] = str
) -> Dataset:
    """Return a data set from plain files: one or several references, and the sources if they are known.

    Errors name a file as ``shown`` does.
    """
    paths = [*references, *([sources] if sources is not None else [])]
    if paths.count(STDIN) > 1:
        raise UsageError("score.stdin_twice", "only one file can be standard input")
    alike = len({shown(path) for path in paths}) < len(paths)
    roles = [" (reference)" if alike else ""] * len(references) + [""]
    read = [(shown(p) + role, read_lines(p, shown(p))) for p, role in zip(paths, roles, strict=False)]
    _require_equal(read)
    sides = [tuple(lines) for _, lines in read]
    return Dataset(
        name=references[0].name,
        task=task,
        references=sides[0],
        sources=sides[len(references)] if sources is not None else (),
        others=tuple(sides[1 : len(references)]),
    )


# --- file formats ------------------------------------------------------------------------------


def _tsv(lines: Sequence[str], columns: Sequence[int], name: str) -> Columns:
    rows = [line.split("\t") for line in lines]
    short = [n for n, row in enumerate(rows, 1) if len(row) <= max(columns)]
    if short:
        raise InputError(
            "score.few_columns",
            "line {line} has too few columns (tab-separated source, reference)",
            at=name,
            line=short[0],
        )
    source, reference = columns
    return {
        "sources": tuple(row[source].strip() for row in rows),
        "references": tuple(row[reference].strip() for row in rows),
    }


def _records(lines: Sequence[str], name: str) -> list[Record]:
    records = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            raise InputError("score.line_json", "line {line} is not JSON", at=name, line=number) from None
        if not isinstance(record, dict):
            raise InputError("score.line_object", "line {line} is not a JSON object", at=name, line=number)
        records.append(record)
    return records


def _table(path: Path) -> Columns:
    """Return the columns of a user's TSV or CSV file; those that its header names besides are kept for
    subsets.
    """
    table, roles = read_table(path)
    first, *others = (table.column(index) for index in roles.references)
    used = {roles.source, *roles.references}
    return {
        "sources": table.column(roles.source),
        "references": first,
        "others": tuple(others),
        "columns": tuple((n, table.column(i)) for i, n in enumerate(table.header) if i not in used and n),
    }


def _texts(value: object, where: str) -> tuple[str, ...]:
    """Return the references of one record: a string, or a list of them."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InputError("score.reference_kind", '"reference" is a string or a list of strings', at=where)
    return tuple(texts)


def _jsonl(records: Sequence[Record], name: str) -> Columns:
    missing = [n for n, r in enumerate(records, 1) if not {"source", "reference"} <= r.keys()]
    if missing:
        raise InputError(
            "score.lacks_field", 'line {line} lacks "source" or "reference"', at=name, line=missing[0]
        )
    rows = [_texts(r["reference"], f"{name}: line {n}") for n, r in enumerate(records, 1)]
    if len({len(row) for row in rows}) > 1:
        raise InputError(
            "score.reference_counts", "every line needs as many references as the first", at=name
        )
    sides = list(zip(*rows, strict=True)) or [()]
    common = [key for key in records[0] if all(_is_plain(r.get(key)) for r in records)] if records else []
    columns: Columns = {
        "sources": tuple(r["source"] for r in records),
        "references": sides[0],
        "others": tuple(sides[1:]),
        "columns": tuple(
            (key, tuple(str(r[key]) for r in records))
            for key in common
            if key not in ("source", "reference", "topic")
        ),
    }
    if "topic" in common:
        columns["topics"] = tuple(str(r["topic"]) for r in records)
    return columns


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _bench_segments(records: Sequence[Record]) -> Columns:
    pairs = [(pair, r["topic"]) for r in records for paragraph in r["paragraphs"] for pair in paragraph]
    return {
        "sources": tuple(pair["id"] for pair, _ in pairs),
        "references": tuple(pair["en"] for pair, _ in pairs),
        "topics": tuple(topic for _, topic in pairs),
    }


def _bench_articles(records: Sequence[Record]) -> Columns:
    return {
        "sources": tuple(
            "\n".join(" ".join(pair["id"] for pair in paragraph) for paragraph in r["paragraphs"])
            for r in records
        ),
        "references": tuple(r["summary_en"] for r in records),
        "topics": tuple(r["topic"] for r in records),
        "sentences": tuple(
            tuple(pair["en"] for paragraph in r["paragraphs"] for pair in paragraph) for r in records
        ),
    }


def _indosum(records: Sequence[Record]) -> Columns:
    """Join IndoSum's sentences with spaces, one a line: it ships tokenised."""

    def lines(sentences: Iterable[Sequence[str]]) -> tuple[str, ...]:
        return tuple(" ".join(" ".join(tokens).split()) for tokens in sentences)

    bodies = [lines(sentence for paragraph in r["paragraphs"] for sentence in paragraph) for r in records]
    return {
        "sources": tuple("\n".join(body) for body in bodies),
        "references": tuple("\n".join(lines(r["summary"])) for r in records),
        "topics": tuple(r["category"] for r in records),
        "sentences": tuple(bodies),
    }


_OWN: Mapping[str, str] = {".tsv": "table", ".csv": "table", ".jsonl": "jsonl"}
_DOCUMENTS: Mapping[str, Callable[[Sequence[Record]], Columns]] = {
    "bench-segments": _bench_segments,
    "bench-articles": _bench_articles,
    "indosum": _indosum,
}


# --- the registry ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One named set: what it is, where it comes from, and the file to give when offline.

    ``sha256`` is the sum of that file, empty where nobody has pinned it yet: then the sum of
    what was scored is still in every signature. ``summary`` and ``text`` name JSON keys.
    """

    name: str
    title: str
    task: Task
    file: str
    format: str
    licence: str
    citation: str
    fetch: str
    sha256: str = ""
    columns: tuple[int, int] = (0, 1)
    keys: tuple[str, str] = ("source", "reference")
    shipped: bool = False

    def locate(self, folder: Path | None) -> Path | None:
        """Return the file on this machine: the shipped one, or ``folder``/``file``; ``None`` when absent."""
        place = Path(str(files("eval") / "data")) if self.shipped else folder
        path = place / self.file if place is not None else None
        return path if path is not None and path.is_file() else None


def registry() -> dict[str, Entry]:
    """Return every named set, in the order of ``data/datasets.toml``."""
    table = tomllib.loads((files("eval") / "data" / "datasets.toml").read_text("utf-8"))
    entries = {}
    for name, fields in table.items():
        for key in ("columns", "keys"):
            if key in fields:
                fields[key] = tuple(fields[key])
        entries[name] = Entry(name=name, **fields)
    return entries


def _from_entry(entry: Entry, path: Path) -> Dataset:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if entry.sha256 and digest != entry.sha256:
        raise InputError(
            "score.not_pinned",
            "{path} is not the pinned {name}: SHA-256 {found}…, not {wanted}…",
            path=path,
            name=entry.name,
            found=digest[:12],
            wanted=entry.sha256[:12],
        )
    return replace(_load(path, entry), licence=entry.licence, citation=entry.citation)


def _load(path: Path, entry: Entry) -> Dataset:
    if entry.format == "table":
        return Dataset(name=entry.name, task=entry.task, **_table(path))
    lines = read_lines(path)
    if entry.format == "tsv":
        columns = _tsv(lines, entry.columns, str(path))
    elif entry.format == "jsonl":
        source, reference = entry.keys
        renamed = [
            {**r, **{new: r[old] for new, old in (("source", source), ("reference", reference)) if old in r}}
            for r in _records(lines, str(path))
        ]
        columns = _jsonl(renamed, str(path))
    else:
        columns = _DOCUMENTS[entry.format](_records(lines, str(path)))
    return Dataset(name=entry.name, task=entry.task, **columns)


def load(name: str, folder: Path | None = None, task: Task = "mt") -> Dataset:
    """Return a named set (looked for in ``folder``) or the user's ``.tsv``, ``.csv`` or ``.jsonl`` file.

    ``task`` is that of the user's file.

    Raises :class:`UsageError` for an unknown name and :class:`InputError` for a set that is not
    here, a file that does not match its pinned sum, or a broken line.
    """
    entries = registry()
    if name in entries:
        entry = entries[name]
        path = entry.locate(folder)
        if path is None:
            raise InputError(
                "score.data_missing",
                "{name} is not on this machine. {how} Then give its folder: --data DIR",
                name=name,
                how=entry.fetch,
            )
        return _from_entry(entry, path)
    path = Path(name)
    form = _OWN.get(suffix(path))
    if form is None:
        raise UsageError(
            "score.unknown_data",
            "unknown data set {name!r}; there are: {known}; or a .tsv, .csv or .jsonl file",
            name=name,
            known=", ".join(entries),
        )
    own = Entry(path.name, "", task, path.name, form, "", "", "")
    dataset = _load(path, own)
    require_equal_counts({"source": dataset.sources, "reference": dataset.references})
    return dataset
