"""What cleaning left out, in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from service.document import Furniture, Message

GROUPS = {
    "advertisement": "adverts",
    "read-also": "links",
    "related": "links",
    "teaser": "links",
    "caption": "captions",
    "credit": "captions",
    "byline": "bylines",
    "initials": "bylines",
    "timestamp": "dates",
    "reading-time": "dates",
    "share": "buttons",
    "control": "buttons",
    "navigation": "menus",
    "breadcrumb": "menus",
    "section": "menus",
    "site": "menus",
    "tags": "tags",
    "comments": "comments",
    "follow": "invitations",
    "newsletter": "invitations",
    "video": "videos",
    "copyright": "notices",
    "note": "notices",
    "report": "notices",
    "published-in": "notices",
    "summary-box": "summary boxes",
    "title-again": "the headline again",
}
"""A plain word for each kind of boilerplate."""


def groups(furniture: Sequence[Furniture]) -> list[str]:
    """Return the plain words of what was left out, the most frequent first."""
    counts = Counter(GROUPS.get(piece.reason, piece.reason) for piece in furniture)
    return [name for name, _ in counts.most_common()]


def left_out(furniture: Sequence[Furniture]) -> Message | None:
    """Return ``12 lines left out: adverts, links, captions`` as a message; None if nothing was."""
    if not furniture:
        return None
    named: Message | str = ""
    for name in groups(furniture):
        one = Message.of("term", name)
        named = Message.of("list.and", "{left}, {right}", left=named, right=one) if named else one
    return Message.of(
        "shown.lines_left_out",
        "{count} line left out: {groups}",
        plural="{count} lines left out: {groups}",
        count=len(furniture),
        groups=named,
    )
