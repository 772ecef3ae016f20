"""The bench against Argos Translate and LibreTranslate: what all sides are given, and how answers are cut."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from eval.bench.documents import Side, articles, ratios, read, words
from eval.bench.fixed_length import fix_length
from service.text import segment


def test_no_two_sentences_are_alike_and_each_is_split_off() -> None:
    made = articles(20, 7)
    split = [part.text for text in made for part in segment.split(text).segments]
    assert len(split) == len(set(split)) == 140
    assert words(made) == sum(len(text.split()) for text in split)
    assert made == articles(20, 7)
    assert made != articles(20, 7, seed=8)


def test_an_answer_is_cut_and_noted(tmp_path: Path) -> None:
    class Translator:
        def translate_batch(self, source: Sequence[Sequence[str]], **options: Any) -> list[SimpleNamespace]:
            cut = options["max_decoding_length"]
            return [SimpleNamespace(hypotheses=[["▁a"] * cut]) for _ in source]

    log = tmp_path / "log"
    fix_length(Translator, 3, str(log))
    found = Translator().translate_batch([["▁satu", "</s>"]], max_decoding_length=512)
    assert found[0].hypotheses == [["▁a"] * 3]
    before = log.stat().st_size
    Translator().translate_batch([["▁dua"], ["▁tiga", "."]])
    assert json.loads(log.read_text("utf-8").splitlines()[0]) == [["▁satu </s>", "▁a ▁a ▁a"]]
    assert read(log, 0)[0] == ("▁satu", "▁a ▁a ▁a")
    assert [source for source, _ in read(log, before)] == ["▁dua", "▁tiga ."]


def test_ratios_are_to_each_peer_at_the_same_number_of_clients() -> None:
    rows = [
        Side("serve", side, layout, clients, 100, seconds, seconds, 0.0)
        for side, layout, clients, seconds in (
            ("warta serve", "2 threads", 1, 2.0),
            ("warta serve", "2 threads", 16, 1.0),
            ("LibreTranslate", "1x2", 1, 4.0),
            ("LibreTranslate", "1x2", 16, 5.0),
        )
    ]
    assert ratios(rows) == {
        "warta serve / LibreTranslate 1x2, 1 clients": 2.0,
        "warta serve / LibreTranslate 1x2, 16 clients": 5.0,
    }
