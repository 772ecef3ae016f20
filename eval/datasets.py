"""The test sets: a registry with pinned sums, the user's own files, and checks of both."""

from __future__ import annotations

import hashlib
import json
import lzma
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from service.errors import InputError, UsageError

Task = Literal["mt", "sum"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Sources and references, one entry a segment; the optional columns are empty or as long.

    ``sources`` is empty when only references are known. ``topics`` names each segment's topic;
    ``sentences`` holds each source's sentences in the reference's language, for Lead and oracle.
    """

    name: str
    task: Task
    references: tuple[str, ...]
    sources: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sentences: tuple[tuple[str, ...], ...] = ()
    licence: str = ""
    citation: str = ""

    @property
    def comparable_sources(self) -> tuple[str, ...]:
        """The sources as the metrics compare them: in the reference's language where that is known."""
        return tuple("\n".join(body) for body in self.sentences) or self.sources

    @property
    def sha256(self) -> str:
        """The sum of the text scored: sources, a zero byte, references, each line with its newline."""
        sides = ("".join(line + "\n" for line in side) for side in (self.sources, self.references))
        return hashlib.sha256("\0".join(sides).encode()).hexdigest()

    @property
    def signature(self) -> str:
        """The name and the first 12 digits of the sum, as scores carry it."""
        return f"data:{self.name}@{self.sha256[:12]}"


def first(dataset: Dataset, count: int) -> Dataset:
    """The first ``count`` segments, under a name that says so."""
    columns = ("references", "sources", "topics", "sentences")
    return replace(
        dataset, name=f"{dataset.name}[:{count}]", **{c: getattr(dataset, c)[:count] for c in columns}
    )


def read_lines(path: Path, shown: str = "") -> list[str]:
    """The lines of a UTF-8 file (``.xz`` unpacked), without trailing spaces, split at "\\n" only.

    An error names the file as ``shown``, else by its path.
    ``splitlines`` would also split at U+2028 and put every later line beside the wrong reference.
    """
    name = shown or str(path)
    try:
        data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{name}: line {line} is not UTF-8") from None
    except lzma.LZMAError:
        raise InputError(f"{name}: not an xz file") from None
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.rstrip(" \r") for line in lines]


def require_equal_counts(sides: Mapping[str, Sequence[str]]) -> None:
    """Stop unless every side has as many lines. Raises :class:`InputError` that names the counts."""
    counts = {name: len(lines) for name, lines in sides.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise InputError(f"line counts differ: {listed}; nothing was scored")
    if not any(counts.values()):
        raise InputError("there is nothing to score: no lines")


def from_files(
    references: Path, sources: Path | None, task: Task, shown: Callable[[Path], str] = str
) -> Dataset:
    """A data set from two plain files, or from references alone; errors name a file as ``shown`` does."""
    lines = {path: read_lines(path, shown(path)) for path in (references, sources) if path is not None}
    alike = len({shown(path) for path in lines}) < len(lines)
    roles = {references: " (reference)"} if alike else {}
    require_equal_counts({shown(path) + roles.get(path, ""): side for path, side in lines.items()})
    return Dataset(
        name=references.name,
        task=task,
        references=tuple(lines[references]),
        sources=tuple(lines[sources]) if sources is not None else (),
    )


# --- file formats ------------------------------------------------------------------------------


def _tsv(lines: Sequence[str], columns: Sequence[int], name: str) -> dict[str, Any]:
    rows = [line.split("\t") for line in lines]
    short = [n for n, row in enumerate(rows, 1) if len(row) <= max(columns)]
    if short:
        raise InputError(f"{name}: line {short[0]} has too few columns (tab-separated source, reference)")
    source, reference = columns
    return {
        "sources": tuple(row[source].strip() for row in rows),
        "references": tuple(row[reference].strip() for row in rows),
    }


def _records(lines: Sequence[str], name: str) -> list[dict[str, Any]]:
    records = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            raise InputError(f"{name}: line {number} is not JSON") from None
        if not isinstance(record, dict):
            raise InputError(f"{name}: line {number} is not a JSON object")
        records.append(record)
    return records


def _jsonl(records: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    missing = [n for n, r in enumerate(records, 1) if not {"source", "reference"} <= r.keys()]
    if missing:
        raise InputError(f'{name}: line {missing[0]} lacks "source" or "reference"')
    columns: dict[str, Any] = {
        "sources": tuple(r["source"] for r in records),
        "references": tuple(r["reference"] for r in records),
    }
    if all("topic" in r for r in records):
        columns["topics"] = tuple(r["topic"] for r in records)
    return columns


def _bench_segments(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    pairs = [(pair, r["topic"]) for r in records for paragraph in r["paragraphs"] for pair in paragraph]
    return {
        "sources": tuple(pair["id"] for pair, _ in pairs),
        "references": tuple(pair["en"] for pair, _ in pairs),
        "topics": tuple(topic for _, topic in pairs),
    }


def _bench_articles(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
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


def _indosum(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """IndoSum ships tokenised: sentences are joined with spaces, one a line."""

    def lines(sentences: Iterable[Sequence[str]]) -> tuple[str, ...]:
        return tuple(" ".join(" ".join(tokens).split()) for tokens in sentences)

    bodies = [lines(sentence for paragraph in r["paragraphs"] for sentence in paragraph) for r in records]
    return {
        "sources": tuple("\n".join(body) for body in bodies),
        "references": tuple("\n".join(lines(r["summary"])) for r in records),
        "topics": tuple(r["category"] for r in records),
        "sentences": tuple(bodies),
    }


_DOCUMENTS: Mapping[str, Callable[[Sequence[dict[str, Any]]], dict[str, Any]]] = {
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
        """The file on this machine: the shipped one, or ``folder``/``file``; ``None`` when absent."""
        place = Path(str(files("eval") / "data")) if self.shipped else folder
        path = place / self.file if place is not None else None
        return path if path is not None and path.is_file() else None


def registry() -> dict[str, Entry]:
    """Every named set, in the order of ``data/datasets.toml``."""
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
            f"{path} is not the pinned {entry.name}: SHA-256 {digest[:12]}…, not {entry.sha256[:12]}…"
        )
    return replace(_load(path, entry), licence=entry.licence, citation=entry.citation)


def _load(path: Path, entry: Entry) -> Dataset:
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
    """A named set (looked for in ``folder``) or the user's ``.tsv`` or ``.jsonl`` file (``task`` is his).

    Raises :class:`UsageError` for an unknown name and :class:`InputError` for a set that is not
    here, a file that does not match its pinned sum, or a broken line.
    """
    entries = registry()
    if name in entries:
        entry = entries[name]
        path = entry.locate(folder)
        if path is None:
            raise InputError(f"{name} is not on this machine. {entry.fetch} Then give its folder: --data DIR")
        return _from_entry(entry, path)
    path = Path(name)
    stem = path.with_suffix("") if path.suffix == ".xz" else path
    if stem.suffix not in (".tsv", ".jsonl"):
        raise UsageError(
            f"unknown data set {name!r}; there are: {', '.join(entries)}; or a .tsv or .jsonl file"
        )
    own = Entry(path.name, "", task, path.name, stem.suffix[1:], "", "", "")
    dataset = _load(path, own)
    require_equal_counts({"source": dataset.sources, "reference": dataset.references})
    return dataset
