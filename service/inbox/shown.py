"""Stories as JSON values, the same in every interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from service.inbox.grouping import Place, Story
from service.inbox.records import Row


def row_json(row: Row) -> dict[str, object]:
    """Return a story of a list; ``published`` is a time in UTC, ``marks`` counts all that is to be
    checked.
    """
    return {
        "id": row.id,
        "headline": row.english,
        "brief": row.brief,
        "title": row.title,
        "source": row.source,
        "feed": row.feed,
        "url": row.url,
        "published": datetime.fromtimestamp(row.published, UTC).isoformat(timespec="seconds"),
        "marks": row.marks + row.differs,
        "figures_differ": row.differs,
        "sources": row.sources,
        "words": list(row.words),
        "star": row.star,
        "done": row.done,
        "state": row.state,
    }


def story_json(story: Story, english: Mapping[Place, str] | None = None) -> dict[str, Any]:
    """Return what the sources of a story add to each other, and where their figures differ.

    ``english`` has the translation of those sentences that have one.
    """

    def placed(place: Place) -> dict[str, object]:
        return {**asdict(place), "english": (english or {}).get(place, "")}

    return {
        "added": [[placed(place) for place in places] for places in story.added],
        "differences": [
            {
                "one": placed(found.one),
                "other": placed(found.other),
                "figures": list(found.figures),
                "other_figures": list(found.others),
            }
            for found in story.differences
        ],
    }
