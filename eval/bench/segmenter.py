"""How well and how fast sentences are found, beside what else is on PyPI.

Run as ``python -m eval.bench.segmenter [--json FILE]``. Three measures, the same work for all:
sentence boundaries inside the paragraphs of IndoSum's dev folds (Kurniawan & Louvan 2018),
the Indonesian traps of ``tests/test_segment.py``, and sentences a second.

IndoSum holds tokens, so the text is rebuilt first, without a look at the gold sentences
(:func:`detokenise`). A boundary is the number of characters other than white space before
it, so a wrong guess about a space cannot hurt a splitter. Paragraph ends are not counted:
every splitter gets them for nothing.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from service.intake.segment import split

Splitter = Callable[[str], Sequence[str]]
Paragraph = list[list[str]]

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "indosum.dev.jsonl.xz"
SPEED_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One splitter's figures; ``note`` says why there are none."""

    name: str
    precision: float = 0.0
    recall: float = 0.0
    f1: float = 0.0
    traps: int = 0
    sentences_per_second: float = 0.0
    note: str = ""


def read_indosum(path: Path) -> list[Paragraph]:
    """Every paragraph as its sentences as their tokens."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [paragraph for line in lines for paragraph in json.loads(line)["paragraphs"]]


def detokenise(tokens: Iterable[str]) -> str:
    """Running text from spaCy-like tokens, blind to sentences.

    No space before ``,.;:?!)]}%”’»`` and after ``([{“‘«``; straight quotes open and close in
    turn; a hyphen or slash joins, except a hyphen before a capital (a dateline); white-space
    tokens become one space. Where the original had a space is not always known: ``S.p . A.``.
    """
    out: list[str] = []
    glue, open_quotes = True, set[str]()
    for token in tokens:
        if token.isspace() or not token:
            glue = glue or out[-1:] == [" "]
            continue
        before, after = _glued(token, open_quotes)
        if token == "-":
            before, after = True, True
        elif out and out[-1] == "-" and token[0].isupper():
            out[-1] = " - " if out[-2:-1] else "- "
        if not (glue or before):
            out.append(" ")
        out.append(token)
        glue = after
    return "".join(out)


def _glued(token: str, open_quotes: set[str]) -> tuple[bool, bool]:
    """Whether ``token`` clings to what stands before it, and to what comes after."""
    if token in {'"', "'"}:
        closing = token in open_quotes
        open_quotes.symmetric_difference_update(token)
        return closing, not closing
    if token == "/":
        return True, True
    return token[0] in ",.;:?!)]}%”’»" or token.startswith("'s"), token[-1] in "([{“‘«"


def _positions(pieces: Iterable[str]) -> set[int]:
    """Boundaries between ``pieces``, in characters other than white space."""
    seen, total = set(), 0
    for piece in pieces:
        total += len("".join(piece.split()))
        seen.add(total)
    return seen - {total, 0}


def boundary_scores(splitter: Splitter, paragraphs: Sequence[Paragraph]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the boundaries inside ``paragraphs``."""
    hits = found = gold = 0
    for paragraph in paragraphs:
        expected = _positions("".join(sentence) for sentence in paragraph)
        got = _positions(splitter(detokenise(t for sentence in paragraph for t in sentence)))
        hits, found, gold = hits + len(got & expected), found + len(got), gold + len(expected)
    precision, recall = hits / max(found, 1), hits / max(gold, 1)
    return precision, recall, 2 * hits / max(found + gold, 1)


def ours(text: str) -> list[str]:
    """The project's own splitter."""
    return [segment.text for segment in split(text).segments]
