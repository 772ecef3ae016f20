"""Findings have their words in every language, and the catalogues are in step with the source."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from service.document import Finding
from service.findings import CHECKS, GUARD, SUMMARY, Check
from service.messages import LANGUAGES, catalogues, language, record, speaking, text
from service.page import reading as view
from service.page.words import Say
from service.summary import provenance
from service.translation.confidence import GRAVE
from service.translation.guard.check import KINDS, check
from service.translation.repair import WEIGHTS

ROOT = Path(__file__).parents[2]
HOSTILE = "{0} {source} <b>%s"
TRANSLATED = re.compile(r"\b(?:the|is|not|in|of|was|no|and|source|translation|says|text)\b")


def finding(one: Check, value: str = HOSTILE) -> Finding:
    """A finding of a check, with a value that no template may read."""
    return Finding.of(one.code, **{name: "3" if name == "count" else value for name in sorted(one.places)})


def test_the_catalogues_are_in_step_with_the_source_and_complete(capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogues.main(["--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("one", CHECKS.values(), ids=lambda one: one.code)
def test_every_finding_can_be_said(one: Check, spoken: str) -> None:
    terms = dict.fromkeys(one.terms, "miles")
    found = Finding.of(one.code, **{**dict(finding(one).values), **terms})
    said = text(found, spoken)
    held = (value for name, value in found.values if name not in one.terms)
    assert all(value in said for value in held)
    if spoken == "en":
        assert said == str(found)
    else:
        assert said != str(found)
        assert not TRANSLATED.search(said.replace(HOSTILE, ""))


@pytest.mark.parametrize("one", CHECKS.values(), ids=lambda one: one.code)
def test_a_check_is_documented_and_weighed(one: Check) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", one.code)
    assert one.about.endswith(".")
    assert ("count" in one.places) == bool(one.plural)
    if one in GUARD:
        grave = WEIGHTS[one.kind] >= GRAVE
        assert (one.severity == "critical") == grave
    guide = (ROOT / "docs" / "guard.md").read_text("utf-8")
    assert f"| `{one.code}` | {one.severity} | {one.about} |" in guide


def test_a_count_has_its_form() -> None:
    one, two = (Finding.of("dropped.short", count=count, source="90") for count in ("1", "2"))
    assert [str(one), str(two)] == ["1 character for 90", "2 characters for 90"]
    assert [text(one, "id"), text(two, "id")] == ["1 karakter untuk 90", "2 karakter untuk 90"]


def test_units_are_said_in_the_language() -> None:
    found = Finding.of("number.unit", source="kilometres", target="miles")
    assert text(found, "id") == "kilometer di sumber, mil di terjemahan"
    assert text(Finding.of("number.changed", source="miles", target="feet"), "id").startswith("miles")


def test_only_the_message_of_a_record_depends_on_the_language() -> None:
    found = Finding.of("number.changed", source="340", target="430")
    english, indonesian = (record(found, spoken) for spoken in LANGUAGES)
    assert english == {
        "code": "number.changed",
        "kind": "number",
        "severity": "major",
        "message": "340 in the source, 430 in the translation",
        "values": {"source": "340", "target": "430"},
    }
    assert indonesian == {**english, "message": "340 di sumber, 430 di terjemahan"}
    assert json.loads(json.dumps(indonesian)) == indonesian


def test_the_language_is_that_of_whoever_is_answered() -> None:
    found = Finding("empty.translation")
    with speaking("id"):
        assert (language(), text(found)) == ("id", "tidak ada terjemahan")
        assert text(found, "en") == "no translation"
        with speaking("xx"):
            assert text(found) == "no translation"
    assert (language(), text(found)) == ("en", "no translation")


BAD = [
    ("Harga beras naik.", "", "empty"),
    ("Harga beras naik.", "Rice is up.\nIndonesian: naik", "artefact"),
    ("Harga beras naik.", "English: The price of rice rose.", "artefact"),
    ("Harga beras naik di pasar hari ini.", "Harga beras naik di pasar dan untuk ini itu.", "echo"),
    ("Harga beras naik tajam.", "Harga beras naik tajam.", "echo"),
    ("Harga naik.", "The price rose again and again and again and again and again and again.", "repetition"),
    ("Harga naik.", "The price hahahahahahahahahahahahahahaha rose.", "repetition"),
    ("Pemerintah menaikkan harga beras di semua pasar kota itu mulai Senin.", "Up.", "dropped"),
    (
        "Dia pulang ke rumah. Hujan turun deras di kota. Jalanan pun tergenang.",
        "He came home to us.",
        "dropped",
    ),
    (
        "Dia pulang ke rumah. Hujan turun deras di kota. Jalanan pun tergenang.",
        "He came home to us. It rained hard in town.",
        "dropped",
    ),
    ("Banjir merendam 340 rumah.", "Floods hit 430 homes.", "number"),
    ("Banjir merendam 340 rumah.", "Floods hit homes.", "number"),
    ("Banjir merendam rumah.", "Floods hit 340 homes.", "number"),
    ("Nilainya 1.500 rupiah saja.", "It is worth 1.500 rupiah only.", "number"),
    ("Jaraknya 5 kilometer dari sini.", "It is 5 miles away from here.", "number"),
    ("Presiden Jokowi tiba di Surabaya.", "The president has arrived in the city.", "entity"),
    ("Presiden tiba di kota.", "The president arrived in Germany.", "entity"),
    ("Surati humas@kota.example segera.", "Write to them at once.", "address"),
    ("Dia tidak datang.", "He came.", "negation"),
    ("Dia datang kemarin.", "He did not come yesterday.", "negation"),
]


def test_the_guard_finds_every_kind() -> None:
    seen: set[Finding] = set()
    for source, target, kind in BAD:
        found = check(source, target, truncated=kind == "empty")
        assert kind in [one.kind for one in found], (source, found)
        seen.update(found)
    seen.update(check("Satu dua.", "One two.", truncated=True))
    assert {one.kind for one in seen} == set(KINDS)
    # The translator itself says that an address was moved.
    assert {one.code for one in GUARD} - {one.code for one in seen} == {"address.moved"}
    assert all({name for name, _ in one.values} == CHECKS[one.code].places for one in seen)


def test_a_summary_finds_every_kind() -> None:
    source = ["Harga beras naik 12 persen di Jakarta.", "Menteri menolak rencana itu, dan tidak hadir."]
    made = (
        "Harga beras naik 15 persen di Bandung.",
        "Harga beras tidak naik.",
        "Menteri hadir, menolak rencana itu.",
        "Kucing tidur.",
    )
    seen = {found for sentence in made for found in provenance.findings(sentence, source)}
    assert {one.code for one in seen} == {one.code for one in SUMMARY}
    assert all({name for name, _ in one.values} == CHECKS[one.code].places for one in seen)


def test_the_view_shows_them_and_escapes() -> None:
    found = [Finding.of("entity.added", name="<b>")]
    assert "&lt;b&gt; tidak ada di sumber" in view.flags(found, Say("id"))
    assert "&lt;b&gt; is not in the source" in view.flags(found, Say("en"))


PO = """
msgid ""
msgstr ""
"Language: id\\n"

