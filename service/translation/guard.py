"""Is this English sentence still what the Indonesian one said?

:func:`check` looks at one source and one target and names what a reader should not trust. It knows no model and
needs none: every check is text against text, fast enough to run on everything. What it finds and how often it is
right is measured in ``docs/guard.md``.
"""

from __future__ import annotations

import html
import math
import re
from operator import eq
from typing import NamedTuple

from service.document import Finding
from service.translation import names, negation, numbers, units

KINDS = ("empty", "truncated", "artefact", "echo", "repetition", "dropped", "number", "entity", "negation")
"""Every kind of finding, gravest first."""


class _Words(NamedTuple):
    """The words of one side: in lower case in order, and as a set."""

    low: list[str]
    distinct: frozenset[str]


_WORD = re.compile(r"[a-zà-ɏ]+(?:['’]t)?")


def check(
    source: str, target: str, *, score: float | None = None, truncated: bool = False
) -> tuple[Finding, ...]:
    """What is wrong with ``target`` as the English of the Indonesian ``source``, gravest first; ``()`` if nothing.

    ``score`` is the engine's mean log-probability a token, where it is known: below it a borderline length counts
    as dropped text. ``truncated`` is what the engine reported.
    """
    if not target.strip():
        return (Finding("empty", "no translation"),) if source.strip() else ()
    findings = [Finding("truncated", "the text was cut at the model's limit")] if truncated else []
    artefact = _artefact(source, target)
    if "&" in target:
        target = html.unescape(target)
    ours, theirs = _words(source), _words(target)
    for kind, detail in (
        ("artefact", artefact),
        ("echo", _echo(ours, theirs)),
        ("repetition", _repetition(ours, theirs, target)),
        ("dropped", _dropped(source, target)),
    ):
        if detail:
            findings.append(Finding(kind, detail))
    if numbers.present(source, ours.distinct, numbers.INDONESIAN) or numbers.present(
        target, theirs.distinct, numbers.ENGLISH
    ):
        findings.extend(Finding("number", detail) for detail in _numbers(source, target))
    findings.extend(
        Finding("entity", f"{name} is not in the translation")
        for name in names.missing(source, theirs.distinct)
    )
    findings.extend(
        Finding("entity", f"{name} is not in the source")
        for name in names.added(ours.distinct, target, theirs.distinct)
    )
    negated = negation.lost(source, ours.distinct, target, theirs.distinct)
    if negated:
        findings.append(Finding("negation", negated))
    return tuple(findings)


def _words(text: str) -> _Words:
    low = _WORD.findall(text.lower())
    return _Words(low, frozenset(low))


def _numbers(source: str, target: str) -> list[str]:
    here = numbers.numbers(source, numbers.INDONESIAN)
    there = numbers.numbers(target, numbers.ENGLISH)
    missing, added = numbers.unmatched(here, there, source)
    paired = min(len(missing), len(added))
    details = [
        f"{ours.text} in the source, {theirs.text} in the translation"
        if ours.text != theirs.text
        else f"{ours.text} was left as it is: in English it reads as another number"
        for ours, theirs in zip(missing, added, strict=False)
    ]
    details += [f"{number.text} is not in the translation" for number in missing[paired:]]
    details += [f"{number.text} is not in the source" for number in added[paired:]]
    return details + units.changed(here, there)


_ARTEFACT = re.compile(
    r"<(?:extra_id_\d+|/?s|pad|unk|eos|bos|/?mask)>|⁇|\ufffd|&(?:#\d+|#x[0-9a-f]+|quot|amp|apos|lt|gt);"
    r"|▁|@-@|@@|\b(?:Indonesian|English|Translation|Translate|Source|Target) ?:",
    re.IGNORECASE,
)
_ARTEFACT_SIGNS = frozenset("<⁇\ufffd&▁@:")


def _artefact(source: str, target: str) -> str:
    """Model tokens, entities or prompt text that the source does not hold."""
    if _ARTEFACT_SIGNS.isdisjoint(target):
        return ""
    for found in _ARTEFACT.findall(target):
        if found not in source:
            return f"'{found}' is no part of a translation"
    return ""


_FUNCTION_WORDS = frozenset(
    "yang dan di dengan untuk pada dari ini itu adalah tidak dalam oleh akan ke juga telah karena sebagai para atau"
    " saat bisa sudah mereka kata bahwa tersebut ada kami kita dia ia bukan belum agar hingga seperti lebih secara"
    " merupakan dapat harus namun tetapi setelah sebelum antara orang hari tahun".split()
)


def _echo(source: _Words, target: _Words) -> str:
    """Whether the target is Indonesian: its function words, or nearly all of the source's words with one of them."""
    indonesian = target.distinct & _FUNCTION_WORDS
    if not indonesian:
        return ""
    count = sum(word in indonesian for word in target.low)
    if count >= 3 and count * 8 >= len(target.low):
        return f"still Indonesian: {', '.join(sorted(indonesian)[:3])}"
    kept = sum(word in source.distinct for word in target.low)
    if len(target.low) >= 3 and kept * 5 >= len(target.low) * 4:
        return "the source was copied, not translated"
    return ""


# Words in a phrase: how many words in a row must equal the ones a phrase earlier for it to be a loop.
_LOOPS = ((1, 2), (2, 4), (3, 4), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8))
_LOOP_SIGNS = re.compile(r"(\S{2,12}?)\1{3,}")


def _repetition(source: _Words, target: _Words, text: str) -> str:
    """A phrase that follows itself again and again in the target and not in the source."""
    low = target.low
    repeated = len(low) - len(target.distinct)
    if repeated >= 2:
        for size, needed in _LOOPS:
            if needed > repeated:
                break
            run = bytes(map(eq, low, low[size:])).find(b"\1" * needed)
            if run < 0 or bytes(map(eq, source.low, source.low[size:])).find(b"\1" * needed) >= 0:
                continue
            phrase = low[run : run + size]
            if re.search(r"\W+".join(map(re.escape, phrase * 2)), text.lower()):
                return f"'{' '.join(phrase)}' again and again"
    if max(map(len, low), default=0) > 20 and (loop := _LOOP_SIGNS.search(text)):
        return f"'{loop[1]}' again and again"
    return ""


# A sentence ends after a word of three letters or more, so that "St." and initials do not end one.
_END = re.compile(r"(?<=[^\W_]{3})[.!?][\"”')]*\s*(?=[\"“(]*[A-Z])")
# ln(target characters / source characters) of the FLORES dev references: mean and standard deviation.
_RATIO_MEAN, _RATIO_SPREAD = -0.0835, 0.1305


def _dropped(source: str, target: str) -> str:
    """Whether the target is too short: for its source, or as if one of the source's sentences had been left out."""
    here, there = len(source.strip()), len(target.strip())
    short = _shortness(there, here)
    if short <= 0 or here < 12:
        return ""
    if short > 4.0 + 130 / here:
        return f"{there} characters for {here}"
    sentences = _END.split(source.strip())
    if len(sentences) == 1 or len(_END.split(target.strip())) >= len(sentences):
        return ""
    # How much better the length fits when one sentence is taken away.
    gain = short**2 - min(_shortness(there, here - len(s)) ** 2 for s in sentences if len(s) < here)
    gain += 3 * ("?" in source and "?" not in target)
    return f"{len(sentences)} sentences in the source, fewer in the translation" if gain > 1.0 else ""


def _shortness(target: int, source: int) -> float:
    """How many standard deviations the target is shorter than usual."""
    return (_RATIO_MEAN - math.log(target / source)) / _RATIO_SPREAD
