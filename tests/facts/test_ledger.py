"""The ledger of an article: every fact with its sentence, its place and its English."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.document import Article, Decoding, Fact, Finding, SegmentTranslation, Signature, Translation
from service.facts.ledger import ledger, to_check
from service.render import schema
from service.render.brief import LEDGER, Ledger
from service.text import segment
from service.translation.glossary import Glossary

GLOSSARY = Glossary.load()
BENCH = Path(__file__).parents[2] / "eval" / "data" / "warta-bench.jsonl"


def translation(pairs: list[tuple[str, str]], title: tuple[str, str] = ("", "")) -> Translation:
    body = segment.split(" ".join(source for source, _ in pairs))
    parts = tuple(SegmentTranslation(source, target, -0.1) for source, target in pairs)
    head = SegmentTranslation(*title, -0.1) if title[0] else None
    signature = Signature("echo", "none", "0", "echo", Decoding(), "0")
    return Translation(Article("a", body, title[0]), parts, signature, head)


def test_every_fact_points_to_its_words_in_both_sentences() -> None:
    pairs = [
        (
            "Banjir merendam 340 rumah di Demak, kata Bupati Eisti'anah.",
            "Floods hit 340 homes in Demak, said Regent Eisti'anah.",
        ),
        ("“Air mulai surut sekarang,” katanya Rabu.", "“The water is receding now,” she said."),
    ]
    titles = ("Banjir di Demak", "Floods in Demak")
    facts = ledger(translation(pairs, titles), GLOSSARY)
    assert [(f.kind, f.sentence, f.source, f.target, f.status) for f in facts] == [
        ("place", None, "Demak", "Demak", "kept"),
        ("number", 0, "340 rumah", "340 homes", "kept"),
        ("place", 0, "Demak", "Demak", "kept"),
        ("office", 0, "Bupati", "Regent", "kept"),
        ("person", 0, "Eisti'anah", "Eisti'anah", "kept"),
        ("quotation", 1, "“Air mulai surut sekarang,”", "“The water is receding now,”", "kept"),
        ("date", 1, "Rabu", "", "missing"),
    ]
    for fact in facts:
        source, target = (
            ("Banjir di Demak", "Floods in Demak") if fact.sentence is None else pairs[fact.sentence]
        )
        assert source[fact.start : fact.end] == fact.source
        assert target[fact.target_start : fact.target_end] == fact.target


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("“We will build it again,” he said.", "kept"),
        ("We will build it again, he said.", "missing"),
        ("“We will build it again, he said.", "changed"),
        ("“We” will build it again, he said.", "changed"),
    ],
)
def test_a_quotation_keeps_its_marks(target: str, status: str) -> None:
    facts = ledger(translation([("“Kami akan membangunnya lagi,” katanya.", target)]), GLOSSARY)
    assert [fact.status for fact in facts if fact.kind == "quotation"] == [status]


def test_a_sentence_left_in_indonesian_keeps_nothing_for_sure() -> None:
    done = translation([("Ada 12 orang di Demak.", "Ada 12 orang di Demak.")])
    part = done.segments[0]
    echoed = SegmentTranslation(part.source, part.target, part.score, (Finding.of("echo.copied"),))
    facts = ledger(Translation(done.article, (echoed,), done.signature), GLOSSARY)
    assert {fact.status for fact in facts} == {"unclear"}


def test_text_names_what_to_check_first() -> None:
    facts = ledger(translation([("Ada 12 orang di Demak.", "There are 21 people in Demak.")]), GLOSSARY)
    text = LEDGER["text"](Ledger(facts, 1))
    assert isinstance(text, str)
    assert text.startswith("To check\n* [1] 12 orang → 21 people: changed\n")
    assert text.endswith("2 facts in 1 sentence: 1 kept, 1 changed\n")


def test_json_has_the_facts_and_their_counts() -> None:
    facts = ledger(translation([("Ada 12 orang di Demak.", "There are 12 people in Demak.")]), GLOSSARY)
    told = LEDGER["json"](Ledger(facts, 1))
    assert isinstance(told, schema.Model)
    made = json.loads(told.dumped())
    assert made["counts"] == {"kept": 2, "changed": 0, "missing": 0, "unclear": 0}
    assert made["facts"][0]["target_end"] == 19


def test_few_facts_of_a_human_translation_look_wrong() -> None:
    facts: list[Fact] = []
    for line in BENCH.read_text("utf-8").strip().split("\n"):
        row = json.loads(line)
        pairs = [(pair["id"], pair["en"]) for paragraph in row["paragraphs"] for pair in paragraph]
        done = translation(pairs)
        if done.article.body.sentences == tuple(source for source, _ in pairs):
            facts += ledger(done, GLOSSARY)
    assert len(facts) > 400
    assert len(to_check(facts)) < 0.03 * len(facts)
