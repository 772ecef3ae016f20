"""The rating sheet as one HTML page that asks nothing of the network and gives its answers back as CSV."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib.resources import files

from eval.rating import COLUMNS, Item, Sheet


def render(sheet: Sheet, *, references: bool) -> str:
    """Return the page. Answers are kept in the browser and saved as a file by a button."""
    script = (files("eval") / "data" / "sheet.js").read_text("utf-8")
    style = (files("eval") / "data" / "page.css").read_text("utf-8")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    items = "".join(_item(n, item, references=references) for n, item in enumerate(sheet.items, 1))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>Rating sheet {sheet.name}</title><style>{style}</style></head><body>"
        f"<header><h1>Rating sheet {sheet.name}</h1>{_GUIDE}</header>"
        f'<main><form id="sheet" data-sheet="{sheet.name}" data-columns="{",".join(COLUMNS)}">{items}'
        '<p><label>Your name or initials <input name="rater" autocomplete="off"></label> '
        '<button type="submit">Save the answers</button> <output id="done"></output></p></form></main>'
        f"<script>{script}</script></body></html>\n"
    )


_GUIDE = (
    "<p>Say for each Indonesian sentence which translation is better, A or B, or that they are equal. "
    "If you like, give each a score as well: 0 no meaning is kept, 33 some, 66 most, 100 all of it, in "
    "faultless English. The order of A and B is by chance. Your answers stay in this browser until you save "
    "them as a file.</p>"
)


def _item(number: int, item: Item, *, references: bool) -> str:
    source = f'<dt>source</dt><dd lang="id">{escape(item.source)}</dd>' if item.source else ""
    shown = f"<dt>reference</dt><dd>{escape(item.reference)}</dd>" if references and item.reference else ""
    choices = "".join(
        f'<label><input type="radio" name="better-{number}" value="{value}"> {label}</label> '
        for value, label in (("A", "A is better"), ("=", "equal"), ("B", "B is better"))
    )
    scores = "".join(
        f'<label>score {side} <input type="number" name="score_{side}-{number}" min="0" max="100" step="1">'
        "</label> "
        for side in "AB"
    )
    return (
        f'<article data-item="{number}"><h4>{number}</h4><dl>{source}{shown}'
        f"<dt>A</dt><dd>{escape(item.a)}</dd><dt>B</dt><dd>{escape(item.b)}</dd></dl>"
        f"<fieldset><legend>Sentence {number}</legend>{choices}<br>{scores}<br>"
        f'<label>comment <input name="comment-{number}" size="40"></label></fieldset></article>'
    )
