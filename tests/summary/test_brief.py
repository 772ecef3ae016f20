"""A brief: which sentences it takes, and what it says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from eval import briefs as data
from service.document import Article, Brief, Decoding, Finding, SegmentTranslation, Signature
from service.facts.ledger import mentions
from service.render import schema
from service.render.brief import BRIEF
from service.summary.brief import brief
from service.summary.chooser import Scored, choose, features, scored, shipped_chooser, unfit
from service.summary.verbs import has_verb
from service.text import segment
from service.translation.glossary import Glossary
from tests.eval_data import needs_shared

GLOSSARY = Glossary.load()
SIGNATURE = Signature("tiny", "tests/tiny", "r", "echo", Decoding(), "0")
# Written for these tests.
LINES = """
JAKARTA – Banjir merendam 340 rumah di tiga desa di Kabupaten Demak, Selasa (12/11/2024).
JAKARTA – Floods inundated 340 homes in three villages in Demak Regency on Tuesday (12/11/2024).
Warga mengungsi ke balai desa sejak pagi.
Residents have been at the village hall since the morning.
"Sebanyak 1.250 warga belum bisa kembali," kata Bupati Demak Surya Atmaja kepada wartawan, Selasa.
"As many as 1,250 residents cannot return yet," Demak Regent Surya Atmaja said to reporters on Tuesday.
Suasana di lokasi.
The mood at the scene.
Pemerintah kabupaten menyiapkan Rp2,4 miliar untuk membangun jembatan darurat.
The regency administration has Rp 2.4 billion ready to build an emergency bridge.
Apakah banjir akan surut?
Will the floods recede?
Hujan diperkirakan turun lagi pada Rabu malam.
Rain is expected again on Wednesday night.
""".strip().split("\n")
NEWS = tuple(zip(LINES[::2], LINES[1::2], strict=True))
TITLE = ("Banjir Rendam 340 Rumah di Demak", "Floods Inundate 340 Homes in Demak")


def article(sentences: Sequence[str] = LINES[::2], title: str = TITLE[0]) -> Article:
    return Article("a", segment.split("\n\n".join(sentences)), title)


def made(wrong: frozenset[str] = frozenset(), changes: dict[str, str] | None = None) -> Brief:
    known = {**dict((TITLE, *NEWS)), **(changes or {})}

    def english(texts: Sequence[str]) -> list[SegmentTranslation]:
        bands = ["low" if text in wrong else "high" for text in texts]
        return [SegmentTranslation(t, known[t], -0.1, band=b) for t, b in zip(texts, bands, strict=True)]

    return brief(article(), GLOSSARY, english, SIGNATURE)


def test_a_brief_tells_what_happened_and_its_figures() -> None:
    done = made()
    assert done.headline == TITLE[1] and done.headline_source == TITLE[0]
    assert done.what.sentence == 0
    assert done.what.text == NEWS[0][1].removeprefix("JAKARTA – ")
    assert [cut.kind for cut in done.what.cuts] == ["dateline"]
    assert [point.sentence for point in done.points] == sorted(point.sentence for point in done.points)
    told = {(fact.label, fact.value, fact.role, fact.fact.sentence) for fact in done.facts}
    assert ("who", "Surya Atmaja", "Demak Regent", 2) in told
    assert ("how many", "340 homes", "", 0) in told
    assert ("how much", "Rp 2.4 billion", "", 4) in told
    assert ("where", "Demak Regency", "", 0) in told
    assert ("when", "Tuesday (12/11/2024)", "", 0) in told
    assert str(done.signature).count("brief(weights@") == 1


def test_no_line_without_a_verb_and_no_question_is_taken() -> None:
    assert unfit(article()) == ["", "", "", "verbless", "", "question", ""]
    shown = {made().what.sentence, *(point.sentence for point in made().points)}
    assert shown.isdisjoint({3, 5})


def test_subheads_and_captions_are_not_taken() -> None:
    split = article(["Warga tiba di rumah.", "Warga menunggu bantuan", "Foto: Warga di posko."])
    parts = replace(split, roles=("text", "subhead", "text"))
    assert unfit(parts) == ["", "subhead", "caption"]


def test_what_a_site_says_of_itself_is_not_taken() -> None:
    lines = [
        "Banjir melanda Demak.",
        "Kamu bisa menjadi member komunitas kami.",
        "Simak juga berita lain di sini.",
        "Klik di sini untuk melihat hasil pertandingan.",
    ]
    assert unfit(article(lines)) == ["", "promotion", "promotion", "promotion"]


def test_what_happened_is_not_told_by_a_quotation() -> None:
    lines = [
        '"Sebanyak 340 rumah terendam," kata Bupati Demak Surya Atmaja kepada wartawan, Selasa (12/11).',
        "Warga mengungsi ke balai desa sejak pagi.",
        "Hujan diperkirakan turun lagi pada Rabu malam.",
    ]
    held = mentions(article(lines), GLOSSARY)
    assert scored(article(lines), held, shipped_chooser()).telling.tolist() == [False, True, True]


def test_what_goes_on_from_a_sentence_before_wants_it() -> None:
    lines = [
        "Pihaknya menyerahkan kasus itu kepada polisi.",
        "Kini dia dekat dengan seorang petinju.",
        "Tujuh pelaut tewas dalam insiden tersebut.",
        "Bukan dengan cat, dia melukis dengan daun.",
        "Perusahaan ini membuka 12 gerai.",
        "Pekan ini harga beras naik.",
        "Warga mengungsi ke balai desa.",
        "Pelatih Iwan Setiawan datang dan dia menang.",
    ]
    held = mentions(article(lines), GLOSSARY)
    wanting = scored(article(lines), held, shipped_chooser()).points_back.tolist()
    assert wanting == [True, True, True, True, True, False, False, False]


def test_where_it_was_said_is_not_where_it_happened() -> None:
    said = '"Sebanyak 1.250 warga belum bisa kembali," kata Surya Atmaja kepada wartawan di Semarang.'
    english = '"As many as 1,250 residents cannot return yet," Surya Atmaja told reporters in Semarang.'
    texts = {"Sungai meluap.": "The river overflowed.", said: english, "Air surut.": "The water receded."}

    def translated(wanted: Sequence[str]) -> list[SegmentTranslation]:
        return [SegmentTranslation(text, texts[text], -0.1, band="high") for text in wanted]

    done = brief(article(list(texts), ""), GLOSSARY, translated, SIGNATURE)
    assert [cut.kind for point in done.points for cut in point.cuts] == ["attribution"]
    assert [fact.value for fact in done.facts if fact.label == "where"] == []


@pytest.mark.parametrize(
    ("source", "target", "shown"),
    [
        (
            "Kerugian mencapai 7,3 juta dolar AS.",
            "Losses reached 7.3 million US dollars.",
            ["7.3 million US dollars"],
        ),
        ("Harganya 2.399 yuan.", "It costs 2,399 yuan.", ["2,399 yuan"]),
        ("Tujuh pelaut Amerika tewas.", "Seven US sailors died.", ["Seven US sailors"]),
        ("Ia meraih 3 gelar La Liga.", "He won 3 La Liga titles.", ["3 La Liga titles"]),
        ("Skor akhir 2-2 melawan Sevilla.", "It ended in a 2-2 draw against Sevilla.", ["2-2 draw"]),
        ("Lebih dari 15 orang tewas.", "More than 15 people died.", ["More than 15 people"]),
        ("Harganya sekitar Rp 2 juta.", "It costs about Rp 2 million.", ["about Rp 2 million"]),
        # What English lost keeps its Indonesian words.
        ("Harganya hampir Rp 2 juta.", "It costs nearly nothing.", ["hampir Rp 2 juta"]),
        ("Inflasi mencapai 4,1%.", "Inflation reached 4.1%.", ["4.1%"]),
        ("Jumlahnya naik dalam dua tahun terakhir.", "It rose in the past two years.", []),
        ("Ia tewas pada usia 23 tahun.", "He died at the age of 23.", []),
        ("Ponsel Windows 10 murah dijual.", "Cheap Windows 10 phones are sold.", []),
        ("Itu diatur Undang-Undang Nomor 31/1999.", "That is set out in Law No. 31/1999.", []),
        # A number of nothing, and a digit of a name.
        ("Ia memilih 10 lagu favorit.", "He chose 10 of his favourite songs.", []),
        ("Ponsel F5 Youth dijual.", "The F5 Youth phone is on sale.", []),
    ],
)
def test_a_figure_says_of_what_it_is(source: str, target: str, shown: list[str]) -> None:
    def english(texts: Sequence[str]) -> list[SegmentTranslation]:
        return [SegmentTranslation(text, target, -0.1, band="high") for text in texts]

    done = brief(article([source], ""), GLOSSARY, english, SIGNATURE)
    assert [fact.value for fact in done.facts if fact.fact.kind in ("money", "number")] == shown


def test_who_is_first_named_has_the_rest_of_the_name() -> None:
    texts = {
        "Hujan deras turun sejak pagi.": "Heavy rain has fallen since morning.",
        "Juru Bicara KPK Rudi Hartono.": "KPK spokesman Rudi Hartono.",
        "Rudi menyatakan kasus suap itu merugikan negara Rp 2 miliar pada 2017.": (
            "Rudi said the bribery case cost the state Rp 2 billion in 2017."
        ),
        "Kata Rudi, lima orang menjadi tersangka dalam kasus itu.": "Five people are suspects, Rudi said.",
    }

    def english(wanted: Sequence[str]) -> list[SegmentTranslation]:
        return [SegmentTranslation(text, texts[text], -0.1, band="high") for text in wanted]

    done = brief(article(list(texts), ""), GLOSSARY, english, SIGNATURE)
    shown = [one.text for one in (done.what, *done.points)]
    assert 1 not in {one.sentence for one in (done.what, *done.points)}
    assert sum("Rudi [Hartono]" in text for text in shown) == 1
    assert [one.source for one in (done.what, *done.points) if "[Hartono]" in one.source]


def test_scores_are_those_of_one_match() -> None:
    texts = {
        "Indonesia menang 3-1 atas Laos pada laga pembuka.": "Indonesia won 3-1 against Laos in the opener.",
        "Thailand imbang 2-2 dengan Vietnam di grup lain.": "Thailand drew 2-2 with Vietnam elsewhere.",
        "Pelatih memberi waktu istirahat 2-3 hari.": "The coach gave 2-3 days of rest.",
    }

    def english(wanted: Sequence[str]) -> list[SegmentTranslation]:
        return [SegmentTranslation(text, texts[text], -0.1, band="high") for text in wanted]

    done = brief(article(list(texts), ""), GLOSSARY, english, SIGNATURE)
    told = [(fact.label, fact.value) for fact in done.facts if fact.fact.kind == "number"]
    assert ("score", "3-1") in told and ("how many", "2-3 days") in told
    assert not any("2-2" in value for _, value in told)


def test_a_sentence_likely_wrong_is_not_shown_where_another_will_do() -> None:
    wrong = frozenset((NEWS[4][0],))
    shown = {made(wrong).what.sentence, *(point.sentence for point in made(wrong).points)}
    assert 4 in {made().what.sentence, *(point.sentence for point in made().points)}
    assert 4 not in shown
    assert made(wrong).notes == ()


@pytest.mark.parametrize(("next_best", "what"), [(0.5, 1), (-0.5, 0)])
def test_what_happened_is_doubtful_only_where_no_other_says_nearly_as_much(
    next_best: float, what: int
) -> None:
    scores = np.array([1.0, next_best, -2.0])
    every, none = np.ones(3, dtype=bool), np.zeros(3, dtype=bool)
    bags = (frozenset("a"), frozenset("b"), frozenset("c"))
    article_s = Scored(scores, scores, every, every, none, bags)
    assert choose(article_s, shipped_chooser(), frozenset((0,)))[0] == what


def test_however_many_are_wrong_those_that_hold_are_found() -> None:
    taken = [made().what.sentence, *(point.sentence for point in made().points)]
    for right in taken:
        done = made(frozenset(source for at, (source, _) in enumerate(NEWS) if at != right))
        assert right in {done.what.sentence, *(point.sentence for point in done.points)}


def test_a_headline_made_from_a_sentence_inherits_its_findings() -> None:
    found = (Finding.of("number.lost", source="340"),)

    def english(texts: Sequence[str]) -> list[SegmentTranslation]:
        return [SegmentTranslation(t, dict(NEWS)[t], -3.0, found, 0.1, "low") for t in texts]

    done = brief(article(title=""), GLOSSARY, english, SIGNATURE)
    assert done.headline and not done.headline_source
    assert (done.headline_findings, done.headline_band) == (found, done.what.band)


def test_where_all_are_likely_wrong_a_brief_says_so() -> None:
    done = made(frozenset(source for source, _ in NEWS))
    assert done.notes and "likely wrong" in str(done.notes[0])


def test_a_figure_that_english_changed_is_shown_as_the_source_has_it() -> None:
    done = made(changes={NEWS[0][0]: NEWS[0][1].replace("340", "430")})
    fact = next(fact for fact in done.facts if fact.fact.source == "340 rumah")
    assert (fact.value, fact.fact.status) == ("340 rumah", "changed")
    text = BRIEF["text"](done)
    assert isinstance(text, str)
    assert "340 rumah [1] (in Indonesian: the translation may have it wrong)" in text


def test_a_quotation_that_began_before_gets_its_mark() -> None:
    sentences = [
        "Banjir merendam 340 rumah di Demak.",
        '"Airnya tinggi.',
        'Kami menunggu bantuan," kata Surya.',
    ]

    def english(texts: Sequence[str]) -> list[SegmentTranslation]:
        return [SegmentTranslation(text, text, -0.1, band="high") for text in texts]

    done = brief(article(sentences, ""), GLOSSARY, english, SIGNATURE)
    texts = [done.what.text, *(point.text for point in done.points)]
    assert '"Kami menunggu bantuan," kata Surya.' in texts


def test_text_markdown_and_json_say_the_same() -> None:
    done = made()
    text, markdown, told = (BRIEF[name](done) for name in ("text", "markdown", "json"))
    assert isinstance(text, str) and isinstance(markdown, str) and isinstance(told, schema.Model)
    values = told.model_dump()
    assert text.startswith(f"{TITLE[1]}\n=====") and markdown.startswith(f"# {TITLE[1]}\n")
    assert "Left out of sentence 1 (dateline): “JAKARTA –”" in text
    assert values["what"]["sentence"] == 0 and values["what"]["cuts"][0]["kind"] == "dateline"
    for point in done.points:
        assert f"* {point.text} [{point.sentence + 1}]" in text
    assert "<li>" in done._repr_html_()


def test_findings_are_told_with_their_sentence() -> None:
    done = made()
    finding = Finding.of("number.lost", source="340")
    told = replace(done, what=replace(done.what, findings=(finding,)))
    text = BRIEF["text"](told)
    assert isinstance(text, str) and "Check sentence 1, number: " in text and "[1] (check)" in text


@pytest.mark.parametrize(
    ("sentence", "has"),
    [
        ("Polisi menangkap dua orang.", True),
        ("Harga naik lagi.", True),
        ("Ia dokter di Demak, kata Sri.", True),
        ("Menteri dan beberapa direktur.", False),
        ("Berita terbaru dari Medan.", False),
        ("Dia umumkan hasilnya.", True),
        ("Ekonomi, polisi dan transportasi.", False),
    ],
)
def test_a_verb_is_seen(sentence: str, has: bool) -> None:
    assert has_verb(sentence) is has


@needs_shared
def test_briefs_rest_on_what_editors_quoted_more_than_the_first_sentences_do() -> None:
    """The half of the data that nothing was chosen by; docs/briefs.md has the figures."""
    _, briefs = data.load()
    right = shown = lead = first = 0
    chooser = shipped_chooser()
    for one in briefs[:60]:
        what, points = choose(scored(one.article, mentions(one.article, GLOSSARY), chooser), chooser)
        right += len({what, *points} & one.support)
        shown += 1 + len(points)
        lead += len(set(range(3)) & one.support)
        first += min(3, len(one.article.body.sentences))
    assert right / shown > lead / first + 0.05


def test_features_are_those_the_weights_are_for() -> None:
    held = mentions(article(), GLOSSARY)
    assert features(article(), held).shape == (len(NEWS), len(shipped_chooser().what.weights))
