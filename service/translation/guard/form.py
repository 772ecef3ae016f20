"""What is wrong with the English by its form: words left, doubled or joined badly, signs lost.

Each check is a function that takes a :class:`Pair` and yields what it found: the code of a check in
``service.findings`` and the values of its message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from service.text import numbers
from service.text.words import Words, follows_itself, has_digit, listed
from service.translation.guard import vocabulary

Found = tuple[str, dict[str, str]]
"""The code of a check and the values of its message."""


class Pair(NamedTuple):
    """A source and its translation, without addresses and notes, with their words.

    ``again`` is whether a word of the translation may follow itself, or two words stand twice.
    """

    source: str
    target: str
    ours: Words
    theirs: Words
    again: bool = True


# What stands in quotation marks, and a gloss in brackets, may be Indonesian.
_APART = re.compile(r"[\"“‘'][^\"“”()‘’']{1,200}[\"”’']|\([^()\d]{1,60}\)")
_REDUPLICATED = re.compile(r"(?<![\w-])([a-z]{3,20})-\1s?(?![\w-])")


def left(pair: Pair) -> Iterator[Found]:
    """Yield the Indonesian words that stand in the English as they are, in small letters and without
    quotes."""
    if "-" in pair.target:
        for match in _REDUPLICATED.finditer(pair.target):
            if match[1] not in _TWICE:
                yield "left.word", {"word": match[0]}
    unknown = pair.theirs.distinct - vocabulary.english()
    if not unknown:
        return
    suspects = [low for low in unknown if _suspect(low)]
    if not suspects:
        return
    suspects.sort()
    kept = [
        low
        for low in suspects[:_SUSPECTS]
        if low in pair.target and (low in pair.ours.distinct or low in vocabulary.indonesian())
    ]
    if not kept:
        return
    bare = _APART.sub(" ", pair.target)
    for low in kept:
        if low not in _KEPT and _stands(low, bare):
            yield "left.word", {"word": low}


def _stands(low: str, text: str) -> bool:
    """Return whether a word stands in a text in small letters, not in a longer one, and is not explained
    there."""
    at = _place(low, text)
    if at < 0:
        return False
    called = _CALLED.search(text, max(0, at - _REACH), at)
    return not called and not _EXPLAINED.match(text, at + len(low))


def _place(words: str, text: str) -> int:
    """Return where words first stand in a text, and not as a part of longer ones; -1 where they do not."""
    at = text.find(words)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(words) : at + len(words) + 1]
        if not (before.isalnum() or before in _JOINS) and not (after.isalnum() or after in _JOINS):
            return at
        at = text.find(words, at + len(words))
    return -1


_JOINS = frozenset("'’-_")
_SUSPECTS = 20
"""Words that may have been left, and acronyms, that are looked at in one sentence."""
_REACH = 25
_EXPLAINED = re.compile(r"(?: \w{1,20})?,? (?:\(|the |an? |or |meaning|literally|which )")
_CALLED = re.compile(r"\b(?:as|called|named|terms?|words?|dubbed) (?:the )?(?:\w{1,20} )?$")


@lru_cache(20_000)
def _suspect(low: str) -> bool:
    """Return whether a word has the letters of an Indonesian one and is no English one."""
    return (
        len(low) > 3 and low.isascii() and vocabulary.looks_indonesian(low) and not vocabulary.is_english(low)
    )


# Things of Indonesia that English news names by their Indonesian word.
_KEPT = listed(
    """
    adat angklung aren arisan bakso batik becak bajaj bemo bhinneka dalang dangdut durian ekek gado gamelan
    gotong
    royong gudeg haji halal hijab hijrah iftar imam jamu jihad jilbab kain kampung kebaya kecap kecak keris
    keroncong
    ketoprak kiai klepon kopi kretek kris kulintang lebaran lontong ludruk madrasah martabak mudik nasi
    nyai nyepi
    ojek ondel pancasila pantun pempek pencak pendopo pesantren petis prahu pura puasa rambutan rendang
    ronggeng
    sambal santri sarong sasando sate satay saung sawit silat sinden siwak songket subak suku surau syariah
    takjil
    tari tempe tahu tenun tumpeng ulama umat umrah ustaz wayang warung warteg warkop zakat sunan tuak arak
    agenda album alias atlas bilateral bonus brutal data diabetes diet domain donor drama duel duet embargo
    episode
    film format forum genre golf gram habitat hotel ideal info investor karate kilogram knot kontan laptop
    liberal
    libero logo mafia malaria manual margin media menu minimarket minus model modern museum nasal nominal
    novel
    optimal orbit panda papeda pilot piano plasma podium premium propaganda radar radio radius referendum
    ritual
    rupiah safari salon sensor slogan sonar spiritual sponsor stadion stroke studio tango terminal total
    transit
    trauma tsunami uranium vaksin video viral virus visa visual vital volume yoga yuan zona ritual koala
    kolera
    modus rafia senator
    banjar pecalang dusun mbah kyai durian salak duku gambut sawah ladang kelurahan kecamatan kabupaten
    """
)

_PHRASE = re.compile(
    r"(?<![\w'’-])((?:[^\W_]{1,30}+(?>(?:['’][^\W_]{1,3}+)?) ){0,3}[^\W_]{1,30}+)[ ]\1(?![\w'’-])",
    re.IGNORECASE,
)
_NUMBER_TWICE = re.compile(r"(?<![\w.,:/-])(\d[\d.,:]{0,20}+(?: [a-z]{2,12})?) \1(?![\w-])")
_LONGEST = 4
# "from time to time", "on and on and on".
_LINKS = listed("and or by after upon")
# English says these twice on purpose, or may.
_TWICE = listed(
    "had that very so no bye ha again more is her do you one blah really who it in can what had's"
)


def doubled(pair: Pair) -> Iterator[Found]:
    """Yield a number, a word or a phrase that follows itself at once, where the source's does not."""
    if pair.again and follows_itself(pair.theirs.low, _LONGEST):
        phrase = next((match[1] for match in _PHRASE.finditer(pair.target) if _is_odd(match[1])), "")
        given = pair.source.lower().count(phrase.lower()) if phrase else 0
        more = not given or pair.target.count(phrase) > given
        if phrase and more and f"{phrase}-{phrase}" not in pair.source and not _PHRASE.search(pair.source):
            yield "doubled.phrase", {"phrase": phrase}
    match = _NUMBER_TWICE.search(pair.target) if has_digit(pair.target) else None
    if match and not _NUMBER_TWICE.search(pair.source) and pair.source.count(match[1].split(" ")[0]) < 2:
        yield "doubled.number", {"number": match[1]}


