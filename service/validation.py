"""Data from outside as frozen records: every key and type checked, the first problem named."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Record = TypeVar("Record")

STRICT = {"extra": "forbid", "strict": True}
"""A record's ``__pydantic_config__``: no key that is not declared, no value of another type."""

_WANTED = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dataclass_type": "must be a table",
}


class Invalid(ValueError):
    """The first problem of some data: ``path`` is where (``decoding.beam_size``), ``problem`` what."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


def validated(kind: type[Record], value: Any) -> Record:
    """Return plain dictionaries and lists as the dataclass ``kind``. Raises Invalid."""
    from pydantic import ValidationError

    # As JSON a list may stand for a tuple even where types are strict.
    text = json.dumps(value, allow_nan=False, default=str)
    try:
        record: Record = _adapter(cast("Any", kind)).validate_json(text)
    except ValidationError as error:
        first = min(error.errors(include_url=False), key=lambda e: _ORDER.get(e["type"], 2))
        path = _path(first["loc"])
        if first["type"] == "missing":
            raise Invalid("", f"missing key {path}") from None
        if first["type"] == "unexpected_keyword_argument":
            raise Invalid("", f"unknown key {path}") from None
        problem = _WANTED.get(first["type"], first["msg"])
        raise Invalid(path, f"{problem}, not {first['input']!r}") from None
    return record


_ORDER = {"unexpected_keyword_argument": 0, "missing": 1}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _path(parts: tuple[str | int, ...]) -> str:
    """``("examples", 0, "target")`` as ``examples[0].target``."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
