"""Measures where marks land in a translation: ``python -m eval.research.placement [--half tune] [--show]``.

``eval/data/placement.tsv`` has a line for each mark that was placed by hand: its half (``tune`` to choose
settings by, ``held`` for figures), its kind, whose the English is, the source and the English with the mark
between ⟦ and ⟧, and the marked words as the embedded model translates them by themselves. Words between ‹
and › may be in the mark or not; ``⟦⟧`` is the number of a note, which stands between two words. A further
column is another right answer. Sentences go the way that documents go, with the English of the file.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from service.document import Passage, SegmentTranslation
from service.intake.documents.alignment import Mark
from service.intake.documents.blocks import Block, translate_blocks
from service.text.aligner import align

DATA = Path(__file__).parents[1] / "data" / "placement.tsv"
RESULTS = ("right", "at the end, and said so", "wrong")
_OPTIONAL = re.compile(r"‹([^‹›]*)›")
_SIGNS = re.compile("[⟦⟧‹›]")
_EDGE = " .,;:!?…\"'“”‘’()[]"


@dataclass(frozen=True, slots=True)
class Case:
    """A mark: the source before, in and behind it, the English, and the places there that are right."""

    half: str
    kind: str
    english: str
    source: tuple[str, str, str]
    target: str
    right: frozenset[tuple[int, int]]
    alone: str

    @property
    def is_note(self) -> bool:
        """Whether it stands between two words."""
        return not self.source[1]


def load(path: Path = DATA) -> list[Case]:
    """Return the cases of a file. Raises ValueError for a line whose English differs between its answers."""
    return [_case(line) for line in path.read_text("utf-8").rstrip("\n").split("\n")[1:]]


def _case(line: str) -> Case:
    half, kind, english, source, target, alone, *others = line.split("\t")
    before, inside, behind = re.split("[⟦⟧]", source)
    plain = {_SIGNS.sub("", answer) for answer in (target, *others) if answer}
    if len(plain) != 1:
        raise ValueError(f"not one English sentence: {line}")
    right = frozenset(span for answer in (target, *others) if answer for span in _spans(answer))
    return Case(half, kind, english, (before, inside, behind), plain.pop(), right, alone)


def _spans(answer: str) -> Iterator[tuple[int, int]]:
    """Yield each reading of an answer: with and without each optional part at the mark's edges."""
    before, inside, _ = re.split("[⟦⟧]", answer)
    start = len(_SIGNS.sub("", before))
    text = _SIGNS.sub("", inside)
    lead = re.match(r"‹([^‹›]*)› ?", inside)
    tail = re.search(r" ?‹([^‹›]*)›\Z", inside)
    firsts = {0, len(_SIGNS.sub("", lead[0])) if lead else 0}
    lasts = {len(text), len(text) - (len(_SIGNS.sub("", tail[0])) if tail else 0)}
    yield from (_trimmed(text, start, a, b) for a, b in product(firsts, lasts) if a < b or not text)


def _trimmed(text: str, start: int, first: int, last: int) -> tuple[int, int]:
    """Return a span without white space and punctuation at its edges."""
    part = text[first:last]
    lead = len(part) - len(part.lstrip(_EDGE))
    inner = part.strip(_EDGE)
    return start + first + lead, start + first + lead + len(inner)


def result(case: Case) -> tuple[str, str]:
    """Return how a case comes out, one of :data:`RESULTS`, and the English with the mark."""
    before, inside, behind = case.source
    texts = (before, behind) if case.is_note else case.source
    marks = () if case.is_note else (Mark(1, 2),)
    whole = "".join(case.source)

    def translate(passage: Passage) -> Iterable[SegmentTranslation]:
        known = {whole: case.target, inside.strip(): case.alone, inside.strip(_EDGE): case.alone}
        return [SegmentTranslation(s, known.get(s, s), 0.0) for s in passage.sentences]

    (change,), findings = translate_blocks([Block(texts, marks, "1")], translate)
    done = change.texts if change else texts
    shown = "⟦⟧".join(done) if case.is_note else f"{done[0]}⟦{done[1]}⟧{done[2]}"
    start = len(done[0])
    place = (start, start) if case.is_note else _trimmed("".join(done), 0, start, start + len(done[1]))
    if case.is_note:
        places = {(len(case.target[:a].rstrip()), b) for a, b in case.right}
        good = any(case.target[:start].rstrip(_EDGE) == case.target[:a].rstrip(_EDGE) for a, _ in places)
    else:
        good = place in case.right
    said = any(found.finding.kind == "format" for found in findings)
    return ("right" if good else RESULTS[1] if said else RESULTS[2]), shown


def table(cases: Sequence[Case], results: Sequence[str]) -> Iterator[str]:
    """Yield the figures, a line a kind and whose the English is."""
    groups = [("all", cases)]
    kinds = [*sorted({case.kind for case in cases}), *sorted({case.english for case in cases})]
    groups += [(kind, [case for case in cases if kind in (case.kind, case.english)]) for kind in kinds]
    yield f"| {'marks':12} | number | " + " | ".join(RESULTS) + " |"
    yield "|---|---:|" + "---:|" * len(RESULTS)
    outcome = dict(zip(map(id, cases), results, strict=True))
    for name, part in groups:
        counts = Counter(outcome[id(case)] for case in part)
        shares = " | ".join(f"{counts[each] / len(part):.1%}" for each in RESULTS)
        yield f"| {name:12} | {len(part)} | {shares} |"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--half", choices=("tune", "held", "last", "all"), default="held")
    parser.add_argument("--show", action="store_true", help="every mark that is not right")
    options = parser.parse_args()
    cases = [case for case in load(options.data) if options.half in ("all", case.half)]
    align("Ya.", "Yes.")  # loads the table
    began = time.process_time()
    done = [result(case) for case in cases]
    taken = time.process_time() - began
    if options.show:
        for case, (outcome, shown) in zip(cases, done, strict=True):
            if outcome != "right":
                source = "{}⟦{}⟧{}".format(*case.source)
                right = sorted(case.target[a:b] for a, b in case.right)
                sys.stdout.write(f"{outcome} ({case.kind}): {source}\n  {shown}\n  right: {right}\n")
    sys.stdout.writelines(f"{line}\n" for line in table(cases, [outcome for outcome, _ in done]))
    sys.stdout.write(f"{len(cases) / taken:.0f} sentences a second of processor time\n")


if __name__ == "__main__":
    main()
