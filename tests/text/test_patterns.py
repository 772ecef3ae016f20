"""Patterns that every Python from 3.11 on reads alike."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")


def patterns() -> Iterator[tuple[str, str]]:
    """Yield where each string stands that is given to ``re.compile``, and the string."""
    for path in sorted((ROOT / "service").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "re.compile":
                for part in ast.walk(call.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{path.relative_to(ROOT)}:{part.lineno}", part.value


def test_a_group_is_repeated_for_good_by_an_atomic_group() -> None:
    # Until 3.11.4 a group with a possessive quantifier may match for ever (python/cpython#106052).
    found = [place for place, text in patterns() if _POSSESSIVE_GROUP.search(text)]
    assert len(list(patterns())) > 100
    assert found == []
