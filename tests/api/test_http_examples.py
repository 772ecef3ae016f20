"""`scripts/http-examples` writes the documented answers anew, tried with the echo and into another place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.api.examples import all_examples

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "http.md"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_both_files_are_made_anew_and_nothing_else_is_touched(tmp_path: Path) -> None:
    before = PAGE.read_text("utf-8")
    command = [
        sys.executable,
        str(ROOT / "scripts" / "http-examples"),
        "--model",
        "echo",
        "--into",
        str(tmp_path),
    ]
    subprocess.run(command, check=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert PAGE.read_text("utf-8") == before

    made = json.loads((tmp_path / "examples.json").read_text("utf-8"))
    assert list(made) == list(all_examples())
    assert made["v1-translate"]["signature"]["preset"] == "echo"
    assert made["v1-read"]["segments"][1]["source"] == all_examples()["v1-read"]["segments"][1]["source"]
    assert made["events"].startswith("event: start\n")

    old, new = before.splitlines(), (tmp_path / "http.md").read_text("utf-8").splitlines()
    assert len(old) == len(new)
    changed = [line for line, other in zip(old, new, strict=True) if line != other]
    assert changed
    assert all(line.lstrip().startswith(("{", '"', "data: ")) for line in changed)
