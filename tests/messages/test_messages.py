"""Findings have their words in every language, and the catalogues are in step with the source."""

from __future__ import annotations

import ast
import copy
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import warta
from scripts import catalogues
from service.document import Finding, Message, message_from, plain
from service.errors import Busy, InputError, UsageError
from service.findings import BASE, CHECKS, GUARD, SUMMARY, Check
from service.inbox.watch import Round
from service.messages import (
    LANGUAGES,
    language,
    of_locale,
    place_name,
    preferred,
    record,
    speak,
    speaking,
    text,
)
from service.page import reading as view
from service.page.words import Say
from service.render.text import reading_text
from service.summary import provenance
from service.translation.confidence import GRAVE
from service.translation.guard import lexicon
from service.translation.guard.check import KINDS, check
from service.translation.guard.rules import SEVERITIES
from service.translation.repair import weight

ROOT = Path(__file__).parents[2]
HOSTILE = "{0} {source} <b>%s"
TRANSLATED = re.compile(r"\b(?:the|is|not|in|of|was|no|and|source|translation|says|text)\b")


def finding(one: Check, value: str = HOSTILE) -> Finding:
    """A finding of a check, with a value that no template may read."""
    return Finding.of(one.code, **{name: "3" if name == "count" else value for name in sorted(one.places)})


TEXTS = catalogues.gather()
MAKERS = catalogues.makers(list(catalogues.sources().values()))
RAISED = MAKERS - {"of", "Message", "__init__"}
# Where a line of another library, or of another process, is passed on: `x` in `InputError(x)`.
PASSED_ON = {
    "eval/tables.py": {"error"},
    "service/api/errors.py": {"error", "message"},
    "service/api/jobs.py": {"jobs.why", "error"},
    "service/api/middleware/protocol.py": {"_SAID.get(self.conn.status, _SAID[400])"},
    "service/intake/compression.py": {"lacks(error, extra, library)"},
    "service/intake/documents/__init__.py": {"problem"},
    "service/intake/encoding.py": {"problem"},
    "service/batch/tables.py": {"which_column(header, column)", "which_column(names, column)"},
    "service/intake/tables.py": {"which_column(schema.names, column)"},
    "service/models/gemma/build.py": {"lacks(error, 'embedded', 'gguf')"},
    "service/page/tabs/translate.py": {"replace(error.message, at=name)", "error"},
    "service/presets.py": {"rule"},
    "service/runtime/sandbox.py": {"message"},
    "service/translation/memory/tmx.py": {"error"},
}


