"""Every route on tiny mT5 checkpoints that were trained to shorten three articles, in both engines."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from service.document import Article, Decoding, Finding, Output, SegmentTranslation, Signature, Summary
from service.engines.base import Engine
from service.engines.ctranslate2 import CTranslate2Engine
from service.engines.echo import EchoEngine
from service.engines.transformers import TransformersEngine
from service.errors import UsageError
from service.models.convert import convert
from service.summary.headline import headline
from service.summary.summarizer import Length, Task, Writer, offered, summarize
from service.text.segment import split
from service.translation.confidence import least_sure, likely_wrong
from tests import builders

# Written for these tests: title, sentences, summary, and both in English.
NEWS = (
    (
        "Harga Beras Naik",
        ["Harga beras naik 12 persen di Jawa.", "Warga tidak panik.", "Pasokan di gudang masih aman."],
        "Harga beras naik 12 persen di Jawa.",
        ["Rice prices rose 12 percent in Java.", "Residents are not panicking.", "Stocks are still safe."],
        "Rice prices rose 12 percent in Java.",
    ),
    (
        "Banjir di Purwareja",
        [
            "Hujan turun sejak Senin.",
            "Banjir merendam 340 rumah.",
            "Jembatan desa putus.",
            "Sekolah diliburkan.",
        ],
        "Banjir merendam 340 rumah. Jembatan desa putus.",
        [
            "It has rained since Monday.",
            "Floods inundated 340 homes.",
            "A bridge broke.",
            "Schools are closed.",
        ],
        "Floods inundated 340 homes. A bridge broke.",
    ),
    (
        "Tim Nasional Menang",
        ["Tim nasional menang 2-1 di Surabaya.", "Gol penentu lahir pada menit akhir.", "Penonton bersorak."],
        "Tim nasional menang 2-1 di Surabaya.",
        ["The national team won 2-1 in Surabaya.", "The winner came late.", "The crowd cheered."],
        "The national team won 2-1 in Surabaya.",
    ),
)
ENGLISH = {
    source: target
    for title, sentences, _, targets, _ in NEWS
    for source, target in zip([title, *sentences], [title.upper(), *targets], strict=True)
}
SIGNATURE = Signature("tiny", "tests/tiny", "r", "echo", Decoding(), "0")
DECODING = Decoding(beam_size=4, max_new_tokens=48, length_penalty=0.6, no_repeat_ngram_size=2)


def english(sources: Sequence[str]) -> list[SegmentTranslation]:
    """The translations written above; anything else is marked as unknown."""
    return [SegmentTranslation(source, ENGLISH.get(source, f"[{source}]"), -0.1) for source in sources]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("summaries")
    indonesian = [(f"{title} {' '.join(body)}", summary) for title, body, summary, _, _ in NEWS]
    translated = [(f"{title.upper()} {' '.join(body)}", summary) for title, _, _, body, summary in NEWS]
    cross = [(source, target) for (source, _), (_, target) in zip(indonesian, translated, strict=True)]
    return {
        "mt5-xlsum": builders.mt5(folder / "xlsum", indonesian + translated, steps=260),
        "mt5-crosssum-en": builders.mt5(folder / "cross", cross, steps=220, crosslingual=True),
    }


@pytest.fixture(scope="module", params=["transformers", "ctranslate2"])
def writer(
    request: pytest.FixtureRequest, checkpoints: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Writer]:
    writers = {}
    for name, folder in checkpoints.items():
        start = "english" if name == "mt5-crosssum-en" else ""
        preset = builders.preset(name, "mt5", task="summarize", decoding=DECODING, start_language=start)
        preset = replace(preset, max_input_tokens=128)
        engine: Engine
        if request.param == "transformers":
            engine = TransformersEngine(folder, preset)
        else:
            converted = tmp_path_factory.mktemp("ct2") / name
            convert(folder, converted, preset, "float32")
            engine = CTranslate2Engine(converted, preset, compute_type="float32")
        writers[name] = Writer(engine, preset, "r" * 40)
    # It writes Indonesian from Indonesian, as mt5-xlsum does; its own kind is tried in models/test_offer.py.
    like = writers["mt5-xlsum"]
    writers["indonanot5-indosum"] = replace(like, preset=replace(like.preset, name="indonanot5-indosum"))
    cross = writers["mt5-crosssum-en"]
    writers["mt5-crosssum-m2m"] = replace(cross, preset=replace(cross.preset, name="mt5-crosssum-m2m"))
    return writers.__getitem__


def article(index: int) -> Article:
    title, sentences = NEWS[index][0], NEWS[index][1]
    return Article("test", split(" ".join(sentences)), title)


def task(
    index: int, writer: Callable[[str], Writer], language: str = "en", length: Length | None = None
) -> Task:
    return Task(article(index), length or Length(), language, english, writer)


def absent(name: str) -> Writer:
    raise AssertionError(f"{name} is not needed")


@pytest.mark.parametrize("index", range(3))
def test_mt5_in_indonesian_names_the_sentences_it_rests_on(
    index: int, writer: Callable[[str], Writer]
) -> None:
    summary = summarize(task(index, writer, "id"), "mt5", SIGNATURE, bool)
    assert " ".join(s.text for s in summary.sentences) == NEWS[index][2]
    for sentence in summary.sentences:
        assert [NEWS[index][1][i] for i in sentence.support] == [sentence.text]
        assert sentence.score == pytest.approx(1)
    assert summary.findings == ()


@pytest.mark.parametrize("index", range(3))
def test_mt5_is_translated_sentence_by_sentence(index: int, writer: Callable[[str], Writer]) -> None:
    summary = summarize(task(index, writer), "mt5", SIGNATURE, bool)
    assert " ".join(s.text for s in summary.sentences) == NEWS[index][4]
    assert [s.source for s in summary.sentences] == [ENGLISH_TO_ID[s.text] for s in summary.sentences]


ENGLISH_TO_ID = {target: source for source, target in ENGLISH.items()}


@pytest.mark.parametrize("route", ["crosssum", "crosssum-m2m"])
@pytest.mark.parametrize("index", range(3))
def test_crosssum_writes_english_at_once(index: int, route: str, writer: Callable[[str], Writer]) -> None:
    summary = summarize(task(index, writer), route, SIGNATURE, bool)
    assert summary.signature.route.startswith(f"{route}(mt5-{route.removesuffix('-m2m')}")
    assert " ".join(s.text for s in summary.sentences) == NEWS[index][4]
    for sentence in summary.sentences:
        assert [NEWS[index][3][i] for i in sentence.support] == [sentence.text]


@pytest.mark.parametrize("index", range(3))
def test_translate_first_summarises_the_english(index: int, writer: Callable[[str], Writer]) -> None:
    summary = summarize(task(index, writer), "translate-first", SIGNATURE, bool)
    assert " ".join(s.text for s in summary.sentences) == NEWS[index][4]


def test_the_signature_says_what_made_the_summary(writer: Callable[[str], Writer]) -> None:
    made = summarize(task(0, writer), "mt5", SIGNATURE, bool).signature.route
    assert made.startswith("mt5(mt5-xlsum@rrrr")
    assert "length_penalty=0.6" in made


def test_the_licence_is_shown_with_the_summary(writer: Callable[[str], Writer]) -> None:
    assert "no commercial use" in str(summarize(task(0, writer), "mt5", SIGNATURE, bool).notes[0])
    free = str(summarize(task(0, writer), "indonanot5", SIGNATURE, bool).notes[0])
    assert free == "Summary by indonanot5-indosum. Licence: Apache-2.0"


def test_a_long_article_is_packed_and_nothing_is_cut(writer: Callable[[str], Writer]) -> None:
    sentences = [sentence for news in NEWS for sentence in news[1]] * 4
    long = Task(Article("long", split(" ".join(sentences))), Length(), "id", english, writer)
    summary = summarize(long, "mt5", SIGNATURE, bool)
    assert summary.packs > 1
    assert f"Summarised in {summary.packs} parts and merged." in map(str, summary.notes)
    assert not [note for note in summary.notes if "cut short" in str(note)]
    assert len(summary.sentences) <= 3


class Fixed(EchoEngine):
    """Answers everything with one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def generate(self, texts: Sequence[str], _decoding: Decoding) -> list[Output]:
        return [Output(self._text, -0.1, len(self._text.split())) for _ in texts]


