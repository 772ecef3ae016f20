"""Words that a reader watches, found in articles as whole words, whatever their case."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from service.inbox.shingles import words

Watched = Callable[[str], list[int]]
"""Returns the numbers of the watched words that a text has."""


def matcher(watched: Sequence[tuple[int, str]]) -> Watched:
    """Return what finds the given words or phrases, each with its number."""
    # Spaces at both ends, here and below, so that only whole words are found.
    phrases = [(number, f" {' '.join(words(word))} ") for number, word in watched]

    def find(text: str) -> list[int]:
        if not phrases:
            return []
        said = f" {' '.join(words(text))} "
        return [number for number, phrase in phrases if phrase in said]

    return find
