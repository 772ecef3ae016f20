"""The translation memory: what it gives back, what it forgets, who may use it at once, TMX in and out."""

import io
import multiprocessing
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.errors import InputError, StoreError
from service.translation.glossary import Glossary
from service.translation.memory import OWN, Remembered, TranslationMemory
from service.translation.tmx import read_tmx, write_tmx
from service.translation.translator import Care, Text, Translator
from tests import builders


def answer(source: str, target: str) -> Remembered:
    return Remembered(source, Output(target, -0.25, 7, truncated=True), repaired=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "memory.sqlite"


def test_an_answer_comes_back_whole_and_only_under_its_signature(path: Path) -> None:
    made = answer("Harga naik.", "Prices rose.")
    memory = TranslationMemory(path)
    memory.put("a", {"Harga naik.": made})
    memory.close()
    memory = TranslationMemory(path)
    assert memory.get("a", ["Harga naik.", "Harga turun."]) == {"Harga naik.": made}
    assert memory.get("b", ["Harga naik."]) == {}
    assert memory.get("a", []) == {}


def test_more_keys_than_a_query_takes(path: Path) -> None:
    memory = TranslationMemory(path)
    answers = {f"Kalimat {i}.": answer(f"Kalimat {i}.", f"Sentence {i}.") for i in range(2500)}
    memory.put("a", answers)
    assert memory.get("a", answers) == answers
    assert memory.stats().entries == {"a": 2500}


def test_what_was_used_longest_ago_is_forgotten_first(path: Path) -> None:
    days = iter(day * 100_000.0 for day in range(100))
    memory = TranslationMemory(path, limit=10, clock=lambda: next(days))
    for number in range(10):
        memory.put("a", {str(number): answer("", "")})
    assert "0" in memory.get("a", ["0"])
    memory.put("a", {"10": answer("", "")})
    assert sorted(memory.get("a", map(str, range(11))), key=int) == ["0", *map(str, range(3, 11))]


def test_clearing_forgets_all(path: Path) -> None:
    memory = TranslationMemory(path)
    memory.put("a", {"x": answer("x", "y")})
    memory.add_own([("x", "z")])
    assert memory.clear() == 2
    assert (memory.stats().entries, memory.get("a", ["x"]), memory.stamp()) == ({}, {}, "none")


def write(path: Path, name: str) -> None:
    memory = TranslationMemory(path)
    for number in range(50):
        memory.put(name, {f"{number}": answer(name, f"{number}")})
        memory.put("all", {f"{name}{number}": answer(name, f"{number}")})


def test_several_processes_write_at_once(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write, args=(path, name)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    write(path, "c")
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert TranslationMemory(path).stats().entries == {"a": 50, "all": 150, "b": 50, "c": 50}


def test_a_file_that_is_no_memory_is_said(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match=r"memory\.sqlite cannot be used: file is not a database"):
        TranslationMemory(path)


def test_one_s_own_are_found_by_their_words(path: Path) -> None:
    memory = TranslationMemory(path)
    assert (
        memory.add_own([("Harga  naik.", "Prices went up."), ("Aman.", "Safe."), ("Aman.", "All safe.")]) == 3
    )
    assert memory.own(["Harga naik.", " Harga\nnaik. ", "Aman.", "harga naik."]) == {
        "Harga naik.": "Prices went up.",
        " Harga\nnaik. ": "Prices went up.",
        "Aman.": "All safe.",
    }


def test_the_stamp_tells_changes_of_one_s_own(path: Path) -> None:
    memory = TranslationMemory(path)
    stamps = [memory.stamp()]
    for pair in (("a", "b"), ("c", "d"), ("c", "e")):
        memory.add_own([pair])
        stamps.append(memory.stamp())
    memory.put("a", {"x": answer("x", "y")})
    assert len(set(stamps)) == 4
    assert memory.stamp() == stamps[-1]


class English(EchoEngine):
    """Answers from a table, and counts what it was asked."""

    def __init__(self, table: dict[str, str]) -> None:
        self.table, self.asked = table, list[str]()

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        self.asked += texts
        limit = decoding.max_new_tokens
        return [Output(self.table.get(text, "Nothing.")[:limit], -0.5, 3) for text in texts]


RAISED = "Harga naik 12 persen."


def test_the_engine_is_not_asked_again_and_the_findings_are_looked_for_again(path: Path) -> None:
    engine = English({RAISED: "Prices rose 21 percent."})
    care = Care(Glossary.load(), repair=False, memory=TranslationMemory(path))
    results, asked = [], []
    for _ in range(2):
        translator = Translator(engine, builders.preset("tiny", "echo"), "r", care=care)
        results.append(list(translator.translate([RAISED, "KPK diam.", RAISED])))
        asked.append(len(engine.asked))
    assert asked[0] == asked[1]
    assert [[part.cached for part in result] for result in results] == [[False] * 3, [True] * 3]
    first, second = ([(p.target, p.score, p.findings, p.band) for p in result] for result in results)
    assert first == second
    assert [finding.kind for finding in second[0][2]] == ["number"]


@pytest.mark.parametrize("change", ["beam", "revision"])
def test_another_signature_asks_the_engine(change: str, path: Path) -> None:
    engine = English({RAISED: "Prices rose 12 percent."})
    care = Care(memory=TranslationMemory(path))
    preset = builders.preset("tiny", "echo")
    list(Translator(engine, preset, "r", care=care).translate([RAISED]))
    beam, revision = (7, "r") if change == "beam" else (None, "s")
    list(Translator(engine, preset, revision, beam_size=beam, care=care).translate([RAISED]))
    assert engine.asked == [RAISED, RAISED]


def test_one_s_own_goes_before_the_model_and_is_left_as_it_is(path: Path) -> None:
    memory = TranslationMemory(path)
    memory.add_own([("KPK MEMERIKSA SAKSI.", "The KPK questions 3 witnesses.")])
    engine = English({})
    translator = Translator(
        engine, builders.preset("tiny", "echo"), "r", care=Care(Glossary.load(), expand=True, memory=memory)
    )
    [[part]] = translator.translate_all([Text(["KPK MEMERIKSA SAKSI."])])
    assert (part.target, part.cached, engine.asked) == ("The KPK questions 3 witnesses.", True, [])
    assert [finding.kind for finding in part.findings] == ["number"]


PAIRS = [
    ('Harga <b>naik</b> & "turun".', "Prices 'rose' & > fell."),
    ("Kalimat\ndua.", "Sentence \U0001f35a."),
]


def test_tmx_comes_back_as_it_went(tmp_path: Path) -> None:
    target = io.StringIO()
    assert write_tmx(target, [("a|b", *PAIRS[0]), (OWN, *PAIRS[1])]) == 2
    (tmp_path / "a.tmx").write_text(target.getvalue(), "utf-8")
    assert list(read_tmx(tmp_path / "a.tmx")) == PAIRS
    assert "<note>a|b</note>" in target.getvalue()


UNIT = '<tu><tuv xml:lang="{0}"><seg>{1}</seg></tuv><tuv xml:lang="{2}"><seg>{3}</seg></tuv></tu>'


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (UNIT.format("id-ID", "Satu.", "en_GB", "One."), [("Satu.", "One.")]),
        (UNIT.format("EN-US", "One.", "IN", "Satu."), [("Satu.", "One.")]),
        (UNIT.format("id", "Sa<bpt i='1'/>tu<ept i='1'/>.", "en", "<ph>O</ph>ne."), [("Satu.", "One.")]),
        (UNIT.format("id", "Satu.", "fr", "Un."), []),
        (UNIT.format("id", " ", "en", "One."), []),
        (UNIT.format("id", "Satu.", "en", ""), []),
    ],
)
def test_tmx_of_others(unit: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    start = '<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header/>'
    path.write_text(f"{start}<body>{unit}</body></tmx>", "utf-8")
    assert list(read_tmx(path)) == expected


@pytest.mark.parametrize(
    "content",
    [
        "not xml",
        "<tmx><body>",
        '<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tmx><body>&b;</body></tmx>',
        '<!DOCTYPE t [<!ENTITY a SYSTEM "file:///etc/passwd">]><tmx><body>&a;</body></tmx>',
    ],
)
def test_what_is_not_tmx_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError, match=r"a\.tmx: not a TMX file"):
        list(read_tmx(path))


def test_no_reader_waits_for_a_writer(path: Path) -> None:
    memory = TranslationMemory(path)
    memory.put("a", {"x": answer("x", "y")})
    other = sqlite3.connect(path)
    other.execute("begin immediate")
    assert "x" in TranslationMemory(path).get("a", ["x"])
    other.close()
