"""Pages with every line labelled: their files, and how well cleaning parts article from boilerplate.

``python -m eval.pages FILE…`` prints the figures for JSON-lines files of pages (``.jsonl.xz``) or
folders of pages written by hand, by kind of line and by page.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from service.intake.clean import clean
from service.intake.glued import initials
from service.intake.linefeatures import key
from service.intake.plain import left_out
from service.render.text import article_text

HAND = Path(__file__).parent / "data" / "pages"
"""Pages written for this project, Apache-2.0; the labeller learns from them too."""

UNSEEN = HAND.parent / "pages-held"
"""The same, from which nothing is learnt and whose errors nobody has mended."""

OTHER = HAND.parent / "pages-other"
"""Pages of sites unlike those: institutions, villages, radio, live pages, essays."""

OTHER_UNSEEN = HAND.parent / "pages-other-held"
"""The same, from which nothing is learnt and whose errors nobody has mended."""

MORE = HAND.parent / "pages-more"
"""Pages of yet other kinds: live pages, galleries, interviews, forums, AMP, essays with short headlines."""

MORE_UNSEEN = HAND.parent / "pages-more-held"
"""The same, from which nothing is learnt, but whose errors were mended."""

LAST = HAND.parent / "pages-last-held"
"""Fifteen more, written after that."""

CODES = {
    "b": "body", "h": "subhead", "t": "title", "T": "title-again", "s": "site", "S": "section",
    "n": "navigation",
    "c": "breadcrumb", "d": "timestamp", "y": "byline", "i": "initials", "r": "share", "o": "control",
    "p": "caption", "q": "credit", "R": "read-also", "z": "teaser", "L": "related", "v": "video",
    "a": "advertisement", "f": "follow", "w": "newsletter", "P": "published-in", "g": "tags", "m": "comments",
    "C": "copyright", "e": "reading-time", "x": "report", "k": "summary-box", "N": "note",
}  # fmt: skip
"""The letter before a line of a hand-written page, and the kind it stands for."""

TEXT = frozenset(("body", "subhead"))
_LONG = 8
_GLUED = re.compile(r"\s*⟦([^⟧]*)⟧")
# "(ahm/wld)", "[rid]" alone in a line: composed pages give reporters' initials the kind of the paragraph
# above them, but they are boilerplate wherever they have a kind of their own.
_INITIALS = re.compile(r"[(\[][A-Za-z]{2,8}(?:[/-][A-Za-z\d]{2,8}){0,3}[)\]]")


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was pasted, its lines with their kinds, and boilerplate that is glued into its
    paragraphs.
    """

    id: str
    raw: str
    lines: tuple[tuple[str, str], ...]
    glued: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The headline, in one line; empty where the page has none."""
        return " ".join(text for text, kind in self.lines if kind == "title")


def read_hand(path: Path) -> Page:
    """Return a page of a folder: a code, a space and a line; ``⟦…⟧`` is boilerplate inside a paragraph."""
    raw, lines, glued = [], [], []
    for row in path.read_text(encoding="utf-8").rstrip("\n").split("\n"):
        text = row[2:]
        raw.append(text.replace("⟦", "").replace("⟧", ""))
        glued += _GLUED.findall(text)
        if row.strip():
            lines.append((" ".join(_GLUED.sub("", text).split()), CODES[row[0]]))
    return Page(path.stem, "\n".join(raw), tuple(lines), tuple(glued))


def load(path: Path) -> list[Page]:
    """Return the pages of a file or a folder."""
    if path.is_dir():
        return [read_hand(file) for file in sorted(path.glob("*.txt"))]
    with lzma.open(path, "rt", encoding="utf-8") as rows:
        return [_composed(json.loads(row)) for row in rows]


def _composed(row: dict[str, object]) -> Page:
    lines = row["lines"]
    if not isinstance(lines, list):
        raise TypeError("a page without lines")
    return Page(str(row["id"]), str(row["raw"]), tuple((" ".join(t.split()), k) for t, k in lines))


@dataclass(slots=True)
class Figures:
    """What was counted over pages; see :meth:`as_json`."""

    pages: int = 0
    headlines: int = 0
    wrong: list[str] = field(default_factory=list)
    text: int = 0
    lost: list[str] = field(default_factory=list)
    furniture: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    left_lines: list[str] = field(default_factory=list)
    named: Counter[tuple[str, str]] = field(default_factory=Counter)
    glued: int = 0
    glued_left: int = 0
    initials: int = 0

    def as_json(self) -> dict[str, object]:
        """Return share and counts; ``kinds`` has precision and recall of the kinds that were given."""
        all_furniture = sum(self.furniture.values())
        return {
            "pages": self.pages,
            "headline_right": round(self.headlines / max(1, self.pages), 4),
            "text_lines": self.text,
            "text_lines_lost": len(self.lost),
            "initials_labelled_text": self.initials,
            "furniture_lines": all_furniture,
            "furniture_left": round(sum(self.left.values()) / max(1, all_furniture), 4),
            "glued": self.glued,
            "glued_left": self.glued_left,
            "kinds": {kind: self._kind(kind) for kind in sorted(self.furniture)},
        }

    def _kind(self, kind: str) -> dict[str, float | int]:
        given = sum(count for (_, got), count in self.named.items() if got == kind)
        right = self.named[kind, kind]
        return {
            "lines": self.furniture[kind],
            "left": self.left[kind],
            "precision": round(right / max(1, given), 3),
            "recall": round(right / max(1, self.furniture[kind]), 3),
        }


def measure(pages: Iterable[Page]) -> Figures:
    """Clean each page and compare."""
    figures = Figures()
    for page in pages:
        _add(figures, page)
    return figures


def _add(figures: Figures, page: Page) -> None:
    article = clean(page.raw)
    figures.pages += 1
    if _words(article.title) == _words(page.title):
        figures.headlines += 1
    else:
        figures.wrong.append(f"{page.id}: {article.title!r} for {page.title!r}")
    aside = {_words(piece.text): piece.reason for piece in article.furniture}
    kept = Counter(_pieces(article.text))
    whole = _words(article.text)
    said = Counter(_words(text) for text, _ in page.lines)
    for text, labelled in page.lines:
        alone = labelled in TEXT and bool(_INITIALS.fullmatch(text))
        figures.initials += alone
        kind = "initials" if alone else labelled
        words = _words(text)
        if kind == "title" or not words:
            continue
        own = _words(initials(text)[0])
        # A line may be part of a paragraph that was put together again.
        twice = said[words] > 1  # as when a caption repeats the lead
        held = kept[words] > 0 or kept[own] > 0
        held = held or ((twice or words not in aside) and (words in whole or own in whole))
        if not held and words.count(" ") >= _LONG:
            # What broke at a column may be, cut there, just what a summary has of it.
            held = any(paragraph.startswith(f"{words} ") for paragraph in kept)
        if kind in TEXT:
            figures.text += 1
            if not held and words != _words(article.title):
                figures.lost.append(f"{page.id}: [{aside.get(words, '?')}] {text}")
            kept[words if kept[words] else own] -= 1
            continue
        figures.furniture[kind] += 1
        if kept[words] > 0 and words not in aside:
            figures.left[kind] += 1
            figures.left_lines.append(f"{page.id}: [{kind}] {text}")
        figures.named[kind, aside.get(words, "")] += 1
    figures.glued += len(page.glued)
    figures.glued_left += sum(_words(piece) in whole for piece in page.glued)


def _pieces(text: str) -> Iterator[str]:
    return (_words(line) for line in text.split("\n") if line.strip())


def _words(text: str) -> str:
    return key(text) or text.strip()


SHOWN = {
    "02": "A crime report, everything on the page in one column",
    "03": "Economy: figures in a list, a summary button, links amid the text",
    "05": "A site with English around an Indonesian text, a newsletter box in the middle",
    "06": "A magazine's feature: lower-case menu, captions without a credit, a sentence set large",
    "10": "An explainer with picture sources, subheads and recommended articles between",
    "12": "An opinion piece with numbered points and a note on its author",
    "13": "Hard-wrapped lines, a headline over three of them, a timetable",
    "16": "Business: stock ticker above, a list, reporters' initials, English below",
    "17": "A short report without a headline",
    "23": "Boilerplate glued into paragraphs, reader comments, teasers",
}
"""The pages in ``docs/cleaning.md`` and what they are."""


def example(name: str) -> str:
    """Return a hand-written page before and after cleaning, as the docs show it."""
    raw = read_hand(HAND / f"{name}.txt").raw
    article = clean(raw)
    return (
        f"### {SHOWN[name]}\n\nBefore:\n\n```text\n{raw}\n```\n\nAfter ({left_out(article.furniture)}):\n\n"
        f"```text\n{article_text(article)}```\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    for name in arguments if arguments is not None else sys.argv[1:]:
        figures = measure(load(Path(name)))
        sys.stdout.write(json.dumps({"file": name, **figures.as_json()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
