"""The translation memory: what it gives back, what it forgets, who may use it at once, TMX in and out."""

import gzip
import io
import multiprocessing
import sqlite3
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from service.cli.many import import_tmx
from service.document import Decoding, Finding, Output, Passage
from service.engines.echo import EchoEngine
from service.errors import InputError, StoreError, UsageError
from service.translation.glossary import Glossary
from service.translation.memory.base import OWN, Memory, Remembered, Unit
from service.translation.memory.open import open_memory
from service.translation.memory.postgres import PostgresMemory
from service.translation.memory.sqlite import TranslationMemory
from service.translation.memory.tmx import TmxReader, write_tmx
from service.translation.translator import Care, Translator
from tests import builders, postgres


def answer(source: str, target: str) -> Remembered:
    return Remembered(source, Output(target, -0.25, 7, truncated=True), repaired=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "memory.sqlite"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if not postgres.programs():
        pytest.skip("there is no PostgreSQL server on this machine")
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty memory of each kind is."""
    if request.param == "sqlite":
        return str(tmp_path / "home" / "memory.sqlite")
    url: str = request.getfixturevalue("server")
    open_memory(url).clear()
    return url


def limited(place: str, limit: int, clock: Callable[[], float]) -> Memory:
    kind = PostgresMemory if "://" in place else TranslationMemory
    return kind(place if "://" in place else Path(place), limit=limit, clock=clock)  # type: ignore[arg-type]


def test_an_answer_comes_back_whole_and_only_under_its_signature(place: str) -> None:
    made = answer("Harga naik.", "Prices rose.")
    memory = open_memory(place)
    memory.put("a", {"Harga naik.": made})
    memory.close()
    memory = open_memory(place)
    assert memory.get("a", ["Harga naik.", "Harga turun."]) == {"Harga naik.": made}
    assert memory.get("b", ["Harga naik."]) == {}
    assert memory.get("a", []) == {}


def test_more_keys_than_a_query_takes(place: str) -> None:
    memory = open_memory(place)
    answers = {f"Kalimat {i}.": answer(f"Kalimat {i}.", f"Sentence {i}.") for i in range(2500)}
    memory.put("a", answers)
    assert memory.get("a", answers) == answers
    assert memory.stats().entries == {"a": 2500}


def test_what_was_used_longest_ago_is_forgotten_first_and_never_one_s_own(place: str) -> None:
    days = iter(day * 100_000.0 for day in range(100))
    memory = limited(place, 10, lambda: next(days))
    memory.add_own([("Satu.", "One."), ("Dua.", "Two.")])
    for number in range(10):
        memory.put("a", {str(number): answer("", "")})
    assert "0" in memory.get("a", ["0"])
    memory.put("a", {"10": answer("", "")})
    assert sorted(memory.get("a", map(str, range(11))), key=int) == ["0", *map(str, range(3, 11))]
    assert memory.own(["Satu.", "Dua."]) == {"Satu.": "One.", "Dua.": "Two."}


def test_clearing_forgets_all(place: str) -> None:
    memory = open_memory(place)
    memory.put("a", {"x": answer("x", "y")})
    memory.add_own([("x", "z")])
    assert memory.clear() == 2
    assert memory.suggest(["x"], 0.5) == {}
    assert (memory.stats().entries, memory.get("a", ["x"]), memory.stamp()) == ({}, {}, "none")


def test_one_s_own_and_what_models_made_are_forgotten_apart(place: str) -> None:
    memory = open_memory(place)
    memory.put("a", {"x": answer("x", "y")})
    memory.put("b", {"x": answer("x", "w")})
    memory.add_own([("Harga beras naik.", "Rice got dearer."), ("Dua.", "Two.")])
    memory.dismiss("x", "y", [Finding.of("number.lost", source="3")])
    assert memory.forget_own(["Harga  beras naik.", "Tiga."]) == 1
    assert memory.own(["Harga beras naik.", "Dua."]) == {"Dua.": "Two."}
    assert memory.suggest(["Harga beras naik."], 0.5) == {}
    assert memory.clear_made() == 2
    assert (memory.get("a", ["x"]), memory.own(["Dua."])) == ({}, {"Dua.": "Two."})
    assert len(memory.dismissed("x", "y", [Finding.of("number.lost", source="3")])) == 1


def write(place: str, name: str) -> None:
    memory = open_memory(place)
    for number in range(50):
        memory.put(name, {f"{number}": answer(name, f"{number}")})
        keys = (f"{name}{number}", f"shared {number % 7}", f"shared {number % 5}")
        memory.put("all", {key: answer(name, f"{number}") for key in keys})
        memory.add_own([(f"Kalimat {number}", name)])
        memory.get("all", keys)


def test_several_processes_write_at_once(place: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write, args=(place, name)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    write(place, "c")
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert open_memory(place).stats().entries == {OWN: 50, "a": 50, "all": 157, "b": 50, "c": 50}


def test_a_file_that_is_no_memory_is_said(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match=r"memory\.sqlite cannot be used: file is not a database"):
        TranslationMemory(path)


def test_one_s_own_are_found_by_their_words(place: str) -> None:
    memory = open_memory(place)
    pairs = [
        ("Harga  naik.", "Prices went up."),
        ("Aman.", "Safe."),
        ("Aman.", "All safe."),
        ('"Ya" - ia', "y"),
    ]
    assert memory.add_own(pairs) == 4
    assert memory.own(["Harga naik.", " Harga\nnaik. ", "Aman.", "harga naik.", "“Ya” – i\u200ba"]) == {
        "Harga naik.": "Prices went up.",
        " Harga\nnaik. ": "Prices went up.",
        "Aman.": "All safe.",
        "“Ya” – i\u200ba": "y",
    }


def test_of_two_translations_the_newest_is_kept(place: str, tmp_path: Path) -> None:
    memory = open_memory(place)
    dated = UNIT.replace("<tu>", '<tu changedate="{4}">')
    units = [("20240101T000000Z", "Aman.", "New."), ("20200101T000000Z", "Aman.", "Old.")]
    units += [("not a date", "Ya.", "First."), ("", "Ya.", "Second."), ("", "Satu.", "One.")]
    source = tmp_path / "a.tmx"
    body = "".join(dated.format("id", one, "en", two, when) for when, one, two in units)
    source.write_text(f"<tmx><body>{body}</body></tmx>", "utf-8")
    first, *said = import_tmx(memory, source).split("\n")
    assert first == f"{source}: 5 units"
    assert said == [
        "2 units translate a sentence otherwise than another; the newest is kept:",
        "  Aman.", "    + New.", "    - Old.", "  Ya.", "    + Second.", "    - First.",
    ]  # fmt: skip
    assert memory.own(["Aman.", "Ya."]) == {"Aman.": "New.", "Ya.": "Second."}
    # What an earlier import brought is held to the same rule.
    late = [Unit("Aman.", "Older.", 1_600_000_000.0), Unit("Aman.", "Undated."), Unit("Satu.", "One.", 5.0)]
    done = memory.import_own(late)
    assert (done.units, done.conflicts, memory.own(["Aman."])) == (3, 2, {"Aman.": "New."})
    assert memory.import_own([Unit("Aman.", "Newer.", 1_800_000_000.0)]).conflicts == 1
    assert memory.own(["Aman.", "Satu."]) == {"Aman.": "Newer.", "Satu.": "One."}


def test_only_some_conflicts_are_told_one_by_one(path: Path, tmp_path: Path) -> None:
    memory = TranslationMemory(path)
    source = tmp_path / "a.tmx"
    units = "".join(UNIT.format("id", f"Satu {i % 7}.", "en", f"One {i}.") for i in range(14))
    source.write_text(f"<tmx><body>{units}</body></tmx>", "utf-8")
    said = import_tmx(memory, source).split("\n")
    assert (said[1][:8], said[-1], len(said)) == ("7 units ", "  and 2 more", 3 + 15)


def test_text_that_no_database_holds_is_not_kept(place: str) -> None:
    memory = open_memory(place)
    memory.put("a", {"x": answer("x", "\ud800"), "y": answer("y", "y")})
    memory.add_own([("\udc00", "z")])
    assert memory.stats().entries == {"a": 1}


def test_the_entries_come_in_the_order_of_their_sources(place: str) -> None:
    memory = open_memory(place)
    memory.put("s", {text: answer(text, "x") for text in ("b", "B", "é", "a")})
    memory.add_own([("b", "own")])
    assert list(memory.entries()) == [
        ("s", "B", "x"), ("s", "a", "x"), (OWN, "b", "own"), ("s", "b", "x"), ("s", "é", "x"),
    ]  # fmt: skip


def test_the_memory_may_be_asked_by_whoever_takes_its_entries(place: str) -> None:
    memory = open_memory(place)
    memory.put("s", {text: answer(text, "x") for text in ("a", "b")})
    found: list[dict[str, Remembered]] = []

    def ask() -> None:
        found.extend(memory.get("s", [source]) for _, source, _ in memory.entries())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(20)
    assert [list(each) for each in found] == [["a"], ["b"]]


OWN_PAIRS = [
    (
        "Presiden meresmikan jalan tol baru di Jawa Tengah.",
        "The president opened a new toll road in Central Java.",
    ),
    ("Presiden meresmikan bandara baru di Papua.", "The president opened a new airport in Papua."),
    ("Harga beras naik 5 persen.", "Rice prices rose 5 percent."),
    ("Harga beras naik 7 persen pekan ini.", "Rice prices rose 7 percent this week."),
]


@pytest.mark.parametrize(
    ("source", "least", "expected"),
    [
        ("Harga beras naik 6 persen.", 0.8, [("Rice prices rose 5 percent.", 0.962)]),
        ("HARGA BERAS NAIK 5 PERSEN.", 0.8, [("Rice prices rose 5 percent.", 0.99)]),
        ("Harga beras naik 6 persen.", 0.6, [
            ("Rice prices rose 5 percent.", 0.962), ("Rice prices rose 7 percent this week.", 0.694),
        ]),
        ("Presiden meresmikan jalan tol baru di Jawa Timur.", 0.8, [(OWN_PAIRS[0][1], 0.9)]),
        ("Gempa mengguncang Ambon.", 0.5, []),
        ('"*" OR NEAR(', 0.5, []),
        ("", 0.5, []),
    ],
)  # fmt: skip
def test_one_s_own_of_nearly_the_same_are_suggested(
    source: str, least: float, expected: list[tuple[str, float]], place: str
) -> None:
    memory = open_memory(place)
    memory.add_own([*OWN_PAIRS, *((f"Kalimat lain nomor {i}.", "Other.") for i in range(50))])
    found = memory.suggest([source, source], least)
    assert [(s.target, s.similarity) for s in found.get(source, ())] == expected
    memory.add_own([(OWN_PAIRS[2][0], "Written over.")])
    assert memory.suggest(["Harga beras naik 6 persen."], 0.8)["Harga beras naik 6 persen."][0].target == (
        "Written over."
    )


def test_a_suggestion_is_shown_and_not_used(path: Path) -> None:
    memory = TranslationMemory(path)
    memory.add_own(OWN_PAIRS)
    source = "Harga beras naik 6 persen."
    engine = English({source: "Rice prices rose 6 percent."})
    care = Care(repair=False, memory=memory, fuzzy=0.8)
    translator = Translator(engine, builders.preset("tiny", "echo"), "r", care=care)
    wanted = (source, OWN_PAIRS[2][0], "KPK diam.")
    parts = list(translator.stream(Passage(wanted)))
    assert [part.target for part in parts[:2]] == [
        "Rice prices rose 6 percent.",
        "Rice prices rose 5 percent.",
    ]
    assert [[s.similarity for s in part.suggestions] for part in parts] == [[0.962], [], []]
    assert translator.translate_all([Passage(wanted)]) == [[*translator.stream(Passage(wanted))]]
    plain = Translator(engine, builders.preset("tiny", "echo"), "r", care=replace(care, fuzzy=0.0))
    assert not any(part.suggestions for part in plain.stream(Passage(wanted)))


def test_the_stamp_tells_changes_of_one_s_own(place: str) -> None:
    memory = open_memory(place)
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
        results.append(list(translator.stream(Passage((RAISED, "KPK diam.", RAISED)))))
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
    list(Translator(engine, preset, "r", care=care).stream(Passage((RAISED,))))
    beam, revision = (7, "r") if change == "beam" else (None, "s")
    list(Translator(engine, preset, revision, beam_size=beam, care=care).stream(Passage((RAISED,))))
    assert engine.asked == [RAISED, RAISED]


def test_one_s_own_goes_before_the_model_and_is_left_as_it_is(path: Path) -> None:
    memory = TranslationMemory(path)
    memory.add_own([("KPK MEMERIKSA SAKSI.", "The KPK questions 3 witnesses.")])
    engine = English({})
    translator = Translator(
        engine, builders.preset("tiny", "echo"), "r", care=Care(Glossary.load(), expand=True, memory=memory)
    )
    [[part]] = translator.translate_all([Passage(("KPK MEMERIKSA SAKSI.",))])
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
    assert list(TmxReader(tmp_path / "a.tmx")) == PAIRS
    assert "<note>a|b</note>" in target.getvalue()


UNIT = '<tu><tuv xml:lang="{0}"><seg>{1}</seg></tuv><tuv xml:lang="{2}"><seg>{3}</seg></tuv></tu>'


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (UNIT.format("id-ID", "Satu.", "en_GB", "One."), [("Satu.", "One.")]),
        (UNIT.format("EN-US", "One.", "IN", "Satu."), [("Satu.", "One.")]),
        (
            UNIT.format(
                "id", "Sa<bpt i='1'>&lt;b&gt;</bpt>tu<ept i='1'>&lt;/b&gt;</ept>.", "en", "<hi>O</hi>ne."
            ),
            [("Satu.", "One.")],
        ),
        (
            UNIT.format("id", "Klik <ph>{0}</ph> di sini.", "en", "Click <it pos='begin'>x</it>here."),
            [
                ("Klik di sini.", "Click here."),
            ],
        ),
        (UNIT.format("ind", "Satu.", "eng-US", "One."), [("Satu.", "One.")]),
        (
            UNIT.format("ID", "Satu.", "en-us", "One.") + UNIT.format("id", "Dua.", "de", "Zwei."),
            [("Satu.", "One.")],
        ),
        (UNIT.format("id", "Satu.", "fr", "Un."), []),
        (UNIT.format("id", " ", "en", "One."), []),
        (UNIT.format("id", "Satu.", "en", ""), []),
    ],
)
def test_tmx_of_others(unit: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    start = '<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header/>'
    whole = f"{start}<body>{unit}</body></tmx>"
    path.write_text(whole, "utf-8")
    assert list(TmxReader(path)) == expected
    wide = whole.replace('version="1.0"', 'version="1.0" encoding="utf-16"').encode("utf-16")
    path.write_bytes(gzip.compress(wide))
    assert list(TmxReader(path)) == expected
    path.write_text(whole.replace("<tmx ", '<tmx xmlns="http://www.lisa.org/tmx14" '), "utf-8")
    assert list(TmxReader(path)) == expected


def test_a_large_tmx_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    with path.open("w", encoding="utf-8") as file:
        file.write("<tmx><header/><body>")
        file.writelines(UNIT.format("id", f"Kalimat {i}.", "en", f"Sentence {i}.") for i in range(5_000))
        file.write("</body></tmx>")
    tracemalloc.start()
    assert sum(1 for _ in TmxReader(path)) == 5_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_an_import_says_what_was_passed_over(path: Path, tmp_path: Path) -> None:
    memory = TranslationMemory(path)
    source = tmp_path / "a.tmx"
    units = UNIT.format("id", "Satu.", "en", "One.") + UNIT.format("id", "Dua.", "de", "Zwei.")
    units += UNIT.format("id", "Tiga.", "en", "Three.").replace(
        "<tu>", "<tu><note>preset:tiny|model:m</note>"
    )
    source.write_text(f"<tmx><body>{units}</body></tmx>", "utf-8")
    assert (
        import_tmx(memory, source)
        == f"{source}: 1 units; passed over: 1 without both languages; passed over: 1 made by a model"
    )
    source.write_text("<tmx><body></body></tmx>", "utf-8")
    with pytest.raises(InputError, match="no unit of one's own with Indonesian and English"):
        import_tmx(memory, source)


@pytest.mark.parametrize(
    "content",
    [
        "not xml",
        "<tmx><body>",
        "<tmx><body><tu><tuv xml:lang='id'><seg>"
        + "<hi>" * 5000
        + "</hi>" * 5000
        + "</seg></tuv></tu></body></tmx>",
        '<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tmx><body>&b;</body></tmx>',
        '<!DOCTYPE t [<!ENTITY a SYSTEM "file:///etc/passwd">]><tmx><body>&a;</body></tmx>',
    ],
)
def test_what_is_not_tmx_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError, match=r"a\.tmx: not a TMX file"):
        list(TmxReader(path))


def test_no_reader_waits_for_a_writer(path: Path) -> None:
    memory = TranslationMemory(path)
    memory.put("a", {"x": answer("x", "y")})
    other = sqlite3.connect(path)
    other.execute("begin immediate")
    assert "x" in TranslationMemory(path).get("a", ["x"])
    other.close()


def test_a_lost_connection_is_made_again(server: str) -> None:
    memory, other = PostgresMemory(server), PostgresMemory(server)
    other.clear()
    memory.put("a", {"x": answer("x", "y")})
    other._run(
        lambda database: database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'warta' and pid <> pg_backend_pid()"
        )
    )
    assert "x" in memory.get("a", ["x"])


def test_a_small_part_of_many_is_found_by_an_index(server: str) -> None:
    memory = PostgresMemory(server)
    memory.add_own((f"Kalimat nomor {i}.", "x") for i in range(3000))
    # What waits to be put into the index counts against it.
    memory._run(lambda database: database.execute("select gin_clean_pending_list('warta_entries_words')"))
    memory._run(lambda database: database.execute("analyze warta_entries"))
    query = "explain select 1 from warta_entries where words && array['1234'] and words is not null"
    plan = memory._run(lambda database: database.execute(query).fetchall())
    assert "warta_entries_words" in str(plan)


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("postgresql://u:secret@127.0.0.1:1/db", StoreError, r"memory 127\.0\.0\.1/db cannot be used: conn"),
        ("postgresql://u:secret@127.0.0.1:x/db", StoreError, r"cannot be used: "),
        ("postgresql://u:secret@h/db?nonsense=1", UsageError, "postgresql:// URL is malformed"),
        ("mysql://u:secret@h/db", UsageError, "a file or a postgresql:// URL"),
    ],
)
def test_a_url_that_leads_nowhere(url: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as refused:
        open_memory(url)
    assert "secret" not in str(refused.value)
