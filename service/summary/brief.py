"""A brief of an article: headline, what happened, key points, figures and names.

Sentences are chosen in Indonesian (:mod:`service.summary.chooser`), translated, shortened by rule in both
languages (:mod:`service.summary.trim`), and none whose English is likely wrong is shown if another will
do. Figures and names come from the fact ledger and point to the sentence that they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

from service.document import (
    Article,
    Brief,
    Fact,
    KeyFact,
    KeySentence,
    Message,
    SegmentTranslation,
    Signature,
)
from service.facts.ledger import Mentions, facts_of, mentions
from service.summary import keyfacts
from service.summary.chooser import Chooser, choose, scored, shipped_chooser
from service.summary.headline import headline
from service.summary.keyfacts import Candidate
from service.summary.trim import trim
from service.translation.confidence import likely_wrong
from service.translation.glossary import Glossary

English = Callable[[Sequence[str]], list[SegmentTranslation]]
"""Translates Indonesian sentences, or looks up those that are translated already."""

MOST_DATES = 2
# "more than Rp 2 billion": what stands before a figure and says how exact it is, in either language.
_NOT_EXACT = re.compile(
    r"\b(?:(?:no )?(?:more|less|fewer) than|over|about|around|some|approximately|nearly|almost|up to|only"
    r"|at (?:least|most)|(?:lebih|kurang) dari|sekitar|hampir|hanya|(?:setidak|sedikit)nya|minimal"
    r"|maksimal) $",
    re.IGNORECASE,
)
_NEAR = 16
"""Characters before a figure in which such words stand."""
# A closing mark, and what opens with it.
_MARKS = {"”": "“", "“": "“", '"': '"'}
# "ten", "1,250"; not "2-1", "12%".
_BARE = re.compile(r"[^\W\d_]+|[\d.,]+")
_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class _Chosen:
    """What a brief is made of: sentences by their number, with the English of each."""

    what: int
    points: list[int]
    english: Mapping[int, SegmentTranslation]


def brief(article: Article, glossary: Glossary, english: English, translator: Signature) -> Brief:
    """Return the brief of an article; only its title and the sentences that are shown are translated."""
    held = mentions(article, glossary)
    chooser = shipped_chooser()
    chosen = _chosen(article, held, chooser, english)
    title = english([article.title])[0] if article.title else None
    what = _shown(chosen.what, chosen)
    points = [_shown(index, chosen) for index in chosen.points]
    origin = title or what
    introduced = _introduced((what, *points), held)
    return Brief(
        title.target if title else headline(what.text),
        article.title,
        introduced[0],
        tuple(introduced[1:]),
        tuple(_facts(held, chosen, chooser, _told_where((what, *points), chosen))),
        replace(translator, route=f"brief({_weights()})"),
        origin.findings,
        origin.band,
        _notes(chosen),
    )


def _chosen(article: Article, held: Sequence[Mentions], chooser: Chooser, english: English) -> _Chosen:
    scores = scored(article, held, chooser)
    sentences = article.body.sentences
    done: dict[int, SegmentTranslation] = {}
    doubtful: frozenset[int] = frozenset()
    while True:
        what, points = choose(scores, chooser, doubtful)
        new = [index for index in (what, *points) if index not in done]
        done.update(zip(new, english([sentences[index] for index in new]), strict=True))
        wrong = frozenset(index for index, part in done.items() if likely_wrong(part))
        # Each round finds another sentence that is likely wrong, or ends.
        if wrong == doubtful:
            return _Chosen(what, points, done)
        doubtful = wrong


def _shown(index: int, chosen: _Chosen) -> KeySentence:
    """Return a chosen sentence, shortened; an acronym that another one uses stays introduced."""
    part = chosen.english[index]
    others = [chosen.english[i] for i in (chosen.what, *chosen.points) if i != index]
    used = frozenset(
        word.lower()
        for other in others
        for text in (other.source, other.target)
        for word in _WORD.findall(text)
    )
    done = trim(part.source, part.target, used)
    return KeySentence(
        _opened(done.target),
        index,
        _opened(done.source),
        done.cuts,
        part.findings,
        part.confidence,
        part.band,
    )


def _opened(text: str) -> str:
    """Return a sentence that ends a quotation, with the mark that opened it in a sentence before."""
    first = next((sign for sign in text if sign in _MARKS), "")
    # A first mark that closes, or a single straight one that does not begin the sentence.
    if first == "”" or (first == '"' and text.count('"') == 1 and not text.startswith('"')):
        return _MARKS[first] + text
    return text


def _introduced(shown: Sequence[KeySentence], held: Sequence[Mentions]) -> list[KeySentence]:
    """Return the sentences with the rest of a name in brackets, *Febri [Diansyah]*, where somebody is first
    named and the article has told the full name in a sentence that is not shown.
    """
    full, parts = keyfacts.full_names(held), {part.sentence: part for part in held}
    known: set[str] = set()
    done = []
    for one in shown:
        sentence, part = one, parts[one.sentence]
        known.update(_WORD.findall(sentence.text))
        for name in part.names:
            whole = full.get((part.sentence, name.start), "")
            short = part.text[name.start : name.end]
            rest = [word for word in whole.split() if word != short]
            if rest and known.isdisjoint(rest):
                text, source = (_with_name(text, short, whole) for text in (sentence.text, sentence.source))
                # In both languages or in none.
                if text != sentence.text and source != sentence.source:
                    sentence = replace(sentence, text=text, source=source)
                    known.update(rest)
        done.append(sentence)
    return done


def _with_name(text: str, short: str, whole: str) -> str:
    """Return the text with the other words of ``whole`` in brackets at the first place of ``short``."""
    words = whole.split()
    place = words.index(short)
    before, after = " ".join(words[:place]), " ".join(words[place + 1 :])
    name = " ".join(filter(None, (before and f"[{before}]", short, after and f"[{after}]")))
    for found in _WORD.finditer(text):
        if found[0] == short:
            return text[: found.start()] + name + text[found.end() :]
    return text


def _told_where(shown: Sequence[KeySentence], chosen: _Chosen) -> Mapping[int, int]:
    """Return from which character on each sentence says only where and to whom it was said."""
    return {
        sentence.sentence: chosen.english[sentence.sentence].source.rfind(cut.source)
        for sentence in shown
        for cut in sentence.cuts
        if cut.kind == "attribution"
    }


def _facts(
    held: Sequence[Mentions], chosen: _Chosen, chooser: Chooser, told: Mapping[int, int]
) -> list[KeyFact]:
    """Return who, where, when and how much, in the order in which the article names them.

    Where something was only said, behind the place ``told`` in a sentence, it did not happen.
    """
    what, points = chosen.what, chosen.points
    found = keyfacts.places(held, what, points, told)
    for model, (candidates, rows), most in (
        (chooser.name, keyfacts.names(held, what, points), keyfacts.MOST_NAMES),
        (chooser.figure, keyfacts.figures(held, what, points), keyfacts.MOST_FIGURES),
    ):
        if model:
            found += keyfacts.pick(candidates, rows, *model, most)
    facts = [fact for candidate in found if (fact := _key_fact(candidate, chosen))]
    dates = [fact for fact in facts if fact.fact.kind == "date"]
    # A year by itself, behind the main sentence, is of some other story if a day is told.
    days = [fact for fact in dates if fact.fact.sentence == what or not _YEAR.fullmatch(fact.fact.source)]
    dates = days or dates
    # The dates of the main sentence before all others; a list of days tells a reader nothing.
    dates.sort(key=lambda one: (one.fact.sentence != what, one.fact.sentence, one.fact.start))
    facts = [fact for fact in facts if fact.fact.kind != "date"] + dates[:MOST_DATES]
    return sorted(
        facts, key=lambda one: (keyfacts.SHOWN.index(one.label), one.fact.sentence or 0, one.fact.start)
    )


def _key_fact(candidate: Candidate, chosen: _Chosen) -> KeyFact | None:
    """Return a candidate beside its English; a place or body without English words of its own is none."""
    part = chosen.english[candidate.held.sentence or 0]
    facts = {(fact.start, fact.end): fact for fact in facts_of(candidate.held, part)}
    # By its place: one name may stand twice in a sentence.
    fact = facts[candidate.what.start, candidate.what.end]
    # A name of one word that English changed or lost may have been no name at all.
    sure = fact.kind not in ("place", "organisation", "person") or " " in candidate.name.strip()
    if fact.status != "kept" and not (sure and fact.kind not in ("place", "organisation")):
        return None
    if fact.kind == "number" and fact.status == "kept" and _BARE.fullmatch(fact.target or fact.source):
        # "Two", "10": of what, it does not say.
        return None
    office = facts.get((candidate.office.start, candidate.office.end)) if candidate.office else None
    return KeyFact(keyfacts.label(fact), _value(candidate, fact, part), _english(office), fact)


def _value(candidate: Candidate, fact: Fact, part: SegmentTranslation) -> str:
    """Return what is shown: the longest form of a name that stays as it is, the English where it was kept.

    A figure keeps the words that say how exact it is: *more than 15 people* are not 15.
    """
    if fact.kind == "person" and fact.status == "kept":
        return candidate.name
    if fact.kind not in ("number", "money"):
        return _english(fact)
    kept = fact.status == "kept" and fact.target
    before = part.target[: fact.target_start] if kept else part.source[: fact.start]
    about = _NOT_EXACT.search(before[-_NEAR:])
    return (about[0] if about else "") + _english(fact)


def _english(fact: Fact | None) -> str:
    """Return the English words of a fact, or its own where English changed or lost it: those are right."""
    if not fact:
        return ""
    return fact.target if fact.status == "kept" and fact.target else fact.source


def _notes(chosen: _Chosen) -> tuple[Message, ...]:
    wrong = sum(likely_wrong(chosen.english[index]) for index in (chosen.what, *chosen.points))
    if not wrong:
        return ()
    note = Message.of(
        "brief.likely_wrong",
        "{count} sentence is likely wrong, and no other says as much: compare with the Indonesian.",
        plural="{count} sentences are likely wrong, and no other says as much: compare with the Indonesian.",
        count=wrong,
    )
    return (note,)


@lru_cache(maxsize=1)
def _weights() -> str:
    # Other weights choose other sentences, so their sum is part of the signature.
    data = files("service.summary").joinpath("data", "brief.json").read_bytes()
    return f"weights@{sha256(data).hexdigest()[:12]}"
