"""How far the fact ledger can be trusted: ``python -m eval.research.facts``.

On human translations every *changed* or *missing* is a false alarm. Then one fact is exchanged for
another in the English (a figure for another figure, a name for another name), and the ledger has to say
so. Both on warta-bench, where names and figures stand as news has them.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from service.document import Article, Fact, SegmentTranslation
from service.facts.ledger import KINDS, Mentions, facts_of, mentions
from service.text import segment
from service.translation.glossary import Glossary

BENCH = Path(__file__).parents[2] / "eval" / "data" / "warta-bench.jsonl"
STATUSES = ("kept", "changed", "missing", "unclear")
OTHERS = {
    "person": ("Anies Baswedan", "Hendra Gunawan", "Siti Rahma", "Budi Santoso"),
    "place": ("Surabaya", "Medan", "Brazil", "Makassar"),
    "organisation": ("Zorgon",),
    "office": ("astronaut",),
}
_DIGITS = re.compile(r"\d+")


def sentences() -> Iterator[tuple[Mentions, str]]:
    """Yield what each Indonesian sentence of warta-bench holds, and its English by a person."""
    glossary = Glossary.load()
    for line in BENCH.read_text("utf-8").strip().split("\n"):
        row = json.loads(line)
        english = {pair["id"]: pair["en"] for paragraph in row["paragraphs"] for pair in paragraph}
        body = "\n\n".join(" ".join(pair["id"] for pair in paragraph) for paragraph in row["paragraphs"])
        for held in mentions(Article(row["id"], segment.split(body)), glossary):
            if held.text in english:
                yield held, english[held.text]


def compared(held: Mentions, target: str) -> list[Fact]:
    """Return the facts of a sentence beside ``target``."""
    return facts_of(held, SegmentTranslation(held.text, target, 0.0))


def exchanged(fact: Fact, target: str, pick: random.Random) -> str:
    """Return ``target`` with another fact in the place of this one, or nothing where none fits."""
    words = fact.target
    if fact.kind in OTHERS:
        new = pick.choice(OTHERS[fact.kind])
    elif found := _DIGITS.search(words):
        value = int(found[0])
        new = words.replace(found[0], str(value + 7 if value < 90 else value // 10), 1)
    else:
        return ""
    return target[: fact.target_start] + new + target[fact.target_end :]


def main() -> None:
    """Run the command."""
    pick = random.Random(4)  # noqa: S311
    plain: dict[str, Counter[str]] = defaultdict(Counter)
    turned: dict[str, Counter[str]] = defaultdict(Counter)
    for held, target in sentences():
        for fact in compared(held, target):
            plain[fact.kind][fact.status] += 1
            wrong = exchanged(fact, target, pick) if fact.status == "kept" else ""
            if wrong and fact.kind != "quotation" and fact.source not in wrong:
                again = compared(held, wrong)
                now = next(one for one in again if (one.kind, one.start) == (fact.kind, fact.start))
                turned[fact.kind][now.status] += 1
    for name, table in (("as translated by a person", plain), ("with one fact exchanged", turned)):
        sys.stdout.write(f"{name}\n\n| fact | {' | '.join(STATUSES)} |\n|---|---|---|---|---|\n")
        for kind in (kind for kind in KINDS if table[kind]):
            counts = " | ".join(str(table[kind][status]) for status in STATUSES)
            sys.stdout.write(f"| {kind} | {counts} |\n")
        total = sum(table.values(), Counter[str]())
        sys.stdout.write(f"| all | {' | '.join(str(total[status]) for status in STATUSES)} |\n\n")


if __name__ == "__main__":
    main()
