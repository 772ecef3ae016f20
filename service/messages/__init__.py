"""What Warta says, in the reader's language: findings, as texts and as JSON.

The English sentences stand where they are raised, or in ``service.findings``; each has a code. The
catalogues, one a language, are gettext's: the code is the context (``msgctxt``), the English sentence the
``msgid``. ``scripts/messages`` gathers the sentences from the source and compiles the catalogues.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Any

from service.document import Finding
from service.findings import CHECKS

LANGUAGES = ("en", "id")
"""The languages there are; English is the source."""
TERM = "term"
"""The context of words that stand in several messages, such as the names of units."""

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


def text(finding: Finding, language: str = "") -> str:
    """Return what a finding says, in ``language`` or in that of whoever is being answered."""
    check, values = CHECKS[finding.code], dict(finding.values)
    catalogue = _catalogue(language or _spoken.get())
    for name in check.terms:
        values[name] = catalogue.pgettext(TERM, values[name])
    return _said(catalogue, check.code, check.message, check.plural, values)


def record(finding: Finding, language: str = "") -> dict[str, Any]:
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
    if plural:
        form = catalogue.npgettext(code, message, plural, int(values["count"].replace(",", "")))
    else:
        form = catalogue.pgettext(code, message)
    return form.format_map(values)


@cache
def _catalogue(language: str) -> NullTranslations:
    """Return the catalogue of a language; English needs none."""
    if language == "en":
        return NullTranslations()
    path = files("service.messages") / language / "LC_MESSAGES" / "warta.mo"
    with path.open("rb") as file:
        return GNUTranslations(file)
