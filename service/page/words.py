"""The page's words in both languages, and the ones that stand for the program's own names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from service.page.said import said

LANGUAGES = ("en", "id")
COOKIE = "warta-language"


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Every text of the interface: language -> name -> text."""
    folder = files("service.page") / "static"
    return {code: json.loads((folder / f"words.{code}.json").read_text("utf-8")) for code in LANGUAGES}


@dataclass(frozen=True, slots=True)
class Say:
    """The interface in one language. What it gives is HTML, its values escaped by the caller."""

    language: str

    def __call__(self, name: str, /, **values: Any) -> str:
        """The text of that name, its places filled."""
        text = words()[self.language][name]
        return text.format(**values) if values else text

    def kind(self, kind: str) -> str:
        """A kind of finding."""
        return words()[self.language].get(f"kind_{kind}", kind)

    def told(self, text: str) -> str:
        """What the program said, in this language where that is known."""
        return said(text, self.language)

    def reason(self, reason: str) -> str:
        """Why a line counts as furniture."""
        return words()[self.language].get(f"reason_{reason}", reason)


def language_of(cookies: Mapping[str, str], accepted: str, asked: str = "") -> str:
    """``en`` or ``id``: what the address asks for, what was chosen before, what the browser prefers."""
    for choice in (asked, cookies.get(COOKIE, ""), accepted[:2].lower()):
        if choice in LANGUAGES:
            return choice
    return LANGUAGES[0]


def say_for(request: Any) -> Say:
    """The language of a Gradio request."""
    cookies = request.cookies or {}
    return Say(language_of(cookies, str(request.headers.get("accept-language", ""))))
