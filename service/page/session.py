"""What the Read tab's view shows at one moment, as the values its script lays out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TypedDict

from service.document import Article, Message, Reading, SegmentTranslation
from service.messages import text
from service.page import reading as view
from service.page.serialization import pack
from service.page.words import Say
from service.render.marks import caveat
from service.translation.confidence import is_marked


class View(TypedDict):
    """What the view's script lays out."""

    run: str
    address: str
    phase: str
    done: int
    total: int
    status: str
    announce: str
    error: str
    warnings: str
    title: str
    brief: str
    summary: str
    columns: str
    rows: str
    tail: str
    tools: str
    reading: dict[str, object] | None


class Shown:
    """A run as the reader sees it. ``rows`` only grows, so that only what is new goes to the browser."""

    def __init__(self, run: str, say: Say, address: str = "") -> None:
        self._say = say
        self._article: Article | None = None
        self._done = 0
        self._values: View = {
            "run": run,
            "address": address,
            "phase": "running",
            "done": 0,
            "total": 0,
            "status": say("opening"),
            "announce": say("reading"),
            "error": "",
            "warnings": "",
            "title": "",
            "brief": "",
            "summary": "",
            "columns": "",
            "rows": "",
            "tail": "",
            "tools": "",
            "reading": None,
        }

    @property
    def values(self) -> View:
        """A copy, as it is now."""
        return self._values.copy()

    def opened(self, article: Article, total: int, model: str, warnings: Sequence[Message]) -> None:
        """Show that the article is read and the model is there; ``total`` counts the sentences, the
        title too.
        """
        self._article = article
        self._values |= {
            "total": total,
            "status": self._say("progress", done=0, count=total, model=escape(model)),
            "warnings": view.warnings(warnings, self._say),
            "brief": view.brief_to_come(self._say),
            "columns": view.columns(self._say),
            "tail": view.furniture(article, self._say),
        }
        self._model = model

    def draft(self, part: SegmentTranslation) -> None:
        """Show the first sentence, which :meth:`more` will bring again, decoded once more."""
        if self._article is None:
            raise ValueError("a sentence before there is an article")
        if self._article.title:
            self._values["title"] = view.title(part.target, part, self._say) + view.credits(self._article)
        else:
            self._values["rows"] = view.rows(self._article, [part], self._say)
        self._values["status"] = self._say("again", count=self._values["total"], model=escape(self._model))

    def more(self, parts: Sequence[SegmentTranslation]) -> None:
        """Show the next translations, in reading order, the title's first."""
        if self._article is None:
            raise ValueError("more sentences before there is an article")
        titles = 1 if self._article.title else 0
        if self._done == 0:
            self._values["rows"] = ""  # a draft
        if self._done == 0 and titles and parts:
            head = view.title(parts[0].target, parts[0], self._say)
            self._values["title"] = head + view.credits(self._article)
        body = [part for place, part in enumerate(parts, start=self._done) if place >= titles]
        first = max(0, self._done - titles)
        self._values["rows"] += view.rows(self._article, body, self._say, first)
        self._done += len(parts)
        total = self._values["total"]
        done = {"done": self._done, "count": total, "model": escape(self._model)}
        word = "progress" if self._done < total else "summarising"
        self._values |= {"done": self._done, "status": self._say(word, **done)}

    def finished(self, reading: Reading) -> None:
        """Show all of it."""
        translation = reading.translation
        parts = [*([translation.title] if translation.title else []), *translation.segments]
        flagged = sum(map(is_marked, parts))
        counted = {"count": len(translation.segments), "seconds": self._say.number(reading.seconds, 1)}
        unmarked = escape(text(caveat(translation.signature.preset), self._say.language))
        self._values |= {
            "phase": "done",
            "status": f'{self._say("read_in", **counted)}. <span class="caveat">{unmarked}</span>',
            "announce": f"{self._say('finished', **counted, flagged=flagged)}. {unmarked}",
            "title": view.title(reading.headline, translation.title, self._say, reading.headline_from)
            + view.credits(reading.article),
            "brief": view.brief(reading.brief, self._say) if reading.brief else "",
            "summary": view.summary(reading.summary, [s.source for s in translation.segments], self._say),
            "tools": view.tools(self._say),
            "tail": view.captions(translation, self._say)
            + view.furniture(reading.article, self._say)
            + view.about(reading, self._say),
            "reading": pack(reading),
        }

    def stopped(self) -> None:
        """Cut short by the reader; what is there stays."""
        word = self._say("stopped", done=self._done, count=self._values["total"])
        self._values |= {"phase": "stopped", "status": word, "announce": word, "brief": ""}
        if self._done:
            self._values["tools"] = view.partial_tools(self._say)

    def failed(self, message: str) -> None:
        """Cut short by an error, in one line; what is there stays."""
        error = f"<p><b>{self._say('error')}</b> {escape(message)}</p>"
        self._values |= {"phase": "failed", "status": "", "announce": "", "error": error, "brief": ""}
        if self._done:
            self._values["tools"] = view.partial_tools(self._say)


def reopened(reading: Reading, say: Say, run: str = "reopened") -> View:
    """Return a reading that the browser kept, as it was shown."""
    shown = Shown(run, say)
    parts = [*([reading.translation.title] if reading.translation.title else [])]
    parts += reading.translation.segments
    signature = reading.translation.signature
    shown.opened(reading.article, len(parts), signature.preset, reading.translation.warnings)
    shown.more(parts)
    shown.finished(reading)
    return shown.values
