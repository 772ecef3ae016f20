"""Everything that can be found in a translation or a summary: the registry of checks.

A :class:`service.document.Finding` carries a code of this list and the values of its message. The guard
takes its kinds from here, ``docs/guard.md`` its table, and ``service.messages`` the English sentences,
which its catalogues have in other languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Literal

Severity = Literal["critical", "major", "minor"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can be found.

    ``code`` is ``family.what``. ``message`` is the English sentence, ``plural`` the one for a ``count`` other
    than 1, where there are two. ``terms`` names the values that are words of ours, such as a unit, and are
    translated too. ``about`` is a line of documentation.
    """

    code: str
    severity: Severity
    message: str
    about: str
    plural: str = ""
    terms: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The family: the code up to the dot."""
        return self.code.partition(".")[0]

    @property
    def places(self) -> frozenset[str]:
        """The names of the values that the message needs."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.plural or self.message) if name)


GUARD = (
    Check("empty.translation", "critical", "no translation", "The source has text, the translation none."),
    Check(
        "truncated.limit",
        "critical",
        "the text was cut at the model's limit",
        "The engine reports that it cut the source or its answer.",
    ),
    Check(
        "artefact.line_break",
        "major",
        "a line break that the source does not have",
        "One sentence came out as several lines.",
    ),
    Check(
        "artefact.token",
        "major",
        "'{token}' is no part of a translation",
        "Control symbols, entities or words of a prompt.",
    ),
    Check(
        "echo.copied",
        "critical",
        "the source was copied, not translated",
        "The translation is the source, or nearly.",
    ),
    Check(
        "echo.indonesian",
        "critical",
        "still Indonesian: {words}",
        "Too many of the translation's words are Indonesian function words.",
    ),
    Check(
        "repetition.phrase",
        "critical",
        "'{phrase}' again and again",
        "A phrase follows itself, and does not in the source.",
    ),
    Check(
        "dropped.short",
        "critical",
        "{count} character for {source}",
        "The translation is far shorter than translations of such a source are.",
        plural="{count} characters for {source}",
    ),
    Check(
        "dropped.sentence",
        "critical",
        "{count} sentence in the source, fewer in the translation",
        "The translation has fewer sentences, and is as short as if one had been left out.",
        plural="{count} sentences in the source, fewer in the translation",
    ),
    Check(
        "address.lost",
        "major",
        "{address} is not in the translation",
        "A link, e-mail address or case number is missing.",
    ),
    Check(
        "address.moved",
        "major",
        "{address} was lost on the way and stands at the end",
        "The engine left an address out; it was put at the end.",
    ),
    Check(
        "number.changed",
        "major",
        "{source} in the source, {target} in the translation",
        "A number has another value.",
    ),
    Check(
        "number.unconverted",
        "major",
        "{source} was left as it is: in English it reads as another number",
        "The separators of a number were kept: 1.500 is one and a half in English.",
    ),
    Check("number.lost", "major", "{source} is not in the translation", "A number is missing."),
    Check("number.added", "major", "{target} is not in the source", "A number has no source."),
    Check(
        "number.unit",
        "major",
        "{source} in the source, {target} in the translation",
        "An equal number stands beside another unit or currency.",
        terms=("source", "target"),
    ),
    Check("entity.lost", "minor", "{name} is not in the translation", "A name is missing in any spelling."),
    Check("entity.added", "minor", "{name} is not in the source", "A country that the source does not name."),
    Check(
        "negation.lost",
        "major",
        "'{word}' has no counterpart",
        "The source negates, and nothing in the translation does.",
    ),
    Check(
        "negation.added",
        "major",
        "'{word}' is not in the source",
        "The translation negates, and nothing in the source does.",
    ),
)
"""What the guard finds in a sentence, the families gravest first."""

DOCUMENT = (
    Check(
        "empty.cue",
        "critical",
        "the English sentence had fewer words than its cues",
        "A subtitle cue got no words.",
    ),
    Check(
        "truncated.rest",
        "critical",
        "not all was translated",
        "A part of a document was cut at the model's limit.",
    ),
    Check(
        "format.guessed",
        "minor",
        "put where it stood in the source: '{phrase}'",
        "Marked words, such as a link, were not found in the translation; their place is a guess.",
    ),
)
"""What is found on top where a document is written again."""

SUMMARY = (
    Check(
        "number.unsupported",
        "major",
        "not in the source: {number}",
        "A summary sentence has a number that its sources do not hold.",
    ),
    Check(
        "entity.unsupported",
        "minor",
        "not in the source: {name}",
        "A summary sentence has a name that its sources do not hold.",
    ),
    Check(
        "negation.unsupported",
        "major",
        "the source does not negate: {word}",
        "A summary sentence negates what its sources assert.",
    ),
    Check(
        "negation.dropped",
        "major",
        "the source negates: {word}",
        "A summary sentence asserts what its sources negate.",
    ),
    Check(
        "unsupported.sentence",
        "critical",
        "no source sentence says: {sentence}",
        "No sentence of the article carries a summary sentence.",
    ),
)
"""What is found in a sentence of a summary."""

CHECKS: Mapping[str, Check] = {check.code: check for check in (*GUARD, *DOCUMENT, *SUMMARY)}
"""Code -> check, of all that can be found."""
