"""CONTRIBUTING.md names files and code that exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))))
PATHS = [q for q in QUOTED if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*/?", q) and "/" in q]
SYMBOLS = [q for q in QUOTED if re.fullmatch(r"(?:service|eval)(?:\.\w+)+", q)]
MODULES = re.findall(r"python -m (eval[\w.]+)", " ".join(QUOTED))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_exists(path: str) -> None:
    assert (ROOT / path).exists() or path == "prompts/NAME.toml"


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_symbol_exists(symbol: str) -> None:
    module, _, name = symbol.rpartition(".")
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("module", MODULES)
def test_a_command_exists(module: str) -> None:
    assert importlib.util.find_spec(module)


def test_the_recipes_are_covered() -> None:
    assert (len(PATHS) > 10, len(SYMBOLS) > 6, len(MODULES) >= 2) == (True, True, True)