@pytest.mark.parametrize(
    ("written", "kinds"),
    [
        ("Harga beras naik 12 persen di Jawa.", []),
        ("Harga beras naik 15 persen di Jawa.", ["number"]),
        ("Harga beras naik 12 persen di Papua.", ["entity"]),
        ("Harga beras tidak naik di Jawa.", ["negation"]),
        ("Presiden bertemu petani kopi.", ["unsupported"]),
    ],
)
def test_what_the_source_does_not_say_is_flagged(written: str, kinds: list[str]) -> None:
    preset = builders.preset("mt5-xlsum", "mt5", task="summarize", max_input_tokens=128)
    writer = Writer(Fixed(written), preset, "r")
    summary = summarize(task(0, lambda _: writer, "id"), "mt5", SIGNATURE, bool)
    assert [finding.kind for finding in summary.findings] == kinds


@pytest.mark.parametrize(
    ("installed", "language", "expected"),
    [
        ((), "en", "extractive"),
        (("mt5-xlsum",), "en", "mt5"),
        (("mt5-xlsum", "mt5-crosssum-en"), "en", "crosssum"),
        (("mt5-xlsum", "mt5-crosssum-en"), "id", "mt5"),
        (("mt5-xlsum", "mt5-crosssum-m2m"), "en", "crosssum-m2m"),
        (("mt5-crosssum-m2m",), "id", "extractive"),
        (("mt5-crosssum-en",), "id", "extractive"),
        (("mt5-xlsum", "mt5-crosssum-en", "indonanot5-indosum"), "en", "indonanot5"),
        (("mt5-xlsum", "mt5-crosssum-en", "indonanot5-indosum"), "id", "indonanot5"),
        (("qwen3-summary",), "en", "extractive"),
    ],
)
def test_auto_is_the_best_that_is_installed(
    installed: tuple[str, ...], language: str, expected: str, writer: Callable[[str], Writer]
) -> None:
    summary = summarize(task(1, writer, language), "auto", SIGNATURE, installed.__contains__)
    assert summary.route == expected


