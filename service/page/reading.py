"""Readings as HTML. Every string that comes from an article, a model or a user is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from service.document import (
    Article,
    Brief,
    Finding,
    KeyFact,
    KeySentence,
    Message,
    Reading,
    SegmentTranslation,
    Summary,
    SummarySentence,
    Translation,
)
from service.intake.credit import credit_line
from service.intake.plain import groups
from service.messages import text
from service.page.words import Say
from service.render.marks import caveat
from service.summary.routes import NAMES
from service.translation.confidence import Judged, is_marked, likely_wrong


def flags(found: Sequence[Finding], say: Say, *, low: float | None = None) -> str:
    """Return what to check, as a list with the kind first; ``low`` is a confidence too low to pass unsaid."""
    items = [
        f"<li><b>{escape(say.kind(f.kind))}</b> <span>{escape(text(f, say.language))}</span>"
        f"{_advice(f.kind, say)}</li>"
        for f in found
    ]
    if not items and low is not None:
        items = [f"<li>{say('may_be_wrong')}</li>"]
    return f'<ul class="flags">{"".join(items)}</ul>' if items else ""


def _advice(kind: str, say: Say) -> str:
    """Return what to do about a finding of that kind."""
    advice = say.advice(kind)
    return f" <i>{advice}</i>" if advice else ""


def marks(part: Judged, say: Say) -> str:
    """Return the flags of a sentence of a translation or a summary."""
    return flags(part.findings, say, low=part.confidence if likely_wrong(part) else None)


def row(number: int, part: SegmentTranslation, say: Say, *, opens: bool) -> str:
    """Return one sentence with its translation, numbered from 1; ``opens`` says that a paragraph begins
    here.
    """
    noted = marks(part, say)
    classes = "pair" + (" opens" if opens else "") + (" flagged" if noted else "")
    yours = f'<span class="own">{say("correct_own")}</span>' if part.own else ""
    correct = _correct(say("correct_sentence", number=number), say)
    # One tab stop for all of them; the arrow keys go on from there.
    stop = "0" if number == 1 else "-1"
    return (
        f'<li class="{classes}" id="s{number}" tabindex="{stop}">'
        f'<span class="number" aria-hidden="true">{number}</span>'
        f'<p class="source" lang="id">{escape(part.source)}</p>'
        f'<div class="target"><p lang="en">{escape(part.target)}</p>{yours}{noted}{correct}</div></li>'
    )


def _correct(label: str, say: Say) -> str:
    """Return the button that opens a sentence to be corrected; Enter on the sentence does the same."""
    return (
        f'<button type="button" class="correct" data-action="correct" tabindex="-1" aria-label="{label}">'
        f"{say('correct')}</button>"
    )


def rows(article: Article, parts: Sequence[SegmentTranslation], say: Say, first: int = 0) -> str:
    """Return the rows of ``parts``, the article's segments from index ``first`` on."""
    paragraphs = article.body.paragraphs()
    made = []
    for index, part in enumerate(parts, start=first):
        opens = index == 0 or paragraphs[index] != paragraphs[index - 1]
        made.append(row(index + 1, part, say, opens=opens))
    return "".join(made)


def credits(article: Article) -> str:
    """Return who wrote it, when, and where it stood, under the headline."""
    line = credit_line(article.byline, article.published, article.site)
    return f'<p class="credits" lang="id">{escape(line)}</p>' if line else ""


def title(headline: str, part: SegmentTranslation | None, say: Say, made_from: Judged | None = None) -> str:
    """Return the headline, and beneath it the article's own title where it has one.

    A headline that is likely wrong is set small, under the Indonesian. ``made_from`` is the sentence it was
    made from where the article has none: what was found there holds for it.
    """
    english = f'<span class="headline" lang="en">{escape(headline)}</span>'
    if not part:
        return f"<h2>{english}</h2>" + (marks(made_from, say) if made_from else "")
    noted = marks(part, say)
    source = escape(part.source)
    yours = f'<span class="own">{say("correct_own")}</span>' if part.own else ""
    if likely_wrong(part) and not part.own:
        lines = f'<h2 lang="id">{source}</h2><p class="kicker doubtful">{english}</p>{noted or doubt(say)}'
    else:
        lines = f'<h2>{english}</h2><p class="kicker" lang="id">{source}</p>{yours}{noted}'
    held = f'<div class="marked" tabindex="-1">{lines}</div>' if noted else lines
    return f'<div class="head" data-source="{source}">{held}{_correct(say("correct_headline"), say)}</div>'


