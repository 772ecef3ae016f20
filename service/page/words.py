"""The page's words. The English ones are in static/words.en.json, others in the catalogues of messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from service.document import Message
from service.messages import LANGUAGES, text

if TYPE_CHECKING:
    import gradio as gr
    from starlette.requests import Request

COOKIE = "warta-language"


_SWAPPED = str.maketrans(",.", ".,")


@cache
def english() -> Mapping[str, tuple[str, str]]:
    """Return every text of the interface by name: the English, and its plural where it has one."""
    source = (files("service.page") / "static" / "words.en.json").read_text("utf-8")
    return {n: (t[0], t[1]) if isinstance(t, list) else (t, "") for n, t in json.loads(source).items()}


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Return language -> name -> text, for what the browser says by itself."""
    return {code: {name: Say(code)(name) for name in english()} for code in LANGUAGES}


@dataclass(frozen=True, slots=True)
class Say:
    """The interface in one language. What it gives is HTML, its values escaped by the caller."""

    language: str

    def __call__(self, name: str, /, **values: object) -> str:
        """Return the text of that name, its places filled."""
        return text(self.message(name, **values), self.language)

    def message(self, name: str, /, **values: object) -> Message:
        """Return the text of that name as a message, which is said later."""
        one, plural = english()[name]
        return Message.of(f"page.{name}", one, plural=plural, **values)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number as the language writes it: 1,234.5 in English, 1.234,5 in Indonesian."""
        text = f"{value:,.{digits}f}"
        return text.translate(_SWAPPED) if self.language == "id" else text

    def kind(self, kind: str) -> str:
        """Return the name of a kind of finding."""
        return self._known(f"kind_{kind}", kind)

    def advice(self, kind: str) -> str:
        """Return what to do about a finding of a kind; empty where nothing special is known."""
        return self._known(f"todo_{kind}", "")

    def reason(self, reason: str) -> str:
        """Return why a line counts as boilerplate."""
        return self._known(f"reason_{reason}", reason)

    def _known(self, name: str, otherwise: str) -> str:
        return self(name) if name in english() else otherwise


def language_of(cookies: Mapping[str, str], accepted: str, asked: str = "") -> str:
    """Return ``en`` or ``id``: what the address asks for, what was chosen before, what the browser
    prefers.
    """
    for choice in (asked, cookies.get(COOKIE, ""), accepted[:2].lower()):
        if choice in LANGUAGES:
            return choice
    return LANGUAGES[0]


def say_for(request: gr.Request | Request) -> Say:
    """Return the language of a Gradio request."""
    cookies = request.cookies or {}
    return Say(language_of(cookies, str(request.headers.get("accept-language", ""))))
