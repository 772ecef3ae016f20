"""Is this English sentence still what the Indonesian one said?

:func:`check` looks at one source and one target and names what a reader should not trust. It needs
no model: every check is text against text, fast enough to run on everything. What it finds, and how
often it is right, is measured in ``docs/guard.md``.
"""

from __future__ import annotations

import math
import re
from operator import eq

from service.document import Finding
from service.findings import GUARD
from service.intake.entities import unescape
from service.text import numbers
from service.text.number_words import ENGLISH, INDONESIAN
from service.text.words import Words, follows_itself, has_digit, listed, says_twice, words
from service.translation.aside import addresses, without_addresses, without_notes
from service.translation.guard import form, lexicon, names, negation, offices, phrases, units

KINDS = tuple(dict.fromkeys(one.kind for one in GUARD))
"""Every kind of finding, gravest first."""
_UNTRANSLATED = frozenset(("echo", "repetition", "dropped"))
"""With these the form of the English is not looked at on top."""
_ORDER = {kind: place for place, kind in enumerate(KINDS)}


def check(source: str, target: str, *, truncated: bool = False) -> tuple[Finding, ...]:
    """Return what is wrong with ``target`` as the English of the Indonesian ``source``; ``()`` if nothing.

    Gravest first. ``truncated`` is what the engine reported.
    """
    if not target.strip():
        return (Finding("empty.translation"),) if source.strip() else ()
    artefact = _artefact(source, target)
    if artefact:
        target = _ARTEFACT.sub(" ", unescape(target))
    given = addresses(source)
    lost = [Finding.of("address.lost", address=address) for address in given if address not in target]
    # What is in an address or numbers a note is no word and no figure of the sentence.
    source = without_notes(without_addresses(source) if given else source)
    target = without_notes(without_addresses(target))
    ours, theirs = words(source), words(target)
    again = says_twice(theirs.low)
    found = [
        *([Finding("truncated.limit")] if truncated else ()),
        *artefact,
        *_echo(ours, theirs),
        *_repetition(ours, theirs, target, again=again),
        *_dropped(source, target),
        *lost,
        *_numbers(source, ours, target, theirs),
        *names.changed(source, ours, target, theirs),
        *negation.changed(source, ours, target, theirs),
        *_words(ours, theirs),
        *_phrases(source, ours, target, theirs),
    ]
    if not found or _UNTRANSLATED.isdisjoint(finding.kind for finding in found):
        pair = form.Pair(source, target, ours, theirs, again)
        found += [Finding.of(code, **values) for code, values in form.found(pair)]
    if len(found) > 1:
        found.sort(key=_gravest)
    return tuple(dict.fromkeys(found))


def _gravest(finding: Finding) -> int:
    """Return the place of a finding's kind among them all."""
    return _ORDER[finding.kind]


def _words(ours: Words, theirs: Words) -> list[Finding]:
    """Return the words and the offices whose meaning was turned round."""
    found = [
        Finding.of(
            "office.changed" if one.group == lexicon.OFFICE else f"word.{one.group}",
            source=one.ours,
            target=one.theirs,
        )
        for one in lexicon.shipped().contradictions(ours, theirs)
    ]
    lost, added = offices.changed(ours, theirs)
    found += [Finding.of("office.lost", rank=rank) for rank in lost]
    return found + [Finding.of("office.added", rank=rank) for rank in added]


def _phrases(source: str, ours: Words, target: str, theirs: Words) -> list[Finding]:
    """Return what the words around a figure turned round."""
    found = [*phrases.not_few(source, ours, target, theirs), *phrases.times(source, target)]
    if has_digit(source):
        found += phrases.turned_round(source, ours, target, theirs)
        found += phrases.scores(source, ours, target, theirs)
        found += phrases.ranks(source, target)
    return [Finding.of(code, **values) for code, values in found]