msgctxt "a.b"
msgid "{old} text"
msgstr "teks {old}"

msgctxt "a.gone"
msgid "gone"
msgstr "hilang"
"""
WRONG: Mapping[str, tuple[catalogues.Text, list[str]]] = {
    "as it was": (catalogues.Text("a.b", "{old} text"), []),
    "changed": (catalogues.Text("a.b", "{old} texts"), ["id: a.b: '{old} texts' is fuzzy"]),
    "new": (catalogues.Text("a.c", "{old} text"), ["id: a.c: '{old} text' is not translated"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_missing_or_changed_in_a_catalogue_is_found(case: str, tmp_path: Path) -> None:
    (tmp_path / "x.po").write_text(PO, "utf-8")
    with (tmp_path / "x.po").open("rb") as file:
        known = read_po(file, locale="id")
    given, wrong = WRONG[case]
    made = catalogues.filled([given], known)
    assert catalogues.problems(made) == wrong
    assert [entry.context for entry in made if entry.id] == [given.code]


def test_a_place_that_only_one_language_has_is_found() -> None:
    made = catalogues.filled([catalogues.Text("a.b", "{old} text")])
    made.locale = "id"
    entry = made.get("{old} text", context="a.b")
    assert entry is not None
    entry.string = "teks {new}"
    assert catalogues.problems(made) == ["id: a.b: '{old} text' has other places than the English"]
