"""The attacks in docs/security.md are held by tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
TABLE = TEXT.partition("## Attacks tried")[2]
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
    for line in TABLE.splitlines()
    if line.startswith("|") and not line.startswith(("| attack |", "|---", "| **"))
]
NAMED = re.compile(r"`(\w+)::(\w+)`")


@cache
def functions(module: str) -> frozenset[str]:
    """The test functions of a module, in whatever folder of the tests it is."""
    found = list((ROOT / "tests").rglob(f"{module}.py"))
    assert len(found) == 1, f"{module}.py is there {len(found)} times"
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(found[0].read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_attack_has_its_test(row: list[str]) -> None:
    assert len(row) == 3, row
    attack, _, tests = row
    named = NAMED.findall(tests)
    assert named, f"{attack}: no test is named"
    assert tests.count("`") == 2 * len(named), f"{attack}: a test is MODULE::FUNCTION"
    for module, function in named:
        assert function in functions(module), f"{module}::{function}"


def test_there_are_attacks() -> None:
    assert len(ROWS) > 30
    assert len({row[0] for row in ROWS}) == len(ROWS)


def test_it_is_linked_where_it_is_looked_for() -> None:
    for place, link in (("README.md", "docs/security.md"), ("docs/serving.md", "security.md")):
        assert f"({link})" in (ROOT / place).read_text("utf-8"), place
    report = (ROOT / "SECURITY.md").read_text("utf-8")
    assert "(docs/security.md)" in report
    assert "(../SECURITY.md)" in TEXT
    # Through the advisory form alone: an address here would be made up, or grow old.
    assert not re.search(r"[\w.]+@[\w.]+", report)
