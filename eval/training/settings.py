"""The settings of all stages: ``settings.toml`` beside this file, changed where another file says so."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def settings(changes: Path | None = None) -> dict[str, Any]:
    """Return one table a stage.

    ``changes`` holds only what differs. Raises OSError or tomllib.TOMLDecodeError.
    """
    tables = tomllib.loads(Path(__file__).with_name("settings.toml").read_text("utf-8"))
    for name, table in (tomllib.loads(changes.read_text("utf-8")) if changes else {}).items():
        tables[name].update(table)
    return tables
