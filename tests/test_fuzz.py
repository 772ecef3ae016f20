"""The whole HTTP API against its own description, by schemathesis: ``scripts/fuzz`` in short."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())
SCRIPT = ROOT / "scripts" / "fuzz"


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    """What the script adds to schemathesis."""
    spec = importlib.util.spec_from_file_location("fuzz_checks", ROOT / "scripts" / "fuzz_checks.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not SCRIPT.is_file(), reason="the scripts are in the source tree only")
def test_the_api_is_what_its_description_says(tmp_path: Path) -> None:
    """A few requests an operation, the same each time; the script by itself tries more, and other phases."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [str(SCRIPT), "3", "--phases", "examples,fuzzing", "--seed", "1", "--no-color"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=900, env=environment)
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", ran.stdout)
    assert tested and int(tested[1]) >= 26, ran.stdout[-2000:]


def test_every_reason_is_of_one_operation_and_says_why(checks: ModuleType) -> None:
    assert all(reason.operation.startswith(("POST /", "GET /")) and reason.why for reason in checks.REASONS)
    no_pairs = '{"error": {"type": "invalid_request", "message": "1 sources, 2 targets: no pairs"}}'
    assert checks.explained("POST /v1/check", 422, no_pairs)
    assert not checks.explained("POST /v1/read", 422, no_pairs)
    assert not checks.explained("POST /v1/check", 400, no_pairs)
    no_moment = '{"error": {"type": "invalid_request", "message": "\'00\' is no moment; write yesterday"}}'
    assert checks.explained("GET /v1/inbox", 400, no_moment)
    missing = '{"error": "Invalid request: missing q parameter"}'
    assert not checks.explained("POST /translate", 400, missing)
    assert not checks.explained("POST /translate", 400, "not JSON")


def test_a_field_of_a_form_is_right_as_the_text_it_arrives_as(checks: ModuleType) -> None:
    schema = {
        "type": "object",
        "properties": {"file": {"type": "string"}, "keys": {"type": "string", "pattern": "^[^,]"}},
        "required": ["file"],
    }
    assert checks.right_as_sent({"file": b"\x06\xff", "keys": {"k\udb29": [1, ""]}}, schema)
    assert checks.right_as_sent({"file": "berita", "keys": None, "\udcfe": False}, schema)
    assert not checks.right_as_sent({"file": "berita", "keys": ",judul"}, schema)
    assert not checks.right_as_sent({"keys": "judul"}, schema)
    assert not checks.right_as_sent(["file"], schema)
