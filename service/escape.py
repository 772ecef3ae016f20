"""Text from elsewhere in tables and Markdown: it stays text, whatever program opens the file."""

from __future__ import annotations

import re

# What Excel, LibreOffice or Google Sheets take for the beginning of a formula.
_FORMULA = re.compile(r"[=+\-@\t\r]")
# "-5", "+1,000.50", "2e6", "-12 %": these compute to themselves.
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?\s?%?")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")

# All of ASCII's punctuation may be escaped; these are the marks that mean something inside a line.
_INLINE = re.compile(r"[\\`*_\[\]<>&~|$]|!(?=\[)|(?<=[A-Za-z])://|(?<=\bwww)\.(?=\S)|@(?=\w)", re.I)
# "1. ", "# ", "- ", "+ ", "=== " at the beginning of a line: a list, a heading, a rule.
_START = re.compile(r"\A([0-9]{1,9}(?=[.)](?:\s|\Z))|(?=[#+=:-]))(.)")
# " [1, 4]", the numbers of the sentences that a line rests on.
_SUPPORT = re.compile(r" \[[0-9]+(?:, [0-9]+)*\]\Z")


def cell(text: str) -> str:
    """Return ``text`` for a cell of a table: one that a spreadsheet would compute gets an apostrophe before
    it.

    Numbers stay numbers. One that begins so already gets another, so that :func:`uncell` undoes it.
    """
    formula = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if formula or _ESCAPED.match(text) else text


def uncell(text: str) -> str:
    """Return what :func:`cell` was given."""
    inner = text[1:]
    return inner if text.startswith("'") and cell(inner) == text else text


def markdown(text: str) -> str:
    """Return ``text`` as Markdown that shows it as it is: no tag, link, picture, address, list, heading or
    quote.

    Line ends stay; a line's indent goes, as it would make it code.
    """
    return "\n".join(map(_line, re.split(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", text)))


def markdown_line(text: str) -> str:
    """Return the same for a place that holds one line, such as a heading, a list item or a cell."""
    return markdown(" ".join(text.split()))


def markdown_item(text: str) -> str:
    """Return the same for a list's item; the numbers in brackets at its end stay, as no link is called so."""
    numbers = _SUPPORT.search(text)
    end = numbers.start() if numbers else len(text)
    return markdown_line(text[:end]) + text[end:]


def _line(line: str) -> str:
    escaped = _INLINE.sub(lambda match: f"\\{match[0]}", line.strip(" \t"))
    return _START.sub(r"\1\\\2", escaped)
