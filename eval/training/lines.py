"""Learns the line labeller: ``python -m eval.training.lines``; writes ``service/intake/data/lines.npz``.

Pages are composed anew from the templates and articles of ``../shared/data/pages`` (their script does
it), with more boilerplate from ``eval/data/page-lines.txt`` woven in: groups dropped, doubled, joined,
moved, in other case, in other layouts. The pages written by hand are learnt from as they are and around
other articles. Clean documents of IndoSum (from the 301st on) show what an article without a page looks
like. The text is used for training only; what ships are the weights.

What ships was learnt in three steps. The first had seen neither the written pages nor what
``page-lines.txt`` says of institutions, villages and broadcasters. The second began from its weights with
``--start FIRST.npz --first 500000 --pages 2000 --written 8 --epochs 4 --rate 8e-4``, the third from those of
the second, with the pages of ``pages-more`` and what is said of their kinds:
``--start SECOND.npz --first 900000 --pages 2000 --written 8 --epochs 4 --rate 8e-4``. A fourth, of 3,000
pages more, made nothing better and does not ship.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import lzma
import random
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from eval.indosum import detokenize
from eval.pages import CODES, HAND, MORE, OTHER, Page, load
from service.intake.clean import repaired
from service.intake.linefeatures import BUCKETS, Seen, see
from service.intake.lines import DILATIONS, KINDS
from service.intake.rules import rule_flags, rule_of

if TYPE_CHECKING:
    import torch

    Pairs = list[tuple[torch.Tensor, torch.Tensor]]
    Inputs = tuple[torch.Tensor, Pairs, tuple[torch.Tensor, torch.Tensor]]

SHARED = Path(__file__).parents[3] / "shared" / "data"
GROUPS = Path(__file__).parents[1] / "data" / "page-lines.txt"
FRAGMENTS = Path(__file__).parents[1] / "data" / "page-bodies.txt"
OUTPUT = Path(__file__).parents[2] / "service" / "intake" / "data" / "lines.npz"
SKIPPED = 300
"""Documents of IndoSum that are left for the test."""

WIDTH, COLUMNS = 64, 24
Lines = list[list[str]]
Rows = list[tuple[str, str, bool]]
"""Lines, each with its kind and whether a blank line stands before it."""
Floats = NDArray[np.float32]
Weights = dict[str, Any]
"""Arrays by their names."""
Example = tuple[Seen, NDArray[np.int64]]
"""A page's features and the kinds of its lines, by number."""

_STOP = re.compile(r"(?<=[.!?])[\"”]?\s+(?=[A-Z\"“])")
_SITES_A = [
    "Kabar",
    "Suara",
    "Warta",
    "Berita",
    "Media",
    "Info",
    "Jejak",
    "Pikiran",
    "Radar",
    "Pos",
    "Harian",
    "Lensa",
    "Mata",
    "Cakra",
    "Nusa",
    "Kilas",
    "Bingkai",
    "Detak",
    "Sinar",
    "Lintas",
    "Fokus",
    "Tribun",
    "Gema",
]
_SITES_B = [
    "Nusantara",
    "Rakyat",
    "Kita",
    "Timur",
    "Borneo",
    "Celebes",
    "Andalas",
    "Jawara",
    "Terkini",
    "Merdeka",
    "Bangsa",
    "Daerah",
    "Pesisir",
    "Kota",
    "Senja",
    "Pagi",
    "Satu",
    "Raya",
    "Indonesia",
    "Now",
    "24",
    "Online",
    "News",
    "TV",
]
_NEWLINES = re.compile(r"\s*\n\s*")


class Body(TypedDict):
    """An article that pages are composed of; ``source`` is ``x`` where it is one of IndoSum's."""

    title: str
    paragraphs: list[str]
    id: str
    source: str


@dataclass(frozen=True, slots=True)
class Pools:
    """What pages are made of."""

    compose: ModuleType
    templates: list[dict[str, object]]
    bodies: list[Body]
    headlines: list[str]
    groups: dict[str, list[Lines]]
    fragments: list[Lines]
    documents: list[list[str]]
    written: list[Page]


