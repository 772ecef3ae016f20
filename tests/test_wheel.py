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
    assert result.returncode == 0
    assert result.stderr.startswith("warta: article.txt: 2 sentences, 0 to check.")
    assert result.stdout == "Harga beras naik 12 persen.\n\nWarga tidak panik.\n"


def test_data_files_are_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    listed = run(installed, tmp_path, "models", "list").stdout
    expected = {path.stem for path in (ROOT / "prompts").glob("*.toml")}
    assert expected <= {
        line.split()[0] for line in listed.splitlines() if line.strip() and not line.startswith(" ")
    }
    for package, place in (("service", "."), ("prompts", "prompts"), ("eval", "eval")):
        for source in (ROOT / package).rglob("*"):
            code = source.suffix in (".py", ".pyc") or {"training", "research"} & set(source.parts)
            if source.is_file() and not code:
                kept = installed / "warta" / place / source.relative_to(ROOT / package)
                assert kept.is_file(), source


def test_one_name_is_installed_and_no_other_is_imported(installed: Path, tmp_path: Path) -> None:
    names = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"warta", "bin"}
    code = """
import pkgutil, sys, warta
for module in pkgutil.walk_packages(warta.__path__, "warta."):
    if ".bench" not in module.name and not module.name.endswith("__main__"):
        __import__(module.name)
print(sorted({"service", "prompts", "eval"} & {name.partition(".")[0] for name in sys.modules}))
"""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_version_is_one(installed: Path, tmp_path: Path) -> None:
    import service

    assert run(installed, tmp_path, "--version").stdout == f"warta {service.__version__}\n"