def doubt(say: Say) -> str:
    """Return what a reader is told of English that is likely wrong."""
    return f'<ul class="flags"><li>{say("may_be_wrong")}</li></ul>'


def brief(made: Brief, say: Say) -> str:
    """Return what happened, the key points, figures and names, each linked to its sentence."""
    points = "".join(f"<li>{_key(point, say)}</li>" for point in made.points)
    held: dict[str, list[KeyFact]] = {}
    for one in made.facts:
        held.setdefault(one.label, []).append(one)
    facts = "".join(
        f"<div><dt>{say('fact_' + label.replace(' ', '_'))}</dt>{''.join(_fact(f, say) for f in found)}</div>"
        for label, found in held.items()
    )
    return (
        f'<section aria-labelledby="brief-head"><h3 id="brief-head">{say("brief")}</h3>'
        f'<div class="what">{_key(made.what, say)}</div>'
        + (f'<ul class="points">{points}</ul>' if points else "")
        + (f'<dl class="facts">{facts}</dl>' if facts else "")
        + _cuts(made, say)
        + "</section>"
    )


def _jump(index: int, say: Say) -> str:
    number = index + 1
    return f'<a class="jump" href="#s{number}" aria-label="{say("sentence", number=number)}">{number}</a>'


def _key(one: KeySentence, say: Say) -> str:
    """Return a sentence of the brief; where it is likely wrong, with the Indonesian."""
    line = f'<p><span lang="en">{escape(one.text)}</span> {_jump(one.sentence, say)}</p>'
    if one.band != "low":
        return line
    return f'{line}{doubt(say)}<p class="kicker" lang="id">{escape(one.source)}</p>'


def _fact(one: KeyFact, say: Say) -> str:
    role = f' <span class="role" lang="en">{escape(one.role)}</span>' if one.role else ""
    kept = one.fact.status == "kept"
    value = f'<span lang="{"en" if kept else "id"}">{escape(one.value)}</span>'
    note = "" if kept else f" <i>{say('fact_source')}</i>"
    index = one.fact.sentence
    return f"<dd>{value}{role}{note} {'' if index is None else _jump(index, say)}</dd>"


def _cuts(made: Brief, say: Say) -> str:
    """Return what was left out of the sentences shown, folded."""
    items = "".join(
        f'<li>{_jump(one.sentence, say)} <span lang="en">{escape(cut.target)}</span></li>'
        for one in (made.what, *made.points)
        for cut in one.cuts
        if cut.target
    )
    if not items:
        return ""
    return f'<details class="cuts"><summary>{say("brief_cuts")}</summary><ul>{items}</ul></details>'


def brief_to_come(say: Say) -> str:
    """Return what stands in the brief's place, about as large, until every sentence is read."""
    lines = "".join(f'<span class="bone" style="width:{width}%"></span>' for width in (96, 70, 88, 92, 80))
    return f'<p class="hint to-come">{say("brief_to_come")}</p><div aria-hidden="true">{lines}</div>'


def columns(say: Say) -> str:
    """Return the heads of the two columns."""
    return (
        f'<div class="columns" aria-hidden="true"><span>{say("column_source")}</span>'
        f"<span>{say('column_target')}</span></div>"
    )


def summary(made: Summary, sources: Sequence[str], say: Say) -> str:
    """Return the summary's sentences, each a button that shows the Indonesian it rests on."""
    claims = "".join(_claim(n, s, sources, say) for n, s in enumerate(made.sentences, start=1))
    notes = "".join(f"<li>{escape(text(note, say.language))}</li>" for note in made.notes)
    return (
        f'<details class="written"><summary>{say("summary")}</summary>'
        f'<p class="hint">{say("summary_hint")}</p><ol class="claims">{claims}</ol>'
        + (f'<ul class="notes">{notes}</ul>' if notes else "")
        + "</details>"
    )


