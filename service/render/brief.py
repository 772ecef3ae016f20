"""A Brief and a fact ledger as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from service.document import Brief, Fact, KeyFact, KeySentence, Message
from service.escape import markdown, markdown_item, markdown_line
from service.facts.ledger import KINDS, to_check
from service.messages import term, text
from service.render import schema
from service.render.marks import caveat, reasons
from service.render.text import Renderer
from service.translation.confidence import is_marked

_KIND_HEADS = {
    "person": Message.of("brief.people", "People"),
    "place": Message.of("brief.places", "Places"),
    "organisation": Message.of("brief.organisations", "Organisations"),
    "office": Message.of("brief.offices", "Offices"),
    "number": Message.of("brief.numbers", "Numbers"),
    "date": Message.of("brief.dates", "Dates"),
    "time": Message.of("brief.times", "Times"),
    "money": Message.of("brief.money", "Money"),
    "quotation": Message.of("brief.quotations", "Quotations"),
}
_LEFT_OUT = {
    "dateline": Message.of("brief.cut_dateline", "dateline"),
    "opening": Message.of("brief.cut_opening", "opening words"),
    "attribution": Message.of("brief.cut_attribution", "where and when it was said"),
    "bracket": Message.of("brief.cut_bracket", "in brackets"),
    "clause": Message.of("brief.cut_clause", "clause"),
}
_STATUS = {
    "kept": Message.of("brief.kept", "kept"),
    "changed": Message.of("brief.changed", "changed"),
    "missing": Message.of("brief.missing", "missing"),
    "unclear": Message.of("brief.unclear", "unclear"),
}
_WRONG = {
    "changed": Message.of("brief.wrong", "wrong"),
    "missing": Message.of("brief.left_out", "left out"),
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The facts of an article, and how many sentences it has."""

    facts: tuple[Fact, ...]
    sentences: int


def brief_text(brief: Brief) -> str:
    """Return headline, what happened, key points, figures and names, each with its sentence's number."""
    parts = [f"{brief.headline}\n{'=' * min(len(brief.headline), 100)}", key_sentence(brief.what)]
    if brief.points:
        parts.append("\n".join(f"* {key_sentence(point)}" for point in brief.points))
    if brief.facts:
        parts.append(
            "\n".join(f"{term(label).capitalize()}: {'; '.join(said)}" for label, said in by_label(brief))
        )
    about = [*_checks(brief), *_left_out(brief), *map(text, brief.notes)]
    if about:
        parts.append("\n".join(["-" * 20, *about]))
    return "\n\n".join(parts) + "\n"


def brief_markdown(brief: Brief) -> str:
    """Return the same as Markdown."""
    blocks = [f"# {markdown_line(brief.headline)}", f"**{markdown(key_sentence(brief.what))}**"]
    if brief.points:
        blocks.append("\n".join(f"- {markdown_item(key_sentence(point))}" for point in brief.points))
    if brief.facts:
        rows = [(label, markdown_line("; ".join(said))) for label, said in by_label(brief)]
        blocks.append("\n".join(f"- *{term(label).capitalize()}*: {said}" for label, said in rows))
    if about := [*_checks(brief), *_left_out(brief), *map(text, brief.notes)]:
        # An empty line of the quotation between two, or Markdown would join them to one paragraph.
        blocks.append("\n".join(f"> {markdown_line(line)}\n>" for line in about).removesuffix("\n>"))
    return "\n\n".join(blocks) + "\n"


def ledger_text(ledger: Ledger) -> str:
    """Return what to check first, then every fact by kind; a number in brackets is that of the sentence."""
    wrong = to_check(ledger.facts)
    parts = (
        ["\n".join([text(Message.of("brief.to_check", "To check")), *map(_fact_line, wrong)])]
        if wrong
        else []
    )
    for kind, facts in _by_kind(ledger.facts):
        parts.append("\n".join([text(_KIND_HEADS[kind]), *map(_fact_line, facts)]))
    return "\n\n".join([*parts, _count(ledger)]) + "\n"