def pools(data: Path, every: bool) -> Pools:
    """Read from ``data``; without ``every`` the sites and articles of the development pages are left out."""
    spec = importlib.util.spec_from_file_location("compose", data / "pages" / "compose.py")
    if not spec or not spec.loader:
        raise FileNotFoundError(data / "pages" / "compose.py")
    compose = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compose)
    templates = _rows(data / "pages" / "templates.jsonl")
    bodies: list[Body] = _rows(data / "pages" / "bodies.jsonl")
    if not every:
        # Every fourth is of the development pages.
        templates = [t for i, t in enumerate(templates) if i % 4]
        bodies = [b for i, b in enumerate(bodies) if i % 4]
    documents = _indosum(data / "indosum.dev.jsonl.xz")
    bodies += [body for body in map(_as_body, documents) if body]
    return Pools(
        compose,
        templates,
        bodies,
        _headlines(data, bodies),
        read_groups(GROUPS),
        read_groups(FRAGMENTS)[""],
        documents,
        [*load(HAND), *load(OTHER), *load(MORE)],
    )


def _rows(path: Path) -> list[Any]:
    return [json.loads(row) for row in path.read_text(encoding="utf-8").split("\n") if row]


def _indosum(path: Path) -> list[list[str]]:
    """Return the paragraphs of each document but the first :data:`SKIPPED`."""
    with lzma.open(path, "rt", encoding="utf-8") as rows:
        found = [json.loads(row)["paragraphs"] for row in rows][SKIPPED:]
    return [[detokenize([token for sentence in p for token in sentence]) for p in d] for d in found]


def _as_body(paragraphs: list[str]) -> Body | None:
    """Return a document as a body for the composer, under a headline made of its lead; its boilerplate left
    out.
    """
    # Without reporters' initials behind the last stop, which are boilerplate.
    kept = [re.sub(r"\s[(\[][a-z/]{2,15}[)\]]$", "", p) for p in paragraphs if not rule_of(p) and len(p) > 3]
    if len(kept) < 3:
        return None
    lead = re.sub(r"^.{0,60}?\s?[-–—]{1,2}\s", "", kept[0])
    title = " ".join(re.split(r"[,.(]", lead)[0].split()[:13]).strip("-–— ")
    if len(title) < 25:
        return None
    return {
        # Two thirds in capitals, by a number of the text and not by chance: the same in every run.
        "title": title.title() if len(kept[0]) % 3 else title,
        "paragraphs": kept,
        "id": "x",
        "source": "x",
    }


def _headlines(data: Path, bodies: Sequence[Body]) -> list[str]:
    with lzma.open(data / "train" / "mono.id.tsv.xz", "rt", encoding="utf-8") as rows:
        parts = [row.rstrip("\n").split("\t") for row in rows]
    found = [
        p[3] for p in parts if p[0].startswith("headlines:") and 25 < len(p[3]) < 130 and p[3] != p[3].lower()
    ]
    return sorted(set(found[::2])) + [b["title"] for b in bodies if b["source"] != "x"]


def read_groups(path: Path) -> dict[str, list[Lines]]:
    """Return the groups of each place."""
    groups: dict[str, list[Lines]] = {}
    place = ""
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        rows = [row for row in block.split("\n") if row and not row.startswith("#")]
        if rows and rows[0].startswith("["):
            place = rows.pop(0).strip("[]")
        if rows and place in ("glued", "titles"):  # each line for itself
            groups.setdefault(place, []).extend([[[row[2:], CODES[row[0]]]] for row in rows])
        elif rows:
            groups.setdefault(place, []).append([[row[2:], CODES[row[0]]] for row in rows])
    return groups


