"""IndoSum (Kurniawan & Louvan 2018, CC BY-SA 4.0) as natural text: articles, human summaries, gold labels."""

from __future__ import annotations

import json
import lzma
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

DEFAULT = Path(__file__).parents[1].parent / "shared" / "data" / "indosum.dev.jsonl.xz"
FOLDS = 5

_CLOSERS = frozenset(",.:;?!)]}%”’…")
_OPENERS = frozenset("([{“‘")
_QUOTES = frozenset("\"'")
_PREFIXES = frozenset(["di", "ke", "se", "non", "pasca", "pra", "anti", "antar", "eks"])
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){2,}")


@dataclass(frozen=True, slots=True)
class Document:
    """One article: sentences, the paragraph of each, the gold extractive labels and the human summary."""

    id: str
    title: str
    sentences: tuple[str, ...]
    paragraphs: tuple[int, ...]
    gold: tuple[bool, ...]
    summary: tuple[str, ...]

    @property
    def fold(self) -> int:
        """0 to 4, from a hash of the id: the same on every machine and for every subset."""
        return zlib.crc32(self.id.encode()) % FOLDS


def load(path: Path = DEFAULT, limit: int | None = None) -> list[Document]:
    """Return the documents in the file's order, at most ``limit``."""
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        return [_document(json.loads(line)) for line in islice(lines, limit)]


def _document(row: dict[str, Any]) -> Document:
    spans = [(p, detokenize(s)) for p, paragraph in enumerate(row["paragraphs"]) for s in paragraph]
    return Document(
        id=str(row["id"]),
        title=_title(str(row["source_url"]), str(row["id"])),
        sentences=tuple(text for _, text in spans),
        paragraphs=tuple(number for number, _ in spans),
        gold=tuple(bool(label) for labels in row["gold_labels"] for label in labels),
        summary=tuple(detokenize(sentence) for sentence in row["summary"]),
    )


def _title(url: str, identifier: str) -> str:
    """Return the headline's words: IndoSum has no titles, but an article's address ends in its headline."""
    slug = url.rstrip("/").rsplit("/", 1)[-1].split("?")[0].removesuffix(".html").lower()
    if not _SLUG.search(slug):
        slug = identifier
    return " ".join(word for word in slug.split("-") if not (word.isdigit() and len(word) > 5))


def detokenize(tokens: Sequence[str]) -> str:
    """Return tokens as a writer would have typed them: the product sees natural text, and so must the
    ranker.
    """
    words = [token.strip() for token in tokens if token.strip()]
    pieces: list[str] = []
    glue, inside = True, {'"': False, "'": False}
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        after = words[index + 1] if index + 1 < len(words) else ""
        opens = word in _OPENERS
        closes = word in _CLOSERS
        if word in _QUOTES:
            opens, closes = not inside[word], inside[word]
            inside[word] = opens
        joins = _joins(before, word, after)
        pieces.append(word if glue or closes or joins else " " + word)
        glue = opens or joins
    return "".join(pieces)


def _joins(before: str, word: str, after: str) -> bool:
    """Return whether a hyphen or slash stands between its neighbours without spaces."""
    if not before or not after:
        return False
    if word == "/":
        return True
    if word != "-":
        return False
    digits = before[-1].isdigit() and after[0].isdigit()
    return digits or before == after or before.lower() in _PREFIXES or after == "-"
