"""What an extra brings is enough for what it is for, and what is missing is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.errors import InputError
from service.extras import absent, lacks
from service.intake.documents import document_text
from tests.extra_alone import closure, samples

ROOT = Path(__file__).parents[1]


def read_all(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.extra_alone", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500
    )


def test_the_documents_extra_alone_reads_every_document_and_a_web_page() -> None:
    done = read_all("--hide")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count(": read\n") == len(samples()) + 2


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("trafilatura", "needs trafilatura, which is not installed: pip install 'warta[documents]'\n"),
        (
            "lxml_html_clean",
            "needs lxml_html_clean, which is not installed (trafilatura asks for it): "
            "pip install 'warta[documents]'\n",
        ),
    ],
)
def test_the_module_that_is_missing_is_named(module: str, said: str) -> None:
    done = read_all(f"--without={module}")
    assert (done.returncode, done.stdout) == (1, said)


def test_what_a_library_says_of_itself_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trafilatura.py").write_text("from numpy import nothing_of_this_name\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "trafilatura", raising=False)
    with pytest.raises(InputError, match="trafilatura cannot be imported: cannot import name 'nothing_of"):
        document_text(samples()["a.html"], "a.html", 1_000_000)


def imported(code: str) -> ImportError:
    with pytest.raises(ImportError) as caught:
        exec(code)  # noqa: S102
    return caught.value


def test_a_module_of_an_installed_package_is_not_called_not_installed() -> None:
    error = imported("import numpy.nothing")
    assert absent(error) == ""
    assert lacks(error, "documents", "numpy") == "numpy cannot be imported: No module named 'numpy.nothing'"


def test_what_hides_the_true_reason_is_looked_behind() -> None:
    code = "try:\n    import no_such_thing\nexcept ImportError:\n    raise ImportError('another') from None"
    assert absent(imported(code)) == "no_such_thing"


def test_extras_count_by_their_own_name_only() -> None:
    assert "lxml" in closure(["lxml[html_clean]"])
    assert "colorama" not in closure(["typer[nothing]"])