class Filler:
    """Fills the slots of groups for one page."""

    def __init__(self, r: random.Random, p: Pools, body: Body) -> None:
        self.r, self.p, self.body = r, p, body
        self.site = r.choice(_SITES_A) + r.choice(["", " "]) + r.choice(_SITES_B)
        if r.random() < 0.2:
            self.site = self.site.upper()
        self.domain = self.site.replace(" ", "").lower() + r.choice(
            [".com", ".co.id", ".id", ".net", ".example"]
        )
        plain = [
            s for q in body["paragraphs"] if not q.startswith("## ") for s in _STOP.split(q) if len(s) > 30
        ]
        self.plain = plain or [body["title"]]
        text = " ".join(body["paragraphs"])
        quotes = re.findall(r"[\"“]([^\"“”]{40,220})[\"”]", text)
        self.quotes = [q.strip(" ,") for q in quotes] or self.plain

    def __call__(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: self._slot(m[1]), text)

    def _slot(self, slot: str) -> str:  # noqa: PLR0911, PLR0912 - a table of what fills which
        r, compose = self.r, self.p.compose
        if slot == "h":
            return _cased(r, r.choice(self.p.headlines))
        if slot == "teaser":
            teaser = r.choice(r.choice(self.p.documents))
            return str(compose.trunc(r, _STOP.split(teaser)[0], r.choice([90, 130, 200])))
        if slot == "key":
            return str(compose.trunc(r, r.choice(self.plain), r.choice([80, 120, 160])))
        if slot == "lead":
            return str(self.plain[0] if r.random() < 0.5 else r.choice(self.plain).split(",")[0])
        if slot == "quote":
            return str(r.choice(self.quotes))
        if slot == "caption":
            return str(compose.caption(r, {"_d": self._day(), "title": self.body["title"]}, self.plain))
        if slot == "date":
            day = self._day()
            return str(compose.fmtdate(day, r.choice(compose.DF)))
        if slot == "day":
            return str(r.choice(compose.HARI))
        if slot == "time":
            return f"{r.randint(0, 23):02d}{r.choice('::.')}{r.randint(0, 59):02d}"
        if slot == "tag":
            return str(_cased(r, r.choice(compose.TAGS)))
        if slot == "name":
            return str(compose.name(r))
        if slot == "init":
            return str(compose.initials(r))
        if slot == "place":
            return str(r.choice(compose.CITY))
        if slot == "n":
            return str(r.randint(1, 59))
        return str({"site": self.site, "domain": self.domain, "title": self.body["title"]}[slot])

    def _day(self) -> date:
        return date(2015, 1, 1) + timedelta(days=self.r.randint(0, 4300))

    def group(self, place: str) -> Lines:
        """Return a filled group of a place, sometimes changed a little."""
        return vary(self.r, [[self(text), kind] for text, kind in self.r.choice(self.p.groups[place])])


def _cased(r: random.Random, text: str) -> str:
    k = r.random()
    if k < 0.05:
        return text.upper()
    if k < 0.1:
        return text.title()
    if k < 0.14:
        return text[:1] + text[1:].lower()
    return text


_JOINED = ("navigation", "share", "tags", "breadcrumb", "control")


def vary(r: random.Random, group: Lines) -> Lines:
    """Return the group with lines dropped or doubled, joined into one, numbered, or in capitals."""
    k = r.random()
    if k < 0.1 and len(group) > 2:
        group = group[: r.randint(1, len(group))]
    elif k < 0.18 and len(group) > 2:
        group = [line for line in group if r.random() < 0.75] or group
    elif k < 0.26 and len(group) > 1 and len({kind for _, kind in group}) == 1 and group[0][1] in _JOINED:
        return [
            [
                r.choice([" ", " | ", " · ", "  ", " / ", " - ", ", "]).join(text for text, _ in group),
                group[0][1],
            ]
        ]
    elif k < 0.34:
        group = [[text.upper() if len(text) < 40 else text, kind] for text, kind in group]
    elif k < 0.38:
        group = [[text.lower() if len(text) < 40 else text, kind] for text, kind in group]
    elif k < 0.44 and group[-1][1] in ("related", "read-also"):
        mark = r.choice(["• ", "- ", "» ", "* ", "› "])
        group = [group[0], *([mark + text, kind] for text, kind in group[1:])]
    elif k < 0.5 and group[-1][1] == "related":
        group = group + [line for line in group[1:] for _ in range(r.randint(1, 3)) if len(line[0]) > 30]
    return group


