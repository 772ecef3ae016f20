"""A report on disk: written whole, read back for ``compare`` and ``gate``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.datasets import Dataset
from eval.metrics import Better
from eval.report import formats as report
from eval.report import html as page
from eval.report.figures import segment_scores
from eval.scoring import Answer, Cost, Evaluation, Output
from service.errors import InputError

_FILES = {"markdown": "report.md", "csv": "scores.csv", "latex": "table.tex"}


def write(evaluation: Evaluation, folder: Path) -> None:
    """Write ``report.json`` (with statistics), the tables, ``segments.jsonl`` and ``report.html``."""
    folder.mkdir(parents=True, exist_ok=True)
    document = json.dumps(report.document(evaluation, statistics=True), ensure_ascii=False)
    (folder / "report.json").write_text(document + "\n", "utf-8")
    for form, name in _FILES.items():
        (folder / name).write_text(report.FORMATS[form](evaluation), "utf-8")
    (folder / "segments.jsonl").write_text("".join(segment_lines(evaluation)), "utf-8")
    (folder / "report.html").write_text(page.render(evaluation, "".join(segment_lines(evaluation))), "utf-8")


def segment_lines(evaluation: Evaluation) -> Iterator[str]:
    """Yield one JSON line a segment: the data, and each system's answer with its own score where there
    is one.
    """
    dataset = evaluation.dataset
    tables = {s.output.name: segment_scores(s) for s in evaluation.systems}
    for i, reference in enumerate(dataset.references):
        record: dict[str, object] = {"line": i + 1, "reference": reference}
        for key, column in (("source", dataset.sources), ("topic", dataset.topics)):
            record |= {key: column[i]} if column else {}
        record |= {"sentences": dataset.sentences[i]} if dataset.sentences else {}
        record |= {"more_references": [side[i] for side in dataset.others]} if dataset.others else {}
        record |= {"columns": {n: values[i] for n, values in dataset.columns}} if dataset.columns else {}
        record["answers"] = {
            s.output.name: asdict(s.output.answers[i])
            | {"findings": [asdict(f) for f in s.findings[i]] if s.findings else None}
            | {"score": round(float(tables[s.output.name][i]), 2)}
            for s in evaluation.systems
        }
        yield json.dumps(record, ensure_ascii=False) + "\n"


def read_report(path: Path) -> report.Report:
    """Return a ``report.json``, given itself or by its folder. Raises :class:`InputError`."""
    file = path / "report.json" if path.is_dir() else path
    try:
        document: report.Report = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InputError("file.problem", "{reason}", at=file, reason=error.strerror or error) from None
    except ValueError:
        raise InputError("report.not_json", "{path} is not JSON", path=file) from None
    if not isinstance(document, dict) or not isinstance(document.get("systems"), list):
        raise InputError("report.no_systems", "{path} is no report: it has no systems", path=file)
    return document


def read(folder: Path) -> tuple[Dataset, list[Output], list[str]]:
    """Return the data set, the outputs and the metric names of a written report."""
    document = read_report(folder)
    try:
        records = [
            json.loads(line) for line in (folder / "segments.jsonl").read_text("utf-8").split("\n") if line
        ]
    except (OSError, ValueError) as error:
        raise InputError(
            "report.segments", "{folder}/segments.jsonl cannot be read: {reason}", folder=folder, reason=error
        ) from None
    data = document["systems"][0]["data"]

    def column(key: str) -> tuple[Any, ...]:
        return tuple(r[key] for r in records) if records and key in records[0] else ()

    named = column("columns")
    dataset = Dataset(
        data["name"],
        data["task"],
        column("reference"),
        column("source"),
        column("topic"),
        tuple(map(tuple, column("sentences"))),
        others=tuple(zip(*column("more_references"), strict=True)),
        columns=tuple((name, tuple(c[name] for c in named)) for name in (named[0] if named else ())),
    )
    outputs = [
        Output(
            system["name"],
            tuple(Answer.from_json(record["answers"][system["name"]]) for record in records),
            system["signature"],
            Cost(**system["cost"]) if system["cost"] else None,
        )
        for system in document["systems"]
    ]
    return dataset, outputs, [score["name"] for score in document["systems"][0]["scores"]]


def imported_metrics(folders: Sequence[Path]) -> dict[str, Better]:
    """Return the metrics of reports whose segment scores came with the outputs, and their better side."""
    return {
        score["name"]: score["better"]
        for folder in folders
        for system in read_report(folder)["systems"]
        for score in system["scores"]
        if "imported" in score["signature"].partition("|data:")[0].split("|")
    }


def merge(folders: Sequence[Path]) -> tuple[Dataset, list[Output], list[str]]:
    """Return several reports over the same text as one; a name used twice gets its folder before it."""
    read_all = [read(folder) for folder in folders]
    dataset, _, names = read_all[0]
    taken = [output.name for _, outputs, _ in read_all for output in outputs]
    distinct = len({folder.name for folder in folders}) == len(folders)
    merged = []
    for folder, (other, outputs, _) in zip(folders, read_all, strict=True):
        if other.sha256 != dataset.sha256:
            raise InputError(
                "report.other_text",
                "{folder} scored other text than {first}: {other}, {signature}",
                folder=folder,
                first=folders[0],
                other=other.signature,
                signature=dataset.signature,
            )
        for o in outputs:
            name = f"{folder.name if distinct else folder}/{o.name}" if taken.count(o.name) > 1 else o.name
            merged.append(Output(name, o.answers, o.signature, o.cost))
    return dataset, merged, names
