"""Correcting a reading in place: other translations, the user's own, the terms of a glossary, and undoing.

The page sends a reading and what is to be done with it; what comes back is the reading as it is then. Where
strangers share a server, nothing that one of them writes is kept for the others.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from service.context import Ask, asking
from service.document import Reading, SegmentTranslation
from service.errors import InputError, NotInstalled, UnknownModel, UsageError, WartaError
from service.messages import text
from service.page.options import PageOptions
from service.page.serialization import unpack
from service.page.session import View, reopened
from service.page.uploads import COOKIE
from service.page.words import Say, say_for
from service.pipeline import Pipeline
from service.pool import Host
from service.translation.glossary import Glossary, Term
from service.translation.memory.base import DISMISSED, OWN, Memory

if TYPE_CHECKING:
    import gradio as gr

PATIENCE_SECONDS = 120.0
"""How long a reader may wait for an answer."""
OTHERS = 4
"""Other translations of a sentence that are shown."""
LONGEST = 5_000
"""Characters of a sentence that somebody writes."""
MOST_AGAIN = 50
"""Sentences of an article that are translated again when a term is given."""


class Answer(TypedDict, total=False):
    """What the page's script is answered: what it asked for, or ``error``."""

    values: View
    others: Sequence[str]
    before: str | None
    again: int
    line: str
    own: bool
    error: str