def ledger_markdown(ledger: Ledger) -> str:
    """Return a table of all facts in reading order."""
    head = text(Message.of("brief.table", "| sentence | kind | Indonesian | English | compared |"))
    rows = (
        (
            _place(fact.sentence),
            term(fact.kind),
            _cell(fact.source),
            _cell(fact.target),
            text(_STATUS[fact.status]),
        )
        for fact in ledger.facts
    )
    return (
        "\n".join([head, "|---|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)])
        + f"\n\n{_count(ledger)}\n"
    )


BRIEF: Mapping[str, Renderer] = {"text": brief_text, "markdown": brief_markdown, "json": schema.Brief.of}
LEDGER: Mapping[str, Renderer] = {
    "text": ledger_text,
    "markdown": ledger_markdown,
    "json": lambda ledger: schema.Facts.of(ledger.facts),
}


def key_sentence(sentence: KeySentence) -> str:
    """Return the sentence with its number, from 1, and a mark where it is to be compared."""
    doubt = f" ({_check()})" if is_marked(sentence) else ""
    return f"{sentence.text} [{sentence.sentence + 1}]{doubt}"


def by_label(brief: Brief) -> list[tuple[str, list[str]]]:
    """Return the figures and names of a brief by their label, each with its sentence's number."""
    return [
        (label, list(dict.fromkeys(map(_key_fact, facts))))
        # Facts with one label stand together already; groupby joins only neighbours.
        for label, facts in groupby(brief.facts, key=lambda fact: fact.label)
    ]


def _key_fact(fact: KeyFact) -> str:
    role = f" ({fact.role})" if fact.role else ""
    doubt = "" if fact.fact.status == "kept" else f" ({_doubt(fact.fact)})"
    return f"{fact.value}{role} [{_place(fact.fact.sentence)}]{doubt}"


def _doubt(fact: Fact) -> str:
    wrong = _WRONG.get(fact.status, Message.of("brief.otherwise", "otherwise"))
    return text(Message.of("brief.doubt", "in Indonesian: the translation may have it {wrong}", wrong=wrong))


def _check() -> str:
    return text(Message.of("brief.check", "check"))


def _checks(brief: Brief) -> list[str]:
    lines = [
        Message.of(
            "brief.check_headline",
            "Check the headline, {kind}: {finding}",
            kind=term(found.kind),
            finding=text(found),
        )
        for found in brief.headline_findings
    ]
    lines += [
        Message.of(
            "brief.check_said",
            "Check sentence {number}, {reason}",
            number=sentence.sentence + 1,
            reason=reason,
        )
        for sentence in (brief.what, *brief.points)
        for reason in reasons(sentence)
    ]
    return [*map(text, lines), text(caveat(brief.signature.preset))]


def _left_out(brief: Brief) -> list[str]:
    return [
        text(
            Message.of(
                "brief.left_out_of",
                "Left out of sentence {number} ({what}): “{words}”",
                number=sentence.sentence + 1,
                what=_LEFT_OUT[cut.kind],
                words=cut.target,
            )
        )
        for sentence in (brief.what, *brief.points)
        for cut in sentence.cuts
    ]


def _fact_line(fact: Fact) -> str:
    arrow = f" → {fact.target}" if fact.target and fact.target != fact.source else ""
    status = "" if fact.status == "kept" else f": {text(_STATUS[fact.status])}"
    return f"* [{_place(fact.sentence)}] {fact.source}{arrow}{status}"


def _place(sentence: int | None) -> str:
    return text(Message.of("shown.title", "title")) if sentence is None else str(sentence + 1)


def _by_kind(facts: Sequence[Fact]) -> list[tuple[str, list[Fact]]]:
    kinds = [(kind, [fact for fact in facts if fact.kind == kind]) for kind in KINDS]
    return [(kind, found) for kind, found in kinds if found]


def _counts(facts: Sequence[Fact]) -> dict[str, int]:
    statuses = [fact.status for fact in facts]
    return {status: statuses.count(status) for status in ("kept", "changed", "missing", "unclear")}


def _count(ledger: Ledger) -> str:
    counts = _counts(ledger.facts)
    none = text(Message.of("brief.none", "none"))
    said = ", ".join(f"{count} {text(_STATUS[status])}" for status, count in counts.items() if count) or none
    sentences = Message.of(
        "brief.sentences", "{count} sentence", plural="{count} sentences", count=ledger.sentences
    )
    facts = Message.of(
        "brief.facts",
        "{count} fact in {sentences}: {said}",
        plural="{count} facts in {sentences}: {said}",
        count=len(ledger.facts),
        sentences=sentences,
        said=said,
    )
    return text(facts)


def _cell(text: str) -> str:
    return markdown_line(text).replace("|", "\\|")
