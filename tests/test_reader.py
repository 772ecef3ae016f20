"""The Python API: `import warta`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import warta
from service.document import Finding
from tests.pictured import CAPTION, PICTURED

ARTICLE = (
    "HARGA BERAS NAIK\n\nHarga beras naik 12 persen pada Selasa. Warga Demak tidak panik. "
    "Stok cukup. Pasar tetap ramai.\n"
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> warta.Reader:
    return warta.load("echo", home=tmp_path_factory.mktemp("home"))


def test_every_public_name_can_be_had_and_is_documented() -> None:
    assert len(warta.__all__) <= 16
    for name in warta.__all__:
        assert getattr(warta, name).__doc__, name
    assert set(warta.__all__) <= set(dir(warta))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        warta.nothing  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'ctranslate2', 'gradio', 'numpy', 'typer'}"
    code = f"import sys, warta; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert done.stdout == "[]\n"


def test_a_string_gives_a_string_with_its_paragraphs(reader: warta.Reader) -> None:
    text = "Harga beras naik.\n\nWarga tidak panik.  Baik."
    assert reader.translate(text) == text


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_list_keeps_its_shape_and_what_is_missing(reader: warta.Reader, kind: Any) -> None:
    given = kind(["Satu.", None, float("nan"), "", "Dua."])
    done = reader.translate(given)
    assert type(done) is kind
    assert done[:2] == given[:2]
    assert done[2] != done[2]
    assert done[3:] == given[3:]


def test_a_pandas_series_keeps_name_index_and_what_is_missing(reader: warta.Reader) -> None:
    pandas = pytest.importorskip("pandas")
    given = pandas.Series(["Satu.", None, float("nan"), pandas.NA, "Dua."], index=[3, 1, 4, 1, 5], name="isi")
    done = reader.translate(given)
    pandas.testing.assert_series_equal(done, given)


def test_a_polars_series_keeps_name_and_nulls(reader: warta.Reader) -> None:
    polars = pytest.importorskip("polars")
    given = polars.Series("isi", ["Satu.", None, "Dua."])
    assert reader.translate(given).equals(given, check_names=True, null_equal=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (12, "translate takes a string, a list, a tuple or a Series of strings, not int"),
        ({"a": "b"}, "not dict"),
        (["Satu.", 12], "element 1: a string or None is wanted, not int"),
    ],
)
def test_anything_else_is_refused_by_name(reader: warta.Reader, given: object, message: str) -> None:
    with pytest.raises(warta.UsageError, match=message):
        reader.translate(given)


def test_an_article_is_cleaned_translated_and_summarised(reader: warta.Reader) -> None:
    reading = reader.read(ARTICLE, sentences=1)
    assert isinstance(reading, warta.Reading)
    assert reading.headline == "HARGA BERAS NAIK"
    assert [part.source for part in reading.translation.segments] == [
        "Harga beras naik 12 persen pada Selasa.",
        "Warga Demak tidak panik.",
        "Stok cukup.",
        "Pasar tetap ramai.",
    ]
    assert len(reading.summary.sentences) == 1
    assert len(reader.summarize(ARTICLE, sentences=2).sentences) == 2
    assert reader.translate_article(ARTICLE).title is not None
    with pytest.raises(warta.InputError):
        reader.read("   ")


def test_results_show_themselves_in_a_notebook_escaped(reader: warta.Reader) -> None:
    reading = reader.read(
        "JUDUL <b>TEBAL</b>\n\nHarga <script>alert(1)</script> naik 12 persen. Warga tidak panik."
    )
    for shown in (reading._repr_html_(), reading.translation._repr_html_(), reading.summary._repr_html_()):
        assert "<script" not in shown
        assert "<b>" not in shown
        assert "12 persen" in shown


def test_check_compares_one_pair() -> None:
    assert [finding.kind for finding in warta.check("Naik 12 persen.", "Up 13 percent.")] == ["number"]
    assert warta.check("Naik 12 persen.", "Up 12 percent.") == ()
    assert isinstance(warta.check("Naik 12 persen.", "Up 13 percent.")[0], Finding)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colour": 1}, "unknown setting 'colour'; there are: home, "),
        ({"engine": "fast"}, "unknown engine 'fast'; there are: auto, ctranslate2, transformers"),
        ({"beam_size": 0}, "beam must be from 1 to 64"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(warta.UsageError, match=message):
        warta.load("echo", **settings)


def test_the_signature_names_the_model(reader: warta.Reader) -> None:
    assert reader.signature.preset == "echo"


def test_captions_are_translated_on_demand(reader: warta.Reader) -> None:
    assert reader.read(PICTURED).translation.captions == ()
    for made in (
        reader.read(PICTURED, captions=True).translation,
        reader.translate_article(PICTURED, captions=True),
    ):
        assert [(part.target, part.paragraph) for part in made.captions] == [(CAPTION, 0)]
    assert reader.translate_article(ARTICLE, captions=True).captions == ()