class Corrections:
    """What the reading view can ask for, each for its plain values; errors come back as ``error``."""

    def __init__(self, host: Host, options: PageOptions) -> None:
        self._host = host
        self._options = options

    def functions(self) -> list[Callable[..., Answer]]:
        """Return the functions for the page's script, by their names there."""
        import gradio as gr

        def others(asked: object, request: gr.Request) -> Answer:
            return self._answered(self.others, asked, request)

        def correct(asked: object, request: gr.Request) -> Answer:
            return self._answered(self.correct, asked, request)

        def define(asked: object, request: gr.Request) -> Answer:
            return self._answered(self.define, asked, request)

        def revert(asked: object, request: gr.Request) -> Answer:
            return self._answered(self.revert, asked, request)

        def kept(asked: object, request: gr.Request) -> Answer:
            return self._answered(self.kept, asked, request)

        def forget(asked: object, request: gr.Request) -> Answer:
            return self._answered(self.forget, asked, request)

        return [others, correct, define, revert, kept, forget]

    def others(self, asked: Mapping[str, object], _: Say) -> Answer:
        """Return other translations of a sentence. Raises WartaError."""
        reading, source = unpack(asked.get("reading")), _text(asked, "source")
        _known(reading, source)
        return {"others": self._pipeline(reading).others(reading.article, source, OTHERS)}

    def correct(self, asked: Mapping[str, object], say: Say) -> Answer:
        """Put the user's English in the place of a sentence's; keep it for later if asked. Raises WartaError.

        ``before`` in the answer is the user's translation that was kept until then.
        """
        reading, source = unpack(asked.get("reading")), _text(asked, "source")
        english = " ".join(_text(asked, "english").split())
        _known(reading, source)
        if not english:
            raise InputError(say.message("correct_empty"))
        made = self._pipeline(reading).corrected(reading, {source: english})
        before = None
        if asked.get("remember") is True:
            memory = self._own(say)
            before = memory.own([source]).get(source, "")
            memory.add_own([(source, english)])
        return {"values": reopened(made, say), "before": before}

    def define(self, asked: Mapping[str, object], say: Say) -> Answer:
        """Keep a term of the glossary, and translate the sentences with it again. Raises WartaError.

        ``before`` in the answer is its English until then, ``again`` how many sentences were translated.
        """
        reading, term, english = unpack(asked.get("reading")), _text(asked, "term"), _text(asked, "english")
        self._own(say)
        before = self._host.terms.add(term, english)
        self._host.renew()
        given = Glossary([Term(" ".join(term.split()), english)])
        sources = dict.fromkeys(part.source for part in parts(reading) if not part.own)
        held = [source for source in sources if given.find(source)][:MOST_AGAIN]
        made = self._pipeline(reading).again(reading, held)
        return {"values": reopened(made, say), "before": before, "again": len(held)}

    def revert(self, asked: Mapping[str, object], say: Say) -> Answer:
        """Show a reading as it was, and keep what was kept before. Raises WartaError."""
        reading, before = unpack(asked.get("reading")), asked.get("before")
        if isinstance(before, str):
            source = _text(asked, "source")
            memory = self._own(say)
            if before:
                memory.add_own([(source, before)])
            else:
                memory.forget_own([source])
        if isinstance(meant := asked.get("meant"), str):
            self._own(say)
            term = _text(asked, "term")
            if meant:
                self._host.terms.add(term, meant)
            else:
                self._host.terms.remove(term)
            self._host.renew()
        return {"values": reopened(reading, say)}

    def kept(self, _: Mapping[str, object], say: Say) -> Answer:
        """Return what is kept, in a line, and whether the page may keep or forget anything."""
        if not self._host.settings.memory:
            return {"line": say("memory_off"), "own": False}
        memory = self._host.memory()
        if memory is None or not self._options.own:
            return {"line": say("memory_shared"), "own": False}
        entries = memory.stats().entries
        own = entries.get(OWN, 0)
        made = sum(count for name, count in entries.items() if name not in (OWN, DISMISSED))
        terms = len(self._host.terms.terms())
        counts = {"memory_on": made, "memory_own": own, "memory_terms": terms}
        return {"line": " ".join(say(name, count=count) for name, count in counts.items()), "own": True}

    def forget(self, asked: Mapping[str, object], say: Say) -> Answer:
        """Forget what models made, or all, the user's sentences and terms too. Raises WartaError."""
        memory = self._own(say)
        if asked.get("all") is True:
            memory.clear()
            for term in self._host.terms.terms():
                self._host.terms.remove(term.id)
            self._host.renew()
        else:
            memory.clear_made()
        return self.kept(asked, say)

    def _own(self, say: Say) -> Memory:
        """Return the memory, where this page may write the user's own into it. Raises UsageError."""
        memory = self._host.memory() if self._options.own else None
        if memory is None:
            raise UsageError(say.message("memory_not_here"))
        return memory

    def _pipeline(self, reading: Reading) -> Pipeline:
        """Return what the reading was made with, else what there is."""
        try:
            return self._host.pipeline(reading.translation.signature.preset)
        except (UnknownModel, NotInstalled):
            return self._host.pipeline()

    def _answered(
        self, work: Callable[[Mapping[str, object], Say], Answer], asked: object, request: "gr.Request"
    ) -> Answer:
        """Return what ``work`` answers, done on behalf of the session and in time."""
        say = say_for(request)
        # Such a call of Gradio's knows no session but the cookie's.
        who = str((request.cookies or {}).get(COOKIE, ""))
        try:
            with asking(Ask(client=who, deadline=time.monotonic() + PATIENCE_SECONDS)):
                return work(asked if isinstance(asked, dict) else {}, say)
        except WartaError as error:
            return {"error": text(error, say.language)}


def parts(reading: Reading) -> list[SegmentTranslation]:
    """Return what of a reading can be corrected: its title, if it has one, and its sentences."""
    title = reading.translation.title
    return [*([title] if title else []), *reading.translation.segments]


def _known(reading: Reading, source: str) -> None:
    """Raise InputError for a sentence that is not in the reading."""
    if source not in {part.source for part in parts(reading)}:
        raise InputError("reading.no_sentence", "there is no such sentence in this reading")


def _text(asked: Mapping[str, object], name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST:
        raise InputError(
            "reading.long", "{name} is a text of up to {count} characters", name=name, count=LONGEST
        )
    return value.encode("utf-8", "ignore").decode().replace("\0", "")
