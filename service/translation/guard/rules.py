"""The user's own rules: patterns that the English must not hold, or must hold where the source has another.

A file is a TSV, CSV or TOML table as a glossary is, with the columns ``id``, ``message``, ``severity``,
``source``, ``forbid`` and ``require``. The patterns are regular expressions of RE2, which takes time
linear in the text
whatever the pattern: a rule of the user's cannot make a translation hang.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

from service.document import Finding, Message
from service.errors import InputError, UsageError
from service.extras import lacks

COLUMNS = ("id", "message", "severity", "source", "forbid", "require")
SEVERITIES = ("critical", "major", "minor")
MOST, LONGEST = 1000, 1000
"""Rules in a file, and characters in a pattern."""


class _Pattern(Protocol):
    def search(self, text: str, /) -> object | None: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """What is a finding: ``forbid`` in the English, or no ``require`` in it; only where ``source`` stands."""

    id: str
    message: str
    severity: str = "major"
    source: _Pattern | None = field(default=None, compare=False)
    forbid: _Pattern | None = field(default=None, compare=False)
    require: _Pattern | None = field(default=None, compare=False)

    def broken(self, source: str, target: str) -> bool:
        """Return whether a translation breaks the rule."""
        if self.source is not None and not self.source.search(source):
            return False
        if self.forbid is not None and self.forbid.search(target):
            return True
        return self.require is not None and not self.require.search(target)


def check(rules: Sequence[Rule], source: str, target: str) -> tuple[Finding, ...]:
    """Return a finding for each rule that a translation breaks."""
    return tuple(
        Finding.of(f"rule.{rule.severity}", rule=rule.id, message=rule.message)
        for rule in rules
        if rule.broken(source, target)
    )


def load(path: Path) -> tuple[Rule, ...]:
    """Return the rules of a user's file.

    Raises InputError with file, line and problem, UsageError where RE2 is not installed.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else Message.of("file.not_utf8", "not UTF-8 text")
        )
        raise InputError("file.problem", "{reason}", at=path, reason=reason) from error
    rules = tuple(_rule(cells, where) for where, cells in _rows(text, path))
    if not 0 < len(rules) <= MOST:
        raise InputError(
            "rules.count",
            "from 1 to {most} rules are wanted, there are {count}",
            at=path,
            most=MOST,
            count=len(rules),
        )
    return rules


def _rows(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each row of a table and where it stands."""
    match path.suffix.lower():
        case ".toml":
            yield from _toml(text, path)
        case ".csv" | ".tsv":
            yield from _table(text, path)
        case _:
            raise InputError("rules.kind", "rules are a .csv, .tsv or .toml file", at=path)


def _toml(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError("file.problem", "{reason}", at=path, reason=error) from error
    tables = data.get("rule")
    if set(data) != {"rule"} or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise InputError("rules.tables", "rules are [[rule]] tables and nothing else", at=path)
    for number, table in enumerate(tables, 1):
        yield f"{path}, rule {number}", table


def _table(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    file = StringIO(text, newline="")
    if path.suffix.lower() == ".csv":
        reader = csv.reader(file, strict=True)
    else:
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
    columns: list[str] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not columns:
                columns = cells
            elif len(cells) > len(columns):
                raise InputError(
                    "rules.cells",
                    "line {line}: {cells} cells under {columns} columns",
                    at=path,
                    line=reader.line_num,
                    cells=len(cells),
                    columns=len(columns),
                )
            elif any(cells):
                yield f"{path}, line {reader.line_num}", dict(zip(columns, cells, strict=False))
    except csv.Error as error:
        raise InputError(
            "score.line_problem", "line {line}: {reason}", at=path, line=reader.line_num, reason=error
        ) from error


def _rule(cells: Mapping[str, Any], where: str) -> Rule:
    if unknown := [name for name in cells if name not in COLUMNS]:
        raise InputError(
            "rules.column",
            "unknown column {name!r}; there are: {known}",
            at=where,
            name=unknown[0],
            known=", ".join(COLUMNS),
        )
    if odd := [name for name, value in cells.items() if not isinstance(value, str)]:
        raise InputError("rules.not_text", "{name!r} is not text", at=where, name=odd[0])
    given = {name: cells.get(name, "") for name in COLUMNS}
    severity = given["severity"] or "major"
    if severity not in SEVERITIES:
        raise InputError(
            "rules.severity",
            "unknown severity {severity!r}; there are: {known}",
            at=where,
            severity=severity,
            known=", ".join(SEVERITIES),
        )
    if not given["id"] or not (given["forbid"] or given["require"]):
        raise InputError("rules.needed", "an id and one of forbid and require are needed", at=where)
    if given["require"] and not given["source"]:
        raise InputError("rules.require_source", "with require a source pattern says where", at=where)
    patterns = {
        name: _compiled(given[name], where) for name in ("source", "forbid", "require") if given[name]
    }
    message = given["message"] or f"rule {given['id']}"
    return Rule(given["id"], message, severity, **patterns)


def _compiled(pattern: str, where: str) -> _Pattern:
    """Return the pattern, compiled by RE2."""
    if len(pattern) > LONGEST:
        raise InputError("rules.long", "a pattern of more than {count} characters", at=where, count=LONGEST)
    try:
        import re2
    except ImportError as error:
        raise UsageError(
            "rules.need", "rules: {reason}", reason=lacks(error, "rules", "google-re2")
        ) from error
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: _Pattern = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise InputError(
            "rules.pattern",
            "{pattern!r} is no pattern of RE2: {reason}",
            at=where,
            pattern=pattern,
            reason=reason,
        ) from error
    return compiled