def test_auto_leaves_a_very_long_article_to_extraction(writer: Callable[[str], Writer]) -> None:
    sentences = [f"{sentence[:-1]} nomor {i}." for i in range(20) for news in NEWS for sentence in news[1]]
    long = Task(Article("long", split(" ".join(sentences))), Length(), "en", english, writer)
    assert summarize(long, "auto", SIGNATURE, bool).route == "extractive"


@pytest.mark.parametrize("text", ["Harga naik.", "Kata", "Harga beras naik. Warga tidak panik."])
def test_a_short_article_is_shown_whole_by_every_route(text: str) -> None:
    for route in ("auto", "extractive", "mt5"):
        summary = summarize(
            Task(Article("x", split(text)), Length(), "id", english, absent), route, SIGNATURE, bool
        )
        assert " ".join(s.text for s in summary.sentences) == text
        assert summary.route == "whole"
        assert "shown whole" in str(summary.notes[0])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_extractive_keeps_to_the_sentences_asked_for(count: int) -> None:
    asked = Task(article(1), Length(count), "en", english, absent)
    summary = summarize(asked, "extractive", SIGNATURE, lambda _: False)
    assert [s.text for s in summary.sentences] == [NEWS[1][3][s.support[0]] for s in summary.sentences]
    assert len(summary.sentences) == count


@pytest.mark.parametrize("words", [1, 6, 9, 100])
def test_extractive_keeps_to_the_words_within_a_sentence(words: int) -> None:
    asked = Task(article(1), Length(words=words), "id", english, absent)
    summary = summarize(asked, "extractive", SIGNATURE, lambda _: False)
    total = sum(len(s.text.split()) for s in summary.sentences)
    longest = max(len(s.split()) for s in NEWS[1][1])
    everything = sum(len(s.split()) for s in NEWS[1][1])
    assert total <= words or len(summary.sentences) == 1
    assert total > words - longest or total == everything


@pytest.mark.parametrize(
    ("route", "language", "message"),
    [
        (
            "magic",
            "en",
            "there are: auto, extractive, indonanot5, mt5, crosssum, crosssum-m2m, translate-first, endpoint",
        ),
        ("auto", "fr", "there are: en, id"),
        ("crosssum", "id", "English only"),
        ("crosssum-m2m", "id", "English only"),
        ("translate-first", "id", "English only"),
        ("endpoint", "id", "English only"),
    ],
)
def test_what_cannot_be_is_said(route: str, language: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        summarize(task(0, absent, language), route, SIGNATURE, bool)


@pytest.mark.parametrize("length", [{"sentences": 0}, {"words": 0}, {"sentences": -1}])
def test_a_length_below_one_is_refused(length: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="must be at least 1"):
        Length(**length)


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        ("Rice prices rose 12 percent.", "Rice prices rose 12 percent"),
        (
            "JAKARTA – The central bank held its rate on Thursday (18/9), its governor said.",
            "The central bank held its rate",
        ),
        (
            "Floods inundated 340 homes in three villages, officials said.",
            "Floods inundated 340 homes in three villages",
        ),
        ("Yes, it rained.", "Yes, it rained"),
        (" ".join(["Word"] * 30), " ".join(["Word"] * 14) + "…"),
        # A source and what leads on are no part of it.
        ("As reported by Antara, the river fell to two metres.", "The river fell to two metres"),
        ("However, the dam held until the morning.", "The dam held until the morning"),
        # Not before the verb, not within an apposition, a quotation, or what opens the sentence.
        (
            "The City Council of Demak, Central Java, urged people to stay calm and to wait for more boats.",
            "The City Council of Demak, Central Java, urged people to stay calm…",
        ),
        (
            "The stranded giant animal, recently identified as a whale, carries many viruses.",
            "The stranded giant animal, recently identified as a whale, carries many viruses",
        ),
        (
            'The film "Sea: A Long Way Home" opened in Jakarta.',
            'The film "Sea: A Long Way Home" opened in Jakarta',
        ),
        (
            "Having won the first title of 2017, Surya left the club.",
            "Having won the first title of 2017, Surya left the club",
        ),
        # Who is meant is not cut away, and no line ends with what leads on.
        (
            "The office confirmed that there were no names of people who had taken money from the fund.",
            "The office confirmed that there were no names of people who had taken money…",
        ),
    ],
)
def test_a_headline_from_the_lead(lead: str, expected: str) -> None:
    assert headline(lead) == expected