def _is_odd(phrase: str) -> bool:
    """Return whether English does not say a phrase twice on purpose."""
    low = phrase.lower()
    return low not in _TWICE and not low.isdigit() and _LINKS.isdisjoint(low.split()) and low != "time to"


def decimal(pair: Pair) -> Iterator[Found]:
    """Yield an Indonesian decimal comma that was left in the English: ``5,75 percent``."""
    for number in numbers.decimal_commas(pair.source, pair.target):
        yield "left.decimal", {"number": number}


_ARTICLES = listed("the a an its our their my")
_BE = listed("is are was were be been")
_MODALS = listed("would can could might must should shall")
_FINITE = listed("is are was were has had does did")
# Words that never follow each other in English: by the first, and as pairs.
_FOLLOWING = {
    **dict.fromkeys(_ARTICLES, _ARTICLES | _FINITE - listed("was") | _MODALS - listed("can might must")),
    **dict.fromkeys(_BE, _BE - listed("been") | _MODALS),
    **dict.fromkeys(_MODALS, _MODALS | _FINITE | listed("been to")),
    "of": listed("of and"),
    "and": listed("and"),
    "to": _MODALS | listed("to of"),
}
_NEVER = frozenset((first, second) for first, never in _FOLLOWING.items() for second in never)
_CLAUSES = re.compile(r"\b(?:be|been|being) (?:it|he|she|they|we) (?:is|are|was|were|has|had|will|would)\b")
_BEING = listed("be been being")
_CAPITAL_INSIDE = re.compile(r"([A-Z](?<=[a-z] [A-Z])[a-z]{1,7})(?= [a-z]{1,20} [a-z])")
# Words that have no capital inside a sentence.
_SMALL = listed(
    """
    The It This He She They We You But And However Because When While After Before Two Three There These
    Those If
    As For From With Of By Is Was Are Were Has Had His Her Its Their So Who Which
    """
)


