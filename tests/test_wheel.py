"""The wheel, installed elsewhere and run from another folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package alone, in a folder of its own."""
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    target = tmp_path_factory.mktemp("site")
    wheel = next(dist.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    return target


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "WARTA_HOME": str(folder / "home")}
    command = [sys.executable, str(installed / "bin" / "warta"), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_command_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text("Harga beras naik 12 persen.\n\nWarga tidak panik.\n", "utf-8")
    result = run(installed, tmp_path, "translate", "--model", "echo", "article.txt")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Harga beras naik 12 persen.\n\nWarga tidak panik.\n"


def test_data_files_are_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    listed = run(installed, tmp_path, "models", "list").stdout
    expected = {path.stem for path in (ROOT / "prompts").glob("*.toml")}
    assert expected <= {line.split()[0] for line in listed.splitlines() if not line.startswith(" ")}
    for source in (ROOT / "service").rglob("data/**/*"):
        if source.is_file() and "__pycache__" not in source.parts:
            assert (installed / source.relative_to(ROOT)).is_file(), source


def test_the_version_is_one(installed: Path, tmp_path: Path) -> None:
    import service

    assert run(installed, tmp_path, "--version").stdout == f"warta {service.__version__}\n"