def raised(path: Path, tree: ast.AST) -> Iterator[tuple[str, list[ast.expr]]]:
    """Where an error or a refusal is made in a module, and what it is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and catalogues.called_name(node) in RAISED:
            name = catalogues.called_name(node)
            arguments = node.args[1:] if name == "Refused" else node.args
            if name != "Busy":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", arguments


def test_every_error_is_raised_with_a_code_of_the_catalogues() -> None:
    known = {text.code for text in TEXTS}
    wrong, seen = [], 0
    for path, tree in catalogues.sources().items():
        for where, arguments in raised(path, tree):
            seen += 1
            given = [one.value for one in arguments if isinstance(one, ast.Constant)]
            if len(given) >= 2:
                wrong += [] if given[0] in known else [f"{where}: unknown code {given[0]!r}"]
                continue
            line = ast.unparse(arguments[0]) if arguments else ""
            page = line.startswith("say.message(") or ").message(" in line or line.startswith("no_room(")
            if not page and line not in PASSED_ON.get(str(path.relative_to(ROOT)), set()):
                wrong.append(f"{where}: no code in {line!r}")
    assert not wrong, "\n".join(wrong)
    assert seen > 300


def test_every_finding_is_made_with_a_code_of_the_registry() -> None:
    made, named = [], set[str]()
    for path, tree in catalogues.sources().items():
        if path.name == "findings.py":
            continue
        named |= {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)} & set(CHECKS)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            if ast.unparse(node.func) in ("Finding", "Finding.of"):
                made.append((str(path.relative_to(ROOT)), node.args[0].value))
    assert [one for one in made if one[1] not in CHECKS] == []
    # Two families are made of a table's first column and of a rule's severity.
    named |= {f"word.{sense.group}" for sense in lexicon.shipped().senses} | {
        f"rule.{one}" for one in SEVERITIES
    }
    assert set(CHECKS) - named == set()


def test_a_code_has_one_text() -> None:
    codes = [text.code for text in TEXTS if text.code != "term"]
    assert [code for code, count in Counter(codes).items() if count > 1] == []


@pytest.mark.parametrize("given", TEXTS, ids=lambda given: f"{given.code}:{given.english[:20]}")
def test_everything_that_is_said_can_be_said_in_every_language(given: catalogues.Text) -> None:
    names = sorted(set(re.findall(r"\{(\w+)", given.english + given.plural)))
    values = {name: "7" if name == "count" and given.plural else f"X{name}X" for name in names}
    message = Message.of(given.code, given.english, plural=given.plural, at="here", **values)
    for spoken in LANGUAGES:
        said = text(message, spoken)
        assert said.startswith("here: ")
        assert all(value in said for value in values.values())
        assert "{" not in said
    assert text(message, "en") == str(message)


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
        grave = weight(Finding(one.code)) >= GRAVE
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
    ("Harga naik.", "It rose, as the paper has it, today, as the paper has it.", "repetition"),
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
    ("Mereka unggul 2-1 di sana.", "They led 1-2 there.", "number"),
    ("Itu album ke-29 mereka.", "Those are 29 albums of theirs.", "number"),
    ("Penyidik tiga kali memanggil Tan.", "Three investigators summoned Tan.", "number"),
    ("Presiden Jokowi tiba di Surabaya.", "The president has arrived in the city.", "entity"),
    ("Presiden tiba di kota.", "The president arrived in Germany.", "entity"),
    ("Surati humas@kota.example segera.", "Write to them at once.", "address"),
    ("Dia tidak datang.", "He came.", "negation"),
    ("Dia datang kemarin.", "He did not come yesterday.", "negation"),
    ("Tak sedikit warga yang datang.", "Few residents came.", "negation"),
]


def test_the_guard_finds_every_kind() -> None:
    seen: set[Finding] = set()
    for source, target, kind in BAD:
        found = check(source, target, truncated=kind == "empty")
        assert kind in [one.kind for one in found], (source, found)
        seen.update(found)
    seen.update(check("Satu dua.", "One two.", truncated=True))
    base = {one.code for one in BASE}
    # The translator itself says that an address was moved; the other checks have tables of their own.
    assert base - {one.code for one in seen} == {"address.moved"}
    assert {one.kind for one in seen} <= set(KINDS)
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


MISSING = InputError("file.missing", "no such file", at="a.txt")


@pytest.mark.parametrize(
    ("error", "english", "indonesian"),
    [
        (MISSING, "a.txt: no such file", "a.txt: berkas tidak ada"),
        (InputError(MISSING, at="b.zip"), "b.zip: a.txt: no such file", "b.zip: a.txt: berkas tidak ada"),
        (
            UsageError("command.keys_need", "keys: {reason}", reason=MISSING),
            "keys: a.txt: no such file",
            "kunci: a.txt: berkas tidak ada",
        ),
        (
            InputError("input.not_text", "{kind}, not text; save the article as plain text",
                       kind=Message("term", "a PNG image")),
            "a PNG image, not text; save the article as plain text",
            "gambar PNG, bukan teks; simpan artikelnya sebagai teks biasa",
        ),
        (
            InputError("web.no_host_name", "{host!r} is no host name", host="{host} <b>"),
            "'{host} <b>' is no host name",
            "'{host} <b>' bukan nama host",
        ),
        (
            Busy(3),
            "too much is waiting already; try again in 3 s",
            "terlalu banyak yang sedang menunggu; coba lagi dalam 3 dtk",
        ),
        (InputError("a line of {another} library"), *["a line of {another} library"] * 2),
    ],
)  # fmt: skip
def test_an_error_is_said_in_both_languages(error: InputError, english: str, indonesian: str) -> None:
    assert (str(error), text(error, "en"), text(error, "id")) == (english, english, indonesian)
    again = copy.copy(error)
    assert (type(again), again.message, again.code) == (type(error), error.message, error.code)


@pytest.mark.parametrize("message", [MISSING.message, UsageError("a.b", "{x}: {y}", x=MISSING, y=3).message])
def test_a_message_goes_to_another_process_and_back(message: Message) -> None:
    assert message_from(json.loads(json.dumps(plain(message)))) == message


@pytest.mark.parametrize("value", ["broken", None, 3, ["a"], ["a", "b", 3, "", ""], {"code": 1}])
def test_what_is_no_message_becomes_a_line(value: object) -> None:
    assert str(message_from(value)) == str(value)


def test_long_values_are_cut_on_their_way() -> None:
    sent = plain(Message.of("a.b", "{x}", x="y" * 5000, at="z" * 5000), 100)
    assert str(message_from(sent)) == "z" * 100 + ": " + "y" * 100


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "in_ID"}, "id"),
        ({"LANG": "id_ID.UTF-8", "LC_MESSAGES": "en_GB"}, "en"),
        ({"LC_ALL": "id", "LC_MESSAGES": "en_GB"}, "id"),
        ({"LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "idx"}, "en"),
    ],
)
def test_the_locale_names_the_language(environment: Mapping[str, str], spoken: str) -> None:
    assert of_locale(environment) == spoken


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("", "en"),
        ("id", "id"),
        ("id-ID,id;q=0.9,en-US;q=0.8", "id"),
        ("en-US,en;q=0.9,id;q=0.8", "en"),
        ("fr, id;q=0.3, en;q=0.2", "id"),
        ("id;q=0", "en"),
        ("fr", "en"),
        ("id;q=what, en;q=0.5", "id"),
        (";,;;q=1," * 1000 + "id", "en"),
    ],
)
def test_accept_language_names_the_language(accepted: str, spoken: str) -> None:
    assert preferred(accepted) == spoken


def test_a_language_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UsageError, match="unknown language 'fr'; there are: en, id"):
        speak("fr")


@pytest.mark.parametrize(
    ("arguments", "environment", "line"),
    [
        ([], {"LANG": "C.UTF-8"}, "warta: nix.txt: no such file"),
        ([], {"LANG": "id_ID.UTF-8"}, "warta: nix.txt: berkas tidak ada"),
        (["--language", "id"], {"LANG": "C.UTF-8"}, "warta: nix.txt: berkas tidak ada"),
        (["--language", "en"], {"LANG": "id_ID.UTF-8"}, "warta: nix.txt: no such file"),
    ],
)
def test_the_command_line_speaks_the_language(
    arguments: list[str],
    environment: dict[str, str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from service.cli.app import main

    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", environment["LANG"])
    monkeypatch.setattr("sys.argv", ["warta", *arguments, "clean", "nix.txt"])
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        speak("en")
    assert ended.value.code == 1
    assert capsys.readouterr().err.strip() == line


def test_what_stands_around_a_reading_is_said_in_the_language(tmp_path: Path) -> None:
    page = (ROOT / "examples" / "banjir-tiga-desa.txt").read_text("utf-8")
    reading = warta.load("echo", home=tmp_path).read(page)
    with speaking("id"):
        lines = reading_text(reading).splitlines()
        assert "Ringkasan" in lines
        assert "Terjemahan" in lines
        assert any(line.startswith("* 3 baris dihilangkan: ") for line in lines)
        assert "Tentang bacaan ini" in lines
        assert any(re.match(r"\* 11 kalimat; 0 ditandai\. ", line) for line in lines)
    assert {"Summary", "Translation"} <= set(reading_text(reading).splitlines())


@pytest.mark.parametrize(
    ("place", "said"), [("paragraph 3", "paragraf 3"), ("passage 12", "bagian 12"), ("x 3", "x 3"), ("", "")]
)
def test_a_place_in_a_document_is_said_in_the_language(place: str, said: str) -> None:
    assert place_name(place, "id") == said
    assert place_name(place, "en") == place


def test_a_round_of_feeds_counts_in_both_languages() -> None:
    done = Round(feeds=1, headlines=2)
    assert str(done) == "1 feed asked, 2 headlines"
    with speaking("id"):
        assert str(done) == "1 umpan diminta, 2 judul"
        assert str(Round()) == "tidak ada yang baru"
