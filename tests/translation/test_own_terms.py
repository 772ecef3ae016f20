"""The terms that a user gave on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import InputError, StoreError
from service.translation import own_terms
from service.translation.glossary import load_user
from service.translation.own_terms import OwnTerms


def test_terms_are_kept_replaced_and_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "new" / "glossary.tsv"
    terms = OwnTerms(path)
    assert terms.terms() == []
    assert terms.add("kepala\n desa", "village\tchief") == ""
    assert terms.add("banjir", "flood") == ""
    assert terms.add("banjir", "inundation") == "flood"
    assert [(term.id, term.en) for term in load_user(path)] == [
        ("kepala desa", "village chief"),
        ("banjir", "inundation"),
    ]
    terms.remove("banjir")
    terms.remove("kepala desa")
    assert not path.exists()
    assert [*path.parent.iterdir()] == []


@pytest.mark.parametrize(("source", "english"), [("", "x"), ("x", " "), ("…", "x"), ("x" * 201, "y")])
def test_what_is_no_term_is_refused(source: str, english: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are words"):
        OwnTerms(tmp_path / "glossary.tsv").add(source, english)


def test_more_terms_than_are_kept_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_terms, "MOST", 2)
    terms = OwnTerms(tmp_path / "glossary.tsv")
    for number in range(2):
        terms.add(f"kata {number}", f"word {number}")
    terms.add("kata 1", "another word")
    with pytest.raises(InputError, match="there are 2 terms"):
        terms.add("kata 2", "word 2")


def test_a_file_that_cannot_be_written_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    with pytest.raises(StoreError, match="cannot be written"):
        OwnTerms(tmp_path / "home" / "glossary.tsv").add("banjir", "flood")