def seam(pair: Pair) -> Iterator[Found]:
    """Yield words side by side that never are in English, as where parts were joined: ``should not be it
    is``."""
    low = pair.theirs.low
    if not _NEVER.isdisjoint(pairwise(low)):
        for first, second in pairwise(low):
            words = f"{first} {second}"
            if (
                (first, second) in _NEVER
                and _place(words, pair.target) >= 0
                and _place(words, pair.source) < 0
            ):
                yield "seam.words", {"words": words}
                return
    being = not _BEING.isdisjoint(pair.theirs.distinct)
    if being and (clauses := _CLAUSES.search(pair.target)) and clauses[0] not in pair.source:
        yield "seam.words", {"words": clauses[0]}
    for inside in _CAPITAL_INSIDE.findall(pair.target):
        if inside in _SMALL and ":" not in pair.target and not _is_title(pair.target):
            before = pair.target.partition(f" {inside} ")[0].rpartition(" ")[2]
            yield "seam.words", {"words": f"{before} {inside}"}
            return


def _is_title(text: str) -> bool:
    """Return whether most words of a text have a capital."""
    return sum(word[:1].isupper() for word in text.split()) * 2 > text.count(" ")


_SINGLE = re.compile(r"(?<!\w)['‘](?=\w)")
_QUOTE = re.compile(r"[\"“„]([^\"“”„]{2,400})[\"”]")


def quotes(pair: Pair) -> Iterator[Found]:
    """Yield quotation marks that do not close, were lost, brought in, or moved to other words."""
    here, there = _marks(pair.source), _marks(pair.target)
    if here == there == 0:
        return
    if not there:
        if (
            here > 1
            and not _SINGLE.search(pair.target)
            and any(len(quoted.split()) > 2 for quoted in _QUOTE.findall(pair.source))
        ):
            yield "quote.lost", {}
        return
    if not here:
        if there > 1 and "'" not in pair.source and "‘" not in pair.source:
            yield "quote.added", {"quote": (_QUOTE.search(pair.target) or [pair.target])[0]}
        return
    if here % 2 == 0 and there % 2:
        yield "quote.open", {}
    elif here == there == 2:
        yield from _moved(pair)


def _marks(text: str) -> int:
    """Return how many double quotation marks stand in a text; inches after a digit are none."""
    return text.count('"') + text.count("“") + text.count("”")


_FIXED = re.compile(r"[A-Z][\w-]{3,}|\d[\d.,]*\d")


def _moved(pair: Pair) -> Iterator[Found]:
    ours, theirs = _QUOTE.search(pair.source), _QUOTE.search(pair.target)
    if not ours or not theirs:
        return
    within, outside = set(_FIXED.findall(theirs[1])), set(_FIXED.findall(pair.target.replace(theirs[0], " ")))
    for word in dict.fromkeys(_FIXED.findall(ours[1])):
        if word in outside - within and pair.source.count(word) == 1 and not ours[1].startswith(word):
            yield "quote.moved", {"word": word}
            return


