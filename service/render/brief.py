"""A Brief and a fact ledger as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from service.document import Brief, Cut, Fact, KeyFact, KeySentence
from service.escape import markdown, markdown_item, markdown_line
from service.facts.ledger import KINDS, to_check
from service.messages import text
from service.render import schema
from service.render.marks import caveat, reasons
from service.render.text import Renderer
from service.translation.confidence import is_marked

_KIND_HEADS = {
    "person": "People",
    "place": "Places",
    "organisation": "Organisations",
    "office": "Offices",
    "number": "Numbers",
    "date": "Dates",
    "time": "Times",
    "money": "Money",
    "quotation": "Quotations",
}
_LEFT_OUT = {
    "dateline": "dateline",
    "opening": "opening words",
    "attribution": "where and when it was said",
    "bracket": "in brackets",
    "clause": "clause",
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The facts of an article, and how many sentences it has."""

    facts: tuple[Fact, ...]
    sentences: int


def brief_text(brief: Brief) -> str:
    """Headline, what happened, key points, figures and names, each with its sentence's number in brackets."""
    parts = [f"{brief.headline}\n{'=' * min(len(brief.headline), 100)}", _sentence(brief.what)]
    if brief.points:
        parts.append("\n".join(f"* {_sentence(point)}" for point in brief.points))
    if brief.facts:
        parts.append(
            "\n".join(f"{label.capitalize()}: {'; '.join(said)}" for label, said in _by_label(brief))
        )
    about = [*_checks(brief), *_left_out(brief), *brief.notes]
    if about:
        parts.append("\n".join(["-" * 20, *about]))
    return "\n\n".join(parts) + "\n"


def brief_markdown(brief: Brief) -> str:
    """The same as Markdown."""
    blocks = [f"# {markdown_line(brief.headline)}", f"**{markdown(_sentence(brief.what))}**"]
    if brief.points:
        blocks.append("\n".join(f"- {markdown_item(_sentence(point))}" for point in brief.points))
    if brief.facts:
        rows = [(label, markdown_line("; ".join(said))) for label, said in _by_label(brief)]
        blocks.append("\n".join(f"- *{label.capitalize()}*: {said}" for label, said in rows))
    if about := [*_checks(brief), *_left_out(brief), *brief.notes]:
        blocks.append("\n".join(f"> {markdown_line(line)}\n>" for line in about).removesuffix("\n>"))
    return "\n\n".join(blocks) + "\n"


def ledger_text(ledger: Ledger) -> str:
    """What to check first, then every fact by kind; a number in brackets is that of the sentence."""
    wrong = to_check(ledger.facts)
    parts = ["\n".join(["To check", *map(_fact_line, wrong)])] if wrong else []
    for kind, facts in _by_kind(ledger.facts):
        parts.append("\n".join([_KIND_HEADS[kind], *map(_fact_line, facts)]))
    return "\n\n".join([*parts, _count(ledger)]) + "\n"


def ledger_markdown(ledger: Ledger) -> str:
    """A table of all facts in reading order."""
    head = "| sentence | kind | Indonesian | English | compared |\n|---|---|---|---|---|"
    rows = (
        (_place(fact.sentence), fact.kind, _cell(fact.source), _cell(fact.target), fact.status)
        for fact in ledger.facts
    )
    return "\n".join([head, *(f"| {' | '.join(row)} |" for row in rows)]) + f"\n\n{_count(ledger)}\n"


BRIEF: Mapping[str, Renderer] = {"text": brief_text, "markdown": brief_markdown, "json": schema.Brief.of}
LEDGER: Mapping[str, Renderer] = {
    "text": ledger_text,
    "markdown": ledger_markdown,
    "json": lambda ledger: schema.Facts.of(ledger.facts),
}


def _sentence(sentence: KeySentence) -> str:
    """The sentence with its number, from 1, and a mark where it is to be compared with the Indonesian."""
    doubt = " (check)" if is_marked(sentence) else ""
    return f"{sentence.text} [{sentence.sentence + 1}]{doubt}"


def _by_label(brief: Brief) -> list[tuple[str, list[str]]]:
    return [
        (label, list(dict.fromkeys(map(_key_fact, facts))))
        for label, facts in groupby(brief.facts, key=lambda fact: fact.label)
    ]


def _key_fact(fact: KeyFact) -> str:
    role = f" ({fact.role})" if fact.role else ""
    doubt = (
        ""
        if fact.fact.status == "kept"
        else f" (in Indonesian: the translation may have it {_wrong(fact.fact)})"
    )
    return f"{fact.value}{role} [{_place(fact.fact.sentence)}]{doubt}"


def _wrong(fact: Fact) -> str:
    return {"changed": "wrong", "missing": "left out"}.get(fact.status, "otherwise")


def _checks(brief: Brief) -> list[str]:
    lines = [f"Check the headline, {f.kind}: {text(f)}" for f in brief.headline_findings]
    for sentence in (brief.what, *brief.points):
        lines += [f"Check sentence {sentence.sentence + 1}, {reason}" for reason in reasons(sentence)]
    lines.append(text(caveat(brief.signature.preset)))
    return lines


def _left_out(brief: Brief) -> list[str]:
    return [
        f"Left out of sentence {sentence.sentence + 1} ({_LEFT_OUT[cut.kind]}): {_cut(cut)}"
        for sentence in (brief.what, *brief.points)
        for cut in sentence.cuts
    ]


def _cut(cut: Cut) -> str:
    return f"“{cut.target}”"


def _fact_line(fact: Fact) -> str:
    arrow = f" → {fact.target}" if fact.target and fact.target != fact.source else ""
    status = "" if fact.status == "kept" else f": {fact.status}"
    return f"* [{_place(fact.sentence)}] {fact.source}{arrow}{status}"


def _place(sentence: int | None) -> str:
    return "title" if sentence is None else str(sentence + 1)


def _by_kind(facts: Sequence[Fact]) -> list[tuple[str, list[Fact]]]:
    kinds = [(kind, [fact for fact in facts if fact.kind == kind]) for kind in KINDS]
    return [(kind, found) for kind, found in kinds if found]


def _counts(facts: Sequence[Fact]) -> dict[str, int]:
    statuses = [fact.status for fact in facts]
    return {status: statuses.count(status) for status in ("kept", "changed", "missing", "unclear")}


def _count(ledger: Ledger) -> str:
    counts = _counts(ledger.facts)
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "none"
    facts, sentences = len(ledger.facts), ledger.sentences
    return f"{facts} fact{'s' * (facts != 1)} in {sentences} sentence{'s' * (sentences != 1)}: {said}"


def _cell(text: str) -> str:
    return markdown_line(text).replace("|", "\\|")
