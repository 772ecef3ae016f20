"""What the endpoints answered once, for the OpenAPI description; tests hold them to the schemas."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def all_examples() -> dict[str, Any]:
    """Return the answers by their endpoint's name; ``events`` is a stream."""
    found: dict[str, object] = json.loads((files("service.api") / "examples.json").read_text("utf-8"))
    return found


def of(name: str) -> dict[int | str, dict[str, object]]:
    """Return an endpoint's example where FastAPI takes it; /v1/translate has its stream beside it."""
    content = {"application/json": {"example": all_examples()[name]}}
    if name == "v1-translate":
        content["text/event-stream"] = {"example": all_examples()["events"]}
    return {200: {"content": content}}