def test_only_what_can_run_is_offered() -> None:
    assert offered(lambda _: False) == ("auto", "extractive")
    assert offered(lambda name: name == "mt5-xlsum") == ("auto", "extractive", "mt5", "translate-first")


FLOOD = (
    "Banjir merendam 340 rumah di Demak pada Selasa.",
    "Warga mengungsi ke balai desa sejak pagi.",
    "Pemerintah menyiapkan dana untuk jembatan darurat.",
    "Hujan diperkirakan turun lagi pada malam hari.",
    "Polisi menutup jalan raya di dekat pasar.",
    "Harga beras naik karena truk tidak lewat.",
    "Bupati meminta sekolah diliburkan tiga hari.",
    "Petugas mengirim perahu dan tenda baru.",
)


def _flood(length: Length, wrong: Collection[str], asked: list[str] | None = None) -> Summary:
    """The extractive summary where the English of some sentences is likely wrong."""
    article = Article("a", split(" ".join(FLOOD)), "Banjir di Demak")
    found = (Finding.of("number.lost", source="340"),)

    def english(texts: Sequence[str]) -> list[SegmentTranslation]:
        if asked is not None:
            asked.extend(texts)
        return [
            SegmentTranslation(t, t.upper(), -3.0, found, 0.1, "low")
            if t in wrong
            else SegmentTranslation(t, t.upper(), -0.1, (), 0.8, "high")
            for t in texts
        ]

    task = Task(article, length, "en", english, lambda _: pytest.fail("no writer is needed"))
    return summarize(task, "extractive", SIGNATURE, lambda _: False)


@pytest.mark.parametrize("length", [Length(2), Length(words=15)])
def test_a_sentence_likely_wrong_gives_way_to_another(length: Length) -> None:
    def chosen(wrong: Collection[str]) -> set[str]:
        return {s.source for s in _flood(length, wrong).sentences}

    first = chosen(())
    assert len(first) == 2 and chosen(first).isdisjoint(first)
    # However many are wrong: those that are not are found, and only they are shown.
    right = FLOOD[-1]
    assert right in chosen(FLOOD[:-1])
    assert chosen(set(FLOOD) - chosen(first)) == chosen(first)
    assert len(chosen(FLOOD)) == 2


def test_no_more_is_translated_than_is_needed() -> None:
    asked: list[str] = []
    _flood(Length(2), (), asked)
    assert len(set(asked)) == 2


def test_a_summary_sentence_inherits_what_was_found_and_how_sure_it_is() -> None:
    for sentence in _flood(Length(2), FLOOD).sentences:
        assert [f.code for f in sentence.findings] == ["number.lost"]
        assert (sentence.confidence, likely_wrong(sentence)) == (0.1, True)
    for sentence in _flood(Length(2), ()).sentences:
        assert (sentence.findings, sentence.confidence, likely_wrong(sentence)) == ((), 0.8, False)


def test_a_sentence_that_rests_on_several_is_as_sure_as_the_least_sure() -> None:
    parts = [
        SegmentTranslation("a", "a", None, (), None, "no score"),
        SegmentTranslation("b", "b", -0.5, (), 0.7, "high"),
        SegmentTranslation("c", "c", -0.4, (), 0.4, "medium"),
    ]
    assert least_sure(parts).source == "c"
    assert least_sure(parts[:1]).source == "a"
    assert least_sure([*parts, SegmentTranslation("d", "d", None, (), None, "low")]).source == "d"