def _numbers(source: str, ours: Words, target: str, theirs: Words) -> list[Finding]:
    if not numbers.present(source, ours, INDONESIAN) and not numbers.present(target, theirs, ENGLISH):
        return []
    here = numbers.numbers(source, INDONESIAN)
    there = numbers.numbers(target, ENGLISH)
    missing, added = numbers.unmatched(here, there, source)
    missing = [number for number in missing if not _in_a_name(number, source, target)]
    paired = min(len(missing), len(added))
    found = [
        Finding.of("number.changed", source=number.text, target=other.text)
        if number.text != other.text
        else Finding.of("number.unconverted", source=number.text)
        for number, other in zip(missing, added, strict=False)
    ]
    found += [Finding.of("number.lost", source=number.text) for number in missing[paired:]]
    found += [Finding.of("number.added", target=number.text) for number in added[paired:]]
    return found + units.changed(here, there)


def _in_a_name(number: numbers.Number, source: str, target: str) -> bool:
    """Return whether a number word is a part of a name that was kept, as in Tiga Roda."""
    if not number.text[:1].isupper():
        return False
    phrases = (f"{number.text} {number.after.capitalize()}", f"{number.before.capitalize()} {number.text}")
    return any(
        len(phrase) > len(number.text) + 1 and phrase in source and phrase in target for phrase in phrases
    )


_ARTEFACT = re.compile(
    r"<(?:extra_id_\d+|/?s|pad|unk|eos|bos|/?mask)>|⁇|\ufffd|&(?:#\d+|#x[0-9a-f]+|quot|amp|apos|lt|gt);"
    # A prompted model may begin with what is left of the prompt's own words.
    r"|▁|@-@|@@|\b(?:(?:(?:(?:i?n)?d)?o)?nesian|(?:e?n)?glish|Translation|Translate|Source|Target) ?:",
    re.IGNORECASE,
)
# One of these is in all of them; a colon counts behind the last letter of a prompt's word, or a space.
_ARTEFACT_SIGNS = re.compile("[<⁇\ufffd&▁@:](?<![^hnetHNET ]:)")


def _artefact(source: str, target: str) -> list[Finding]:
    """Return model tokens, entities or prompt text that the source does not hold."""
    if "\n" in target.strip() and "\n" not in source.strip():
        return [Finding("artefact.line_break")]
    if not _ARTEFACT_SIGNS.search(target):
        return []
    theirs = frozenset(_ARTEFACT.findall(source))
    for found in dict.fromkeys(_ARTEFACT.findall(target)):
        if found not in theirs and found not in source:
            return [Finding.of("artefact.token", token=found)]
    return []


_FUNCTION_WORDS = listed(
    """
    yang dan di dengan untuk pada dari ini itu adalah tidak dalam oleh akan ke juga telah karena sebagai
    para atau saat bisa sudah mereka kata bahwa tersebut ada kami kita dia ia bukan belum agar hingga
    seperti lebih secara merupakan dapat harus namun tetapi setelah sebelum antara orang hari tahun
    """
)

_ENGLISH_WORDS = listed("the of and to in a is for on at with by from")


def _echo(source: Words, target: Words) -> list[Finding]:
    """Return whether the target is Indonesian: by its function words, or as a copy of the source."""
    indonesian = target.distinct & _FUNCTION_WORDS
    if not indonesian:
        same = (
            len(target.low) >= 4 and target.low == source.low and target.distinct.isdisjoint(_ENGLISH_WORDS)
        )
        return [Finding("echo.copied")] if same else []
    count = sum(word in indonesian for word in target.low)
    if count >= 3 and count * 8 >= len(target.low):
        return [Finding.of("echo.indonesian", words=", ".join(sorted(indonesian)[:3]))]
    kept = sum(word in source.distinct for word in target.low)
    if len(target.low) >= 3 and kept * 5 >= len(target.low) * 4:
        return [Finding("echo.copied")]
    return []