_SAYING = listed(
    """
    kata katanya ujar ujarnya ucap ucapnya tutur tuturnya jelas jelasnya ungkap ungkapnya tegas tegasnya imbuh
    imbuhnya papar paparnya terang terangnya sebut sebutnya tandas tandasnya tukas tukasnya pungkas pungkasnya
    tambahnya lanjutnya jawab jawabnya keluh keluhnya
    """
)
_SAID = re.compile(
    r"\b(?:sa(?:id|ys?|ying)|stat(?:e|es|ed|ing|ement)|told|tell(?:s|ing)?|add(?:s|ed|ing)|expla\w+|accord\w+|ask\w*"
    r"|conclu\w+|continu\w+|stress\w+|emphasi\w+|assert\w*|claim\w*|quot\w+|not(?:es|ed|ing)|repl\w+|answer\w*"
    r"|respon\w+|complain\w*|lament\w*|remark\w*|comment\w*|wrote|writes?|declar\w+|insist\w*|argu\w+|reveal\w*"
    r"|announc\w+|describ\w+|mention\w*|recall\w*|admit\w*|warn\w*|call(?:ed|s|ing)?|call|urg\w+|acknowledg\w+"
    r"|express\w*|disclos\w+|report\w*|cit(?:e|ed|es|ing)|spoke\w*|speak\w*|talk\w*|affirm\w*|clarif\w+|elaborat\w+"
    r"|point\w* out|word\w*|put it|went on|go(?:es)? on|exclaim\w*|testif\w+|confirm\w*|promis\w+"
    r"|hop(?:e|es|ed|ing)"
    r"|think\w*|thought|believ\w+|pledg\w+|shout\w*|cried|joke\w*|question\w*|suggest\w*|propos\w+|quip\w*|relat\w+"
    r"|per\b|view\w*|opin\w+|clear\w*|predict\w*|greet\w*|whisper\w*|deni\w+|mutter\w*|observ\w+|for \w+, )",
    re.IGNORECASE,
)


# Of these one answers in most sentences, and no pattern has to be looked for.
_OFTEN_SAID = listed("said says stated told added explained according stressed continued")


def attribution(pair: Pair) -> Iterator[Found]:
    """Yield who-said-it that was lost: the source says that somebody said so, the English does not."""
    saying = pair.ours.distinct & _SAYING
    if (
        saying
        and _OFTEN_SAID.isdisjoint(pair.theirs.distinct)
        and _marks(pair.source)
        and not _SAID.search(pair.target)
    ):
        yield "attribution.lost", {"word": min(saying)}


def signs(pair: Pair) -> Iterator[Found]:
    """Yield a question that became a statement, an exclamation mark lost, and brackets that do not match."""
    source, target = pair.source, pair.target
    if "?" in source:
        if "?" not in target and pair.ours.distinct.isdisjoint(_SAYING):
            yield "question.lost", {}
    elif target.rstrip("\"”') ").endswith("?"):
        yield "question.added", {}
    if "(" in target or ")" in target:
        balanced = source.count("(") == source.count(")")
        if balanced and target.count("(") != target.count(")"):
            yield "bracket.open", {}


_BRACKETED = re.compile(r"\(([A-Z][A-Z0-9/&-]{1,11})\)")
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9&-]{1,11}(?=s?\b)")


def acronyms(pair: Pair) -> Iterator[Found]:
    """Yield an acronym in brackets that the English has neither as it is nor as an acronym of its own."""
    if "(" in pair.source:
        given = _BRACKETED.findall(pair.source)
        if given:
            there = set(_CAPITALS.findall(pair.target))
            spare = len(there - set(_CAPITALS.findall(pair.source)))
            for acronym in list(dict.fromkeys(given))[:_SUSPECTS]:
                if acronym not in pair.target and not spare:
                    yield "acronym.lost", {"acronym": acronym}


_Check = Callable[[Pair], Iterator[Found]]
_OF_WORDS: tuple[_Check, ...] = (left, doubled, decimal, seam)
_OF_SIGNS: tuple[_Check, ...] = (quotes, attribution, signs, acronyms)
_SIGNS = '"“”?()'
"""Without one of these on either side the checks of signs find nothing."""
CHECKS = (*_OF_WORDS, *_OF_SIGNS)
"""Every check of this module."""


def found(pair: Pair) -> Iterator[Found]:
    """Yield what all of them find."""
    has_signs = any(map((pair.source + pair.target).__contains__, _SIGNS))
    for check in CHECKS if has_signs else _OF_WORDS:
        yield from check(pair)
