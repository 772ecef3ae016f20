"""Summaries by route. A route chooses or writes sentences; all say which source they rest on."""

from __future__ import annotations

from dataclasses import replace

from service.document import Summary, SummarySentence, Translation


def lead(translation: Translation, sentences: int = 2) -> Summary:
    """The first sentences of the body, which in news carry the most."""
    chosen = [
        SummarySentence(segment.target, (index,))
        for index, segment in enumerate(translation.segments[:sentences])
    ]
    return Summary(tuple(chosen), "lead", replace(translation.signature, route="lead"))