def _claim(number: int, sentence: SummarySentence, sources: Sequence[str], say: Say) -> str:
    proofs = "".join(
        f'<li><a class="jump" href="#s{index + 1}">{say("sentence", number=index + 1)}</a> '
        f'<q lang="id">{escape(sources[index])}</q></li>'
        for index in sentence.support
    )
    proof = f"<ul>{proofs}</ul>" if proofs else f"<p>{say('no_support')}</p>"
    support = " ".join(str(index + 1) for index in sentence.support)
    return (
        f'<li><button type="button" class="claim" lang="en" aria-expanded="false" '
        f'aria-controls="proof{number}" data-support="{support}">{escape(sentence.text)}</button>'
        f"{marks(sentence, say)}"
        f'<div class="proof" id="proof{number}" hidden>'
        f'<p class="label">{say("rests_on")}</p>{proof}</div></li>'
    )


def warnings(found: Sequence[Message], say: Say) -> str:
    """Return what to know before trusting any of it."""
    return "".join(
        f'<p class="warning"><b>{say("careful")}</b> {escape(text(one, say.language))}</p>' for one in found
    )


def captions(translation: Translation, say: Say) -> str:
    """Return the captions of the pictures, folded: translated, or with a button that has them translated."""
    sources = translation.article.captions
    if not sources:
        return ""
    done = translation.captions
    items = "".join(
        f'<li><span lang="id">{escape(source)}</span>{_caption(translation, number, say)}</li>'
        for number, source in enumerate(sources)
    )
    word = say("captions_translate")
    button = "" if done else f'<button type="button" class="link" data-action="captions">{word}</button>'
    return (
        f'<details class="captions"><summary>{say("captions", count=len(sources))}</summary>'
        f"<ul>{items}</ul>{button}</details>"
    )


def _caption(translation: Translation, number: int, say: Say) -> str:
    """Return the English of a caption with what to check in it; nothing where there is none."""
    parts = [part for part in translation.captions if part.paragraph == number]
    if not parts:
        return ""
    english = escape(" ".join(part.target for part in parts))
    return f'<p lang="en">{english}</p>' + "".join(marks(part, say) for part in parts)


def furniture(article: Article, say: Say) -> str:
    """Return what cleaning set aside, folded, each piece with a button that puts it back."""
    if not article.furniture:
        return ""
    button = f'<button type="button" class="link" data-action="restore">{say("put_back")}</button>'
    items = "".join(
        f'<li><span lang="id">{escape(piece.text)}</span> '
        f"<i>{escape(say.reason(piece.reason))}</i> {button}</li>"
        for piece in article.furniture
    )
    named = ", ".join(say("group_" + name.replace(" ", "_")) for name in groups(article.furniture))
    count = len(article.furniture)
    said = say("left_out", count=count, groups=named)
    return f'<details class="furniture"><summary>{said}</summary><ul>{items}</ul></details>'


def about(reading: Reading, say: Say) -> str:
    """Return how the reading was made: counts, model, signature."""
    translation = reading.translation
    signature = translation.signature
    parts = [*translation.segments, *([translation.title] if translation.title else [])]
    flagged = sum(map(is_marked, parts))
    lines = [
        say(
            "about_count",
            count=len(translation.segments),
            seconds=say.number(reading.seconds, 1),
            flagged=flagged,
        ),
        escape(text(caveat(signature.preset), say.language)),
        say("about_model", model=escape(signature.preset), route=_route(reading.summary.route, say)),
    ]
    rest = f"<p><code>{escape(str(reading.summary.signature))}</code></p>"
    return (
        f'<details class="about"><summary>{say("about")}</summary>'
        f"{''.join(f'<p>{line}</p>' for line in lines)}{rest}</details>"
    )


def _route(name: str, say: Say) -> str:
    """Return how the menu names a route; one that is not in it, as of a text too short, by its own name."""
    return say("route_" + name) if name in NAMES else escape(name)


def tools(say: Say) -> str:
    """Return what can be done with a finished reading."""
    kinds = [(kind, f"save_{kind}") for kind in ("docx", "html", "md", "txt", "json", "xlf")]
    saves = "".join(
        f'<button type="button" data-action="save" data-format="{kind}" aria-label="{say(word + "_long")}">'
        f"{say(word)}</button>"
        for kind, word in kinds
    )
    return (
        f'<button type="button" data-action="copy" data-done="{say("copied")}">{say("copy")}</button>'
        f'<button type="button" data-action="print">{say("print")}</button>'
        f'<span class="label" id="save-label">{say("save_as")}</span>{saves}'
    )


def partial_tools(say: Say) -> str:
    """Do the same for one that was stopped."""
    return f'<button type="button" data-action="copy" data-done="{say("copied")}">{say("copy")}</button>'
