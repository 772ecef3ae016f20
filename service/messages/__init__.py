"""What Warta says, in the reader's language: findings, as texts and as JSON.

The English sentences stand where they are raised, or in ``service.findings``; each has a code. The
catalogues, one a language, are gettext's: the code is the context (``msgctxt``), the English sentence the
``msgid``. ``scripts/messages`` gathers the sentences from the source and compiles the catalogues.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from service.document import Finding, Message, filled
from service.errors import UsageError, WartaError
from service.findings import CHECKS

LANGUAGES = ("en", "id")
"""The languages there are; English is the source."""
PLACES = (
    "paragraph", "passage", "note", "page", "slide", "drawing", "message", "unit", "chapter", "cue",
    "title", "subject", "description", "attribute",
)  # fmt: skip
"""What a place in a document is called."""
TERM = "term"
"""The context of words that stand in several messages, such as the names of units."""

# Indonesian was ``in`` until 1989, and Java programs still say so.
_OLDER = {"in": "id"}
# ``q=0.8`` of ``id;q=0.8``; three digits at most (RFC 9110).
_WEIGHT = re.compile(r"q=([01](?:\.\d{0,3})?)")
_LONGEST_HEADER = 1000
_spoken: ContextVar[str] = ContextVar("language", default="en")


def language() -> str:
    """Return the language of whoever is being answered, as the interface has set it."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Answer in ``language`` inside the block, in this thread or task."""
    token = _spoken.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(language: str) -> None:
    """Answer in ``language`` from here on, in this thread or task. Raises UsageError for an unknown one."""
    if language not in LANGUAGES:
        raise UsageError(
            "messages.language",
            "unknown language {language!r}; there are: {known}",
            language=language,
            known=", ".join(LANGUAGES),
        )
    _spoken.set(language)


def of_locale(environment: Mapping[str, str]) -> str:
    """Return the language that a system's locale asks for, such as ``id_ID.UTF-8``; else English."""
    # In the order in which POSIX looks at them.
    named = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return _known(next(filter(None, named), "")) or "en"


def preferred(accepted: str) -> str:
    """Return the language that an Accept-Language header likes best of those there are; else English."""
    wishes = []
    for place, wish in enumerate(accepted[:_LONGEST_HEADER].split(",")):
        name, _, weight = wish.partition(";")
        if language := _known(name.strip()):
            # Turned round, so that the least is the best: the heaviest, of equals the first.
            wishes.append((-_weight(weight), place, language))
    # A weight of 0 is a language that the reader does not want.
    return min(wishes)[2] if wishes and min(wishes)[0] < 0 else "en"


def _known(name: str) -> str:
    """Return the language of a tag such as ``id-ID`` or ``in_ID.UTF-8``, its older name; else nothing."""
    # ``id-ID``, ``id_ID.UTF-8``, ``id_ID@euro``
    code = re.split("[-_.@]", name.lower(), maxsplit=1)[0]
    code = _OLDER.get(code, code)
    return code if code in LANGUAGES else ""


def _weight(text: str) -> float:
    found = _WEIGHT.fullmatch(text.strip())
    return float(found[1]) if found else 1.0


def text(said: Finding | Message | WartaError, language: str = "") -> str:
    """Return what is said, in ``language`` or in that of whoever is being answered."""
    catalogue = _catalogue(language or _spoken.get())
    if isinstance(said, Finding):
        return _finding(catalogue, said)
    return _message(catalogue, said.message if isinstance(said, WartaError) else said)


def _finding(catalogue: NullTranslations, finding: Finding) -> str:
    check, values = CHECKS[finding.code], dict(finding.values)
    for name in check.terms:
        values[name] = catalogue.pgettext(TERM, values[name])
    return _said(catalogue, check.code, check.message, check.plural, values)


def _message(catalogue: NullTranslations, message: Message) -> str:
    values = {
        name: _message(catalogue, value) if isinstance(value, Message) else value
        for name, value in message.values
    }
    text = _said(catalogue, message.code, message.text, message.plural, values)
    return f"{message.at}: {text}" if message.at else text


def term(word: str, language: str = "") -> str:
    """Return a word such as a kind of finding, ``number``, in ``language`` or in that of the reader."""
    return _catalogue(language or _spoken.get()).pgettext(TERM, word)


def place_name(place: str, language: str = "") -> str:
    """Return a place in a document, such as ``paragraph 3``, in ``language`` or in that of the reader."""

    def said(part: str) -> str:
        # "paragraph 3": the number, which may be a letter, is after the last space.
        name, space, number = part.rpartition(" ") if " " in part else (part, "", "")
        return f"{term(name, language)}{space}{number}" if name in PLACES else part

    return ", ".join(map(said, place.split(", ")))


def record(finding: Finding, language: str = "") -> dict[str, object]:
    """Return a finding as JSON values; only ``message`` depends on the language."""
    return {
        "code": finding.code,
        "kind": finding.kind,
        "severity": finding.severity,
        "message": text(finding, language),
        "values": dict(finding.values),
    }


def _said(
    catalogue: NullTranslations, code: str, message: str, plural: str, values: Mapping[str, str]
) -> str:
    # Counts are written for people, "1,200".
    count = values.get("count", "").replace(",", "") if plural else ""
    if count.isdecimal():
        return filled(catalogue.npgettext(code, message, plural, int(count)), values)
    # Without a count that is a number, in the plural: "many records".
    return filled(catalogue.pgettext(code, plural or message), values)


@cache
def _catalogue(language: str) -> NullTranslations:
    """Return the catalogue of a language; English needs none."""
    if language == "en":
        return NullTranslations()
    path = files("service.messages") / language / "LC_MESSAGES" / "warta.mo"
    with path.open("rb") as file:
        return GNUTranslations(file)
