"""docs/python.md is run as it stands; where a line says `# model output`, any answer of its kind will do."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path

import pytest

from service.models.store import Store

PAGE = Path(__file__).parents[1] / "docs" / "python.md"
PUBLIC = re.compile(r"^\| `(?P<names>[^|]*)` \|", re.MULTILINE)


class SameKind(doctest.OutputChecker):
    """A model's words differ by a rounding from machine to machine; their shape does not."""

    models = frozenset[str]()

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        if want not in self.models:
            return super().check_output(want, got, optionflags)
        return kinds(ast.literal_eval(got)) == kinds(ast.literal_eval(want))


def kinds(value: object) -> object:
    """Return the types in a literal, empty values told from others; lists of tuples by their type alone."""
    if isinstance(value, tuple | list):
        inner = [kinds(item) for item in value]
        return type(value), inner if all(not isinstance(item, tuple) for item in value) else ()
    return type(value), bool(value)


def test_the_page_runs_and_answers_as_it_says(
    embedded_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("pandas")
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(embedded_store.root)
    monkeypatch.setenv("WARTA_HOME", str(home))
    page = doctest.DocTestParser().get_doctest(PAGE.read_text("utf-8"), {}, "python.md", str(PAGE), 0)
    checker = SameKind()
    checker.models = frozenset(e.want for e in page.examples if "# model output" in e.source)
    assert len(checker.models) >= 5
    runner = doctest.DocTestRunner(checker, verbose=False, optionflags=doctest.ELLIPSIS)
    told = list[str]()
    runner.run(page, out=told.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(told)


def test_the_page_lists_every_public_name() -> None:
    import warta

    listed = {name for row in PUBLIC.findall(PAGE.read_text("utf-8")) for name in re.findall(r"\w+", row)}
    assert set(warta.__all__) <= listed