def page(p: Pools, seed: int) -> tuple[list[str], list[bool], list[str]]:
    """Return a page: its lines, whether a blank line stands before each, and their kinds."""
    r = random.Random(seed)  # noqa: S311 - the same pages every time
    if r.random() < 0.09:
        return clean_page(r, p)
    body = r.choice([b for b in p.bodies if b["source"] != "x"] if r.random() < 0.55 else p.bodies).copy()
    if len(body["paragraphs"]) > 14 and r.random() < 0.7:
        body["paragraphs"] = body["paragraphs"][: r.randint(6, 14)]
    if r.random() < 0.05:
        body["title"] = r.choice(p.groups["titles"])[0][0]
    if r.random() < 0.06:
        body["title"] = body["title"].upper()
    teasers = [r.choice(r.choice(p.documents)) for _ in range(8)]
    heads = r.sample(p.headlines, 40)
    raw, lines = p.compose.compose(r, r.choice(p.templates), body, heads, teasers, p.templates)
    apart = _apart(raw)
    fill = Filler(r, p, body)
    rows: Rows = [(text, kind, gap) for (text, kind), gap in zip(lines, apart, strict=True)]
    k = r.random()
    if k > 0.12:
        rows = reworked(r, fill, rows, bare=k > 0.6)
    for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
        with_fragment(r, p, rows)
    if r.random() < 0.12:
        with_last_sentence(r, fill, rows)
    return _finished(noisy(r, fill, rows))


Made = tuple[list[str], list[bool], list[str]]


def _finished(rows: Rows) -> Made:
    found = [(text, kind, gap) for text, kind, gap in ((repaired(t), k, g) for t, k, g in rows) if text]
    return [t for t, _, _ in found], [bool(g) for _, _, g in found], [k for _, k, _ in found]


def written_page(p: Pools, which: int, seed: int) -> Made:
    """Return a page written by hand: as it is, with more around it, or its site around another article."""
    r = random.Random(f"{which}/{seed}")  # noqa: S311 - the same pages every time
    page = p.written[which]
    rows: Rows = [(text, kind, gap) for (text, kind), gap in zip(page.lines, _apart(page.raw), strict=True)]
    if seed == 0:
        return _finished(rows)
    body = r.choice([b for b in p.bodies if b["source"] != "x"] if r.random() < 0.5 else p.bodies).copy()
    body["paragraphs"] = body["paragraphs"][: r.randint(4, 12)]
    fill = Filler(r, p, body)
    if seed % 3:
        rows = _with_article(r, fill, rows, body)
    if r.random() < 0.5:
        rows = reworked(r, fill, rows, bare=False)
    if r.random() < 0.3:
        with_fragment(r, p, rows)
    return _finished(noisy(r, fill, rows))


def _with_article(r: random.Random, fill: Filler, rows: Rows, body: Body) -> Rows:
    """Return a written page with another article in it; what speaks of the article speaks of this one."""
    texts = [i for i, row in enumerate(rows) if row[1] in ("body", "subhead")]
    gap = rows[texts[min(1, len(texts) - 1)]][2]
    paragraphs = [line for q in body["paragraphs"] for line in q.split("\n")]
    article: Rows = [
        (line.removeprefix("## "), "subhead" if line.startswith("## ") else "body", gap)
        for line in paragraphs
    ]
    groups: list[Rows] = [[]]
    for row in rows[texts[0] : texts[-1] + 1]:
        if row[1] not in ("body", "subhead"):
            groups[-1].append(row)
        elif groups[-1]:
            groups.append([])
    for group in groups:
        place = r.randrange(1, len(article)) if len(article) > 1 else 1
        article[place:place] = group
    titled = any(row[1] == "title" for row in rows)
    out: Rows = []
    for row in [*rows[: texts[0]], *article, *rows[texts[-1] + 1 :]]:
        if row[1] == "title" and out and out[-1][1] == "title":
            continue  # one line for a headline of several
        out.append((_retold(r, fill, row[0], row[1]), row[1], row[2]))
    return out if titled else [row for row in out if row[1] != "title-again"]


_RETOLD = {"caption": "{caption}", "summary-box": "{key}", "related": "{h}", "read-also": "{h}"}


def _retold(r: random.Random, fill: Filler, text: str, kind: str) -> str:
    """Return a line of another site as this article's page has it."""
    if kind in ("title", "title-again"):
        return str(fill.body["title"])
    if kind in ("tags", "teaser") and r.random() < 0.5 and ":" not in text and len(text) > 8:
        return fill("{tag}" if kind == "tags" else "{teaser}")
    if kind in _RETOLD and text.count(" ") > 4 and r.random() < (0.8 if kind == "summary-box" else 0.5):
        label = re.match(r"[^:]{4,16}:\s|[-•*›»\d.]{1,3}\s", text)
        return (label[0] if label else "") + fill(_RETOLD[kind])
    return text


