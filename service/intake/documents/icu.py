"""Messages that choose a text when a program runs, as ``{count, plural, other {# berkas}}`` has it.

Each text that may be chosen is translated as a whole sentence, with what stands around the choice: words
that are put together of pieces are right in one language only.
https://unicode-org.github.io/icu/userguide/format_parse/messages/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_CHOICE = re.compile(r"\{\s*+[\w.-]{1,60}+\s*+,\s*+(?:plural|selectordinal|select)\s*+,")
_HEAD = re.compile(
    r"\{\s*+[\w.-]{1,60}+\s*+,\s*+(plural|selectordinal|select)\s*+,(?:\s*+offset:\s*+\d{1,4})?"
)
_OPTION = re.compile(r"(?<!\s)\s*+((?:=\d{1,9}|[\w.-]{1,60}))\s*+\{")
_SPACE = re.compile(r"\s*+")
_QUOTED = re.compile(r"'[{}#|]")
_ONE = re.compile(r"(?<![\w.,])1(?![\w]|[.,]\d)")
NUMBER = "{#}"
"""The number that a plural is of, as a placeholder."""
_DEEPEST = 6
_MOST_CHOICES = 12
"""Choices that a text may need."""
_MOST = 64
"""Texts that a message may come to: choices in choices multiply."""

_Nodes = list["str | _Choice"]


@dataclass(frozen=True, slots=True)
class _Choice:
    """A choice: how it begins, what it is by, and what may be chosen."""

    head: str
    kind: str
    options: tuple[tuple[str, _Nodes], ...]


@dataclass(frozen=True, slots=True)
class _Tree:
    """A choice of which every text is whole: a number of the texts, or another choice."""

    head: str
    options: tuple[tuple[str, int | _Tree], ...]


class Message:
    """A message with choices in it. ``texts`` are its sentences; a ``#`` in one of them is :data:`NUMBER`."""

    def __init__(self, nodes: _Nodes) -> None:
        """Raise ValueError for one that would come to too many texts."""
        self.texts: list[str] = []
        self._single = set[int]()
        self._tree = self._whole(nodes, "", 0)

    def _whole(self, nodes: _Nodes, plural: str, chosen: int) -> int | _Tree:
        at = next((index for index, node in enumerate(nodes) if isinstance(node, _Choice)), -1)
        if at < 0:
            text = "".join(node for node in nodes if isinstance(node, str)).replace("''", "'")
            return self._added(text.replace("#", NUMBER) if plural else text)
        if chosen > _MOST_CHOICES:
            raise ValueError("too many choices")
        choice = nodes[at]
        assert isinstance(choice, _Choice)  # noqa: S101  (that is what was looked for)
        before, after = nodes[:at], nodes[at + 1 :]
        inner = choice.kind if choice.kind != "select" else plural
        if (
            inner
            and any(isinstance(node, str) and "#" in node for node in before + after)
            and inner != plural
        ):
            raise ValueError("a # outside of its plural")
        if plural and choice.kind != "select":
            raise ValueError("a plural in a plural")
        options = [
            (name, self._whole([*before, *nodes_of, *after], inner, chosen + 1))
            for name, nodes_of in choice.options
        ]
        return _Tree(choice.head, (*self._singular(choice, options), *options))

    def _added(self, text: str) -> int:
        self.texts.append(text)
        if len(self.texts) > _MOST:
            raise ValueError("too many texts")
        return len(self.texts) - 1

    def _singular(
        self, choice: _Choice, options: Sequence[tuple[str, int | _Tree]]
    ) -> list[tuple[str, int | _Tree]]:
        """Return the option for one, which English has and Indonesian has not."""
        named = dict(options)
        other = named.get("other")
        if choice.kind != "plural" or {"one", "=1"} & named.keys() or not isinstance(other, int):
            return []
        if self.texts[other].count(NUMBER) != 1:
            return []
        number = self._added(self.texts[other].replace(NUMBER, "1"))
        self._single.add(number)
        return [("one", number)]

    def filled(self, targets: Sequence[str], *, doubled: bool = False) -> str:
        """Return the message with ``targets``, one a text; ``doubled`` writes apostrophes twice."""
        return self._written(self._tree, targets, doubled)

    def _written(self, tree: int | _Tree, targets: Sequence[str], doubled: bool) -> str:
        if isinstance(tree, int):
            text = targets[tree]
            if tree in self._single:
                text = _ONE.sub("#", text)
            text = text.replace("'", "''") if doubled else _QUOTED.sub("'\\g<0>", text)
            return text.replace(NUMBER, "#")
        other = dict(tree.options).get("other")
        options = [
            f" {name} {{{self._written(inner, targets, doubled)}}}"
            for name, inner in tree.options
            if not (isinstance(inner, int) and inner in self._single and self._is_idle(inner, other, targets))
        ]
        return f"{tree.head}{''.join(options)}}}"

    def _is_idle(self, one: int, other: int | _Tree | None, targets: Sequence[str]) -> bool:
        """Return whether a text for one cannot be used, or says what the one for several says."""
        same = isinstance(other, int) and _ONE.sub(NUMBER, targets[one]) == targets[other]
        return same or not single(targets[one])


def single(text: str) -> bool:
    """Return whether the number in a text for one is there once, and can be put in by the program."""
    return len(_ONE.findall(text)) == 1


def is_choice(text: str) -> bool:
    """Return whether a text chooses among others when the program runs."""
    return _CHOICE.search(text) is not None


def parse(text: str) -> Message:
    """Return a message; raise ValueError for one that is broken, or too deep or quoted to be rebuilt."""
    if _QUOTED.search(text):
        raise ValueError("quoted braces")
    nodes, at = _nodes(text, 0, 0)
    if at < len(text):
        raise ValueError("a brace that nothing opened")
    return Message(nodes)


def _nodes(text: str, at: int, depth: int) -> tuple[_Nodes, int]:
    """Read up to the brace that closes what this stands in, or to the end."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    nodes: _Nodes = []
    start = at
    while at < len(text) and text[at] != "}":
        head = _HEAD.match(text, at) if text[at] == "{" else None
        if head:
            nodes += [text[start:at]] if start < at else []
            choice, at = _choice(text, head, depth)
            nodes.append(choice)
            start = at
        elif text[at] == "{":
            close = text.find("}", at)
            if close < 0 or "{" in text[at + 1 : close]:
                raise ValueError("a brace that is not closed")
            at = close + 1
        else:
            at += 1
    return nodes + ([text[start:at]] if start < at else []), at


def _choice(text: str, head: re.Match[str], depth: int) -> tuple[_Choice, int]:
    options: list[tuple[str, _Nodes]] = []
    at = head.end()
    while option := _OPTION.match(text, at):
        inner, at = _nodes(text, option.end(), depth + 1)
        if at >= len(text):
            raise ValueError("an option that is not closed")
        options.append((option[1], inner))
        at += 1
    space = _SPACE.match(text, at)
    at = space.end() if space else at
    if not options or text[at : at + 1] != "}":
        raise ValueError("a choice that is not closed")
    return _Choice(head[0], head[1], tuple(options)), at + 1