# Words in a phrase: how many words in a row must equal the ones a phrase earlier for it to be a loop.
_LOOPS = ((1, 2), (2, 4), (3, 4), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8))
_LONGEST = max(size for size, _ in _LOOPS)
# Words of a phrase that stands twice, apart. References have such a one in 1 of 8,000 sentences where the
# source says no two words twice; with four words it was 1 in 900.
_AGAIN = 5
_DIGITS_TOO = re.compile(r"\w+")
_LOOP_SIGNS = re.compile(r"(\S{2,12}?)\1{3,}")


def _repetition(source: Words, target: Words, text: str, *, again: bool) -> list[Finding]:
    """Return a phrase that follows itself again and again in the target and not in the source.

    ``again`` is whether any phrase of two words, or a word at once, is repeated there.
    """
    repeated = len(target.low) - len(target.distinct)
    if again and repeated >= 2 and follows_itself(target.low, _LONGEST) and _loop(target.low, repeated):
        # Once more with the digits: "1, 2 and 3 km" repeats nothing.
        spoken = _DIGITS_TOO.findall(text.lower())
        phrase = _loop(spoken, len(spoken))
        if phrase and not _loop(source.low, len(source.low)):
            return [Finding.of("repetition.phrase", phrase=" ".join(phrase))]
    if again and repeated >= _AGAIN and (phrase := _twice(target.low, _AGAIN)) and not _twice(source.low, 2):
        return [Finding.of("repetition.again", phrase=" ".join(phrase))]
    if max(map(len, target.low), default=0) > 20 and (loop := _LOOP_SIGNS.search(text)):
        return [Finding.of("repetition.phrase", phrase=loop[1])]
    return []


def _loop(spoken: list[str], repeated: int) -> list[str]:
    """Return the phrase that is said several times in a row; at most ``repeated`` words stand twice."""
    for size, needed in _LOOPS:
        if needed > repeated:
            break
        run = bytes(map(eq, spoken, spoken[size:])).find(b"\1" * needed)
        if run >= 0:
            return spoken[run : run + size]
    return []


def _twice(spoken: list[str], size: int) -> list[str]:
    """Return ``size`` words that are said twice, not one over the other; none where there are none."""
    phrases = list(zip(*(spoken[start:] for start in range(size)), strict=False))
    if len(set(phrases)) == len(phrases):
        return []
    first: dict[tuple[str, ...], int] = {}
    for at, phrase in enumerate(phrases):
        if at - first.setdefault(phrase, at) >= size:
            return list(phrase)
    return []


# A sentence ends after a longer word, so that "dr.", "St." and initials do not end one.
_END = re.compile(r"[.!?](?<=[^\W_]{3}[.!?])[\"”')]*+\s*+(?=[\"“(]*+[A-Z])")
_END_ENGLISH = re.compile(r"[.!?](?<=[a-z0-9]{2}[.!?])[\"”')]*+\s*+(?=[\"“(]*+[A-Z])")
# ln(target characters / source characters) of the FLORES dev references: mean and standard deviation.
RATIO_MEAN, RATIO_SPREAD = -0.0835, 0.1305


def _dropped(source: str, target: str) -> list[Finding]:
    """Return whether the target is too short for its source, or as short as if a sentence had been left
    out."""
    here, there = len(source.strip()), len(target.strip())
    if here < 12 or not there:
        return []
    short = _shortness(there, here)
    if short > 2.8 + 90 / here:
        return [Finding.of("dropped.short", count=str(there), source=str(here))]
    sentences = _END.split(source.strip())
    if len(sentences) == 1 or len(_END_ENGLISH.split(target.strip())) >= len(sentences):
        return []
    # How much better the length fits when one sentence is taken away.
    gain = short**2 - min(_shortness(there, here - len(s)) ** 2 for s in sentences if len(s) < here)
    gain += 3 * ("?" in source and "?" not in target)
    return [Finding.of("dropped.sentence", count=str(len(sentences)))] if gain > 1.0 else []


def _shortness(target: int, source: int) -> float:
    """Return how many standard deviations the target is shorter than usual."""
    return (RATIO_MEAN - math.log(target / source)) / RATIO_SPREAD
