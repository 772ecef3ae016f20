"""What the program says in English, findings, warnings, notes and errors, in the page's other language.

The program has one language, so that its output can be read by programs; the table here turns a line
around for whoever reads the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_PLACE = re.compile(r"\\\{(\w+)\\\}")


def said(text: str, language: str) -> str:
    """``text`` in that language; as it is where it is not in the table, or the language is English."""
    if language == "en":
        return text
    whole = _turned(text, language)
    if whole is not None:
        return whole
    # "which file or model: what is wrong with it"
    for mark in re.finditer(": ", text):
        rest = _turned(text[mark.end() :], language)
        if rest is not None:
            return text[: mark.end()] + rest
    return text


def _turned(text: str, language: str) -> str | None:
    lines, values = _table(language)

    def told(place: str, held: str) -> str:
        if place == "rest":  # a line within a line
            return said(held, language)
        before, mark, last = held.rpartition(": ")
        return before + mark + values.get(last, last)

    for pattern, line in lines:
        if found := pattern.fullmatch(text):
            return line.format_map({name: told(name, held) for name, held in found.groupdict().items()})
    return None


@cache
def _table(language: str) -> tuple[list[tuple[re.Pattern[str], str]], Mapping[str, str]]:
    """The lines in their order, as patterns, and what may stand in them and has a word of its own."""
    table = json.loads((files("service.page") / "static" / f"said.{language}.json").read_text("utf-8"))
    lines = [
        (re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(english)), re.DOTALL), line)
        for english, line in table["lines"].items()
    ]
    return lines, table["values"]