def clean_page(r: random.Random, p: Pools) -> tuple[list[str], list[bool], list[str]]:
    """Return a document as it is, for the most part without a headline."""
    paragraphs = [q for q in map(repaired, r.choice(p.documents)) if q]
    kinds = [rule_of(q) or "body" for q in paragraphs]
    gap = r.random() < 0.5
    if r.random() < 0.3 and (body := _as_body(paragraphs)):
        paragraphs, kinds = [body["title"], *paragraphs], ["title", *kinds]
    return paragraphs, [gap] * len(paragraphs), [k if k in KINDS else "note" for k in kinds]


def _apart(raw: str) -> list[bool]:
    gaps, gap = [], False
    for row in raw.split("\n"):
        if row.strip():
            gaps.append(gap)
            gap = False
        else:
            gap = True
    return gaps


def reworked(r: random.Random, fill: Filler, rows: Rows, *, bare: bool) -> Rows:
    """Return ``rows`` with groups put in; ``bare`` takes out the template's own lines around the
    article first.
    """
    texts = [i for i, row in enumerate(rows) if row[1] in ("body", "subhead")]
    if not texts:
        return rows
    first, last = texts[0], texts[-1]
    before, inner, after = rows[:first], rows[first : last + 1], rows[last + 1 :]
    title = [row for row in before if row[1] == "title"]
    at = next((i for i, row in enumerate(before) if row[1] == "title"), len(before))
    over, under = before[:at], before[at + len(title) :]
    if bare:
        over, under, after = [], [], []
        inner = [row for row in inner if row[1] in ("body", "subhead")]
    gap = r.random() < 0.5
    over += _groups(r, fill, "before", r.choice([0, 1, 2, 4, 6, 9]), gap)
    under += _groups(r, fill, "top", r.choice([0, 1, 2, 3, 5, 7]), gap)
    after += _groups(r, fill, "after", r.choice([0, 1, 2, 4, 6, 9, 12]), gap)
    for chunk in (over, after):
        if r.random() < 0.25:
            _shuffle(r, chunk)
    many = r.choice([0, 0, 1, 1, 2, 3, 5])
    for _ in range(many):
        place = r.randrange(1, len(inner)) if len(inner) > 1 else 1
        inner[place:place] = _groups(r, fill, "between", 1, inner[0][2] if r.random() < 0.7 else gap)
    if title and r.random() < 0.08:
        under.append((title[0][0], "title-again", gap))
    if title and r.random() < 0.05:
        under, over = [], [*over, *under]
    if title and r.random() < 0.12:
        over.append((fill(r.choice(["{caption}", "{caption} ({site}/{name})"])), "caption", gap))
    if title and r.random() < 0.12:
        over.append((fill(r.choice(["{tag}", "{place}", "{tag} {place}"])), "section", gap))
    if title and r.random() < 0.15:
        under.insert(0, (fill(r.choice(["{key}", "{key}", "{key} {key}"])), "summary-box", gap))
    return [*over, *title, *under, *inner, *after]


def with_fragment(r: random.Random, p: Pools, rows: Rows) -> None:
    """Put short lines of text between two paragraphs, or after the last."""
    places = [i + 1 for i, row in enumerate(rows) if row[1] == "body"]
    if not places:
        return
    group, place = r.choice(p.fragments), r.choice(places)
    if place == places[-1] and (len(places) == 1 or group[-1][0][-1] not in '.!?"'):
        return  # behind the last paragraph short lines without a stop are mostly tags
    gap = rows[place - 1][2] if r.random() < 0.7 else r.random() < 0.5
    rows[place:place] = [
        (text, kind, gap if i == 0 else gap and r.random() < 0.7) for i, (text, kind) in enumerate(group)
    ]


_APART = ("advertisement", "read-also", "video")
"""Kinds of groups that stand above a last paragraph."""


def with_last_sentence(r: random.Random, fill: Filler, rows: Rows) -> None:
    """End the text with one short sentence behind an advert or a link, where it is easily overlooked."""
    last = max((i for i, row in enumerate(rows) if row[1] == "body"), default=-1)
    short = [text for text in fill.plain if len(text) < 110 and text[-1] in '.!?"”']
    if last < 0 or not short:
        return
    gap = rows[last][2]
    over = [row for _ in range(4) for row in [_groups(r, fill, "between", 1, gap)] if row[0][1] in _APART]
    rows[last + 1 : last + 1] = [*(over[0] if over else ()), (r.choice(short), "body", gap)]


