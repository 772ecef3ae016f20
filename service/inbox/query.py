"""What is searched for: words, ``"a phrase"``, ``prefix*``, ``OR``, and ``-without``; case does not count."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.errors import UsageError

# ``"harga beras"``, ``-"harga beras`` (not closed), ``beras*``, ``-beras``.
_PART = re.compile(r'-?"[^"]{0,300}"?|[^\s"]+')
# Only these characters reach the database's own query language, so that nobody can write in it.
_WORD = re.compile(r"\w+")
_MOST = 40
"""Terms in one search."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must follow each other, or must not be there; the last may be only the start of a word."""

    words: tuple[str, ...]
    prefix: bool = False
    without: bool = False


Query = tuple[tuple[Term, ...], ...]
"""Alternatives; every term of one must hold."""


def parse(text: str) -> Query:
    """Return the alternatives that ``text`` asks for; none where it holds no word.

    Raises UsageError for more than 40 terms, and for an alternative that only says what must not be there.
    """
    alternatives: list[list[Term]] = [[]]
    without = False
    for part in _PART.findall(text):
        # With nothing before it there is no alternative.
        if part == "OR" and alternatives[-1]:
            alternatives.append([])
        elif part == "NOT":
            without = True
        elif part not in ("AND", "OR"):
            words = tuple(_WORD.findall(part.lower()))
            if words:
                alternatives[-1].append(Term(words, part.endswith("*"), without or part.startswith("-")))
            without = False
    found = tuple(tuple(terms) for terms in alternatives if terms)
    if sum(map(len, found)) > _MOST:
        raise UsageError("inbox.search_terms", "a search of more than {count} terms", count=_MOST)
    if any(all(term.without for term in terms) for terms in found):
        raise UsageError(
            "inbox.search_without", "a search needs a word that must be there beside those that must not"
        )
    return found


def fts5(query: Query) -> str:
    """Return the query as SQLite's FTS5 writes it."""

    def term(one: Term) -> str:
        # In quotation marks, in which nothing is an operator.
        return f'"{" ".join(one.words)}"' + ("*" if one.prefix else "")

    return " OR ".join(
        "("
        + " AND ".join(term(one) for one in terms if not one.without)
        + "".join(f" NOT {term(one)}" for one in terms if one.without)
        + ")"
        for terms in query
    )


def tsquery(query: Query) -> str:
    """Return the query as PostgreSQL's ``to_tsquery`` reads it."""

    def term(one: Term) -> str:
        # Words of ``\w`` only, so no quotation mark can be in them.
        words = [f"'{word}'" for word in one.words]
        phrase = " <-> ".join([*words[:-1], words[-1] + (":*" if one.prefix else "")])
        return ("!" if one.without else "") + f"({phrase})"

    return " | ".join(f"({' & '.join(map(term, terms))})" for terms in query)