def _groups(r: random.Random, fill: Filler, place: str, count: int, gap: bool) -> Rows:
    rows: Rows = []
    for _ in range(count):
        group = fill.group(place)
        loose = gap and r.random() < 0.4
        rows += [(text, kind, gap if i == 0 else loose) for i, (text, kind) in enumerate(group)]
    return rows


def _shuffle(r: random.Random, rows: Rows) -> None:
    """Put the runs of one kind in another order."""
    runs: list[Rows] = []
    for row in rows:
        if runs and runs[-1][-1][1] == row[1]:
            runs[-1].append(row)
        else:
            runs.append([row])
    r.shuffle(runs)
    rows[:] = [row for run in runs for row in run]


def noisy(r: random.Random, fill: Filler, rows: Rows) -> Rows:
    """Return ``rows`` with the whole layout changed: gaps, cuts, glue."""
    k = r.random()
    if k < 0.12:
        rows = [(text, kind, False) for text, kind, _ in rows]
    elif k < 0.22:
        rows = [(text, kind, True) for text, kind, _ in rows]
    if r.random() < 0.06:
        rows = rows[r.randrange(max(1, len(rows) // 4)) :]
    if r.random() < 0.1:
        stop = next((i for i in range(len(rows) - 1, 0, -1) if rows[i][1] in ("body", "subhead")), len(rows))
        rows = rows[: r.randint(stop + 1, max(stop + 1, len(rows)))]
    if r.random() < 0.08:
        rows = [row for row in rows if row[1] != "title"]
    out: Rows = []
    broken = r.random() < 0.06
    for text, kind, gap in rows:
        if kind == "title" and broken and len(text) > 30:
            out += [(part, kind, gap and i == 0) for i, part in enumerate(_broken(r, text))]
            continue
        if kind == "body" and len(text) > 80 and r.random() < 0.03:
            glued = fill(r.choice(fill.p.groups["glued"])[0][0])
            pieces = _STOP.split(text)
            at = r.randint(0, len(pieces))
            out.append((" ".join([*pieces[:at], glued, *pieces[at:]]), kind, gap))
            continue
        out.append((text, kind, gap))
    return out


def _broken(r: random.Random, title: str) -> list[str]:
    """Return a headline over two or three lines."""
    words = title.split()
    cuts = sorted(r.sample(range(2, len(words)), min(r.choice([1, 1, 2]), max(0, len(words) - 3))))
    return [" ".join(words[a:b]) for a, b in zip([0, *cuts], [*cuts, len(words)], strict=True)]


def seen(p: Pools, seed: int) -> Example:
    """Return the features of a page and its kinds by number."""
    return _seen(page(p, seed))


def _seen(made: Made) -> Example:
    lines, apart, kinds = made
    rules = rule_flags(lines)
    return see(lines, apart, rules), np.array([KINDS.index(kind) for kind in kinds])


_POOLS: dict[str, Pools] = {}


def _many(data: Path, every: bool, seeds: Sequence[int]) -> list[Example]:
    # Read once in each process.
    p = _POOLS.setdefault("p", pools(data, every)) if "p" not in _POOLS else _POOLS["p"]
    found = []
    for seed in seeds:
        got, kinds = seen(p, seed)
        if len(kinds) > 3:
            found.append((got, kinds))
    return found


def make(data: Path, every: bool, seeds: range, workers: int) -> list[Example]:
    """Return a page for each of ``seeds``, in the same order whatever ``workers`` is."""
    # Blocks of a fixed size, so that the pages are the same however many workers make them.
    blocks = [seeds[first : first + 200] for first in range(0, len(seeds), 200)]
    with ProcessPoolExecutor(workers) as pool:
        return [row for block in pool.map(partial(_many, data, every), blocks) for row in block]


def of_written(p: Pools, variants: int, without: Collection[int] = ()) -> list[Example]:
    """Return each page written by hand, but those ``without``, in so many variants."""
    wanted = [i for i in range(len(p.written)) if i not in without]
    found = [_seen(written_page(p, i, seed)) for i in wanted for seed in range(variants)]
    return [row for row in found if len(row[1]) > 3]


def batches(pages: Sequence[Example], size: int, r: random.Random) -> Iterator[list[Example]]:
    """Yield pages of about the same length together, in random order."""
    # With some chance in it, so that other pages meet in each epoch.
    order = sorted(range(len(pages)), key=lambda i: len(pages[i][1]) + r.random() * 6)
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    r.shuffle(groups)
    for group in groups:
        yield [pages[i] for i in group]


def train(pages: Sequence[Example], epochs: int, rate: float = 2e-3, start: Path | None = None) -> Weights:
    """Return the network's weights, as they are stored; learnt on from those of ``start``."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    r = random.Random(0)  # noqa: S311 - the same order every time
    numbers = np.vstack([s.numbers for s, _ in pages])
    # A little more than the deviation: a number that hardly ever varies is not blown up.
    mean, spread = numbers.mean(axis=0), numbers.std(axis=0) + 0.05
    net = network(numbers.shape[1])
    if start:
        mean, spread = started(net, start)
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    steps = epochs * (len(pages) // 16 + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + epochs, pct_start=0.1)
    # -1 marks the lines that only fill a page up.
    loss_of = torch.nn.CrossEntropyLoss(ignore_index=-1, label_smoothing=0.02)
    for epoch in range(epochs):
        total, count = 0.0, 0
        net.train()
        for group in batches(pages, 16, r):
            inputs, wanted = _tensors(group, mean, spread)
            scores = net(*inputs)
            loss = loss_of(scores.reshape(-1, len(KINDS)), wanted.reshape(-1))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total, count = total + loss.item(), count + 1
        sys.stderr.write(f"epoch {epoch + 1}: loss {total / count:.4f}\n")
    return stored(net, mean, spread)


def _tensors(group: Sequence[Example], mean: Floats, spread: Floats) -> tuple[Inputs, torch.Tensor]:
    import torch

    longest = max(len(kinds) for _, kinds in group)
    flat, count = [], 0
    numbers = np.zeros((len(group), longest, len(mean)), dtype=np.float32)
    wanted = np.full((len(group), longest), -1)
    where = []
    for i, (s, kinds) in enumerate(group):
        numbers[i, : len(kinds)] = (s.numbers - mean) / spread
        wanted[i, : len(kinds)] = kinds
        # The place of each real line among all, with those that fill up.
        where += [i * longest + j for j in range(len(kinds))]
        flat.append(s.which + count)
        count += len(s.letters.starts)
    bags = []
    for name in ("letters", "words", "shape"):
        ids = [getattr(s, name).ids for s, _ in group]
        shifts = np.cumsum([0, *map(len, ids)])[:-1]
        starts = [getattr(s, name).starts + shift for (s, _), shift in zip(group, shifts, strict=True)]
        bags.append(
            (torch.from_numpy(np.concatenate(ids).astype(np.int64)), torch.from_numpy(np.concatenate(starts)))
        )
    rows = (torch.tensor(where), torch.from_numpy(np.concatenate(flat)))
    return (torch.from_numpy(numbers), bags, rows), torch.from_numpy(wanted)


def network(numbers: int) -> Any:
    import torch
    from torch import nn

    class Network(nn.Module):
        """As :func:`service.intake.lines.chances`, with dropout."""

        def __init__(self) -> None:
            super().__init__()
            self.table = nn.EmbeddingBag(BUCKETS, COLUMNS, mode="mean")
            nn.init.normal_(self.table.weight, std=0.3)
            self.inner = nn.Linear(3 * COLUMNS + numbers, WIDTH)
            self.along = nn.ModuleList(nn.Conv1d(WIDTH, WIDTH, 3, padding=d, dilation=d) for d in DILATIONS)
            self.whole = nn.Linear(WIDTH, WIDTH, bias=False)
            self.outer = nn.Linear(WIDTH, len(KINDS))
            self.drop = nn.Dropout(0.15)

        def forward(
            self, numbers: torch.Tensor, bags: Pairs, lines: tuple[torch.Tensor, torch.Tensor]
        ) -> torch.Tensor:
            where, which = lines
            rows, longest, _ = numbers.shape
            flat = numbers.new_zeros(rows * longest, 3 * COLUMNS)
            flat[where] = torch.cat([self._looked_up(ids, starts, which) for ids, starts in bags], dim=1)
            # Lines that fill up are 0 at every layer, so that no real line sees them.
            mask = numbers.new_zeros(rows * longest).index_fill(0, where, 1).view(rows, longest, 1)
            flat = self.drop(flat.view(rows, longest, -1))
            if self.training:
                numbers = numbers * (torch.rand(rows, longest, numbers.shape[2]) > 0.08)
            hidden = torch.relu(self.inner(torch.cat([flat, numbers], dim=2))) * mask
            for layer in self.along:
                mixed = torch.relu(layer(self.drop(hidden).transpose(1, 2)).transpose(1, 2))
                hidden = (hidden + mixed) * mask
            mean = hidden.sum(dim=1, keepdim=True) / mask.sum(dim=1, keepdim=True)
            hidden = hidden + torch.relu(self.whole(mean))
            scores: torch.Tensor = self.outer(self.drop(hidden))
            return scores

        def _looked_up(self, ids: torch.Tensor, starts: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
            part: torch.Tensor = self.table(ids, starts)[which]
            return part * (torch.rand(len(part), 1) > 0.12) if self.training else part

    return Network()


def started(net: Any, path: Path) -> tuple[Floats, Floats]:
    """Give the network the weights in ``path``; return the mean and the spread of its numbers."""
    import torch

    with np.load(path, allow_pickle=False) as stored:
        w = {name: stored[name].astype(np.float32) for name in stored}
    layers = [
        (net.table.weight, w["table"] * w["scale"]),
        (net.inner.weight, w["inner"].T),
        (net.inner.bias, w["inner_bias"]),
        (net.whole.weight, w["whole"].T),
        (net.outer.weight, w["outer"].T),
        (net.outer.bias, w["outer_bias"]),
    ]
    for layer, weight, bias in zip(net.along, w["along"], w["along_bias"], strict=True):
        layers += [(layer.weight, weight.transpose(2, 1, 0)), (layer.bias, bias)]
    with torch.no_grad():
        for parameter, values in layers:
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
    return w["mean"], w["spread"]


def stored(net: Any, mean: Floats, spread: Floats) -> Weights:
    """Return the weights as arrays: the table in 8 bits with a scale for each column, the rest in 16."""
    table = net.table.weight.detach().numpy()
    # A few outliers are clipped, for a finer scale for all others.
    limit = np.quantile(np.abs(table), 0.9999, axis=0)
    scale = limit / 127
    # torch has (out, in, 3); here a layer is three matrices for ``hidden @ matrix``.
    along = np.stack([layer.weight.detach().numpy().transpose(2, 1, 0) for layer in net.along])
    arrays = {
        "scale": scale,
        "mean": mean,
        "spread": spread,
        "inner": net.inner.weight.detach().numpy().T,
        "inner_bias": net.inner.bias.detach().numpy(),
        "along": along,
        "along_bias": np.stack([layer.bias.detach().numpy() for layer in net.along]),
        "whole": net.whole.weight.detach().numpy().T,
        "outer": net.outer.weight.detach().numpy().T,
        "outer_bias": net.outer.bias.detach().numpy(),
    }
    stored: Weights = {name: array.astype(np.float16) for name, array in arrays.items()}
    for name in ("scale", "mean", "spread"):
        stored[name] = arrays[name].astype(np.float32)
    stored["table"] = np.clip(np.round(table / scale), -127, 127).astype(np.int8)
    return stored


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--pages", type=int, default=8000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--first", type=int, default=0, help="the first page's seed")
    parser.add_argument("--written", type=int, default=8, help="variants of each page written by hand")
    parser.add_argument("--without", type=int, nargs="*", default=[], help="written pages to leave out")
    parser.add_argument("--start", type=Path, help="weights to learn on from")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--every", action="store_true", help="the development pages' sites and articles too")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.pages)
    pages = make(arguments.data, arguments.every, seeds, arguments.workers)
    if arguments.written:
        pages += of_written(pools(arguments.data, arguments.every), arguments.written, arguments.without)
    weights = train(pages, arguments.epochs, arguments.rate, arguments.start)
    np.savez_compressed(arguments.output, **weights)
    sys.stdout.write(f"{arguments.output}: {len(pages)} pages, {arguments.output.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
