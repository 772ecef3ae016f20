"""Plain data as frozen records and back.

What comes from outside (a preset, a browser) is :func:`validated`: every key and type checked, the first
problem named. What this program wrote itself, for another process or for later, is made by :func:`plain` and
read by :func:`restored`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

Record = TypeVar("Record")

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


def validated(kind: type[Record], value: object) -> Record:
    """Return plain dictionaries and lists as the dataclass ``kind``, no key or type other than declared.

    Raises Invalid.
    """
    from pydantic import ValidationError

    # As JSON a list may stand for a tuple even where types are strict.
    text = json.dumps(value, allow_nan=False, default=str)
    try:
        record = _adapter(cast("type", kind)).validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        raise _invalid(error) from None
    return cast("Record", record)


def plain(record: object) -> Any:
    """Return a dataclass as JSON values: tuples and sets as lists, paths as text."""
    return _adapter(cast("type", type(record))).dump_python(record, mode="json")


def restored(kind: type[Record], value: object) -> Record:
    """Return what :func:`plain` made of a ``kind``. Raises Invalid where it is something else."""
    from pydantic import ValidationError

    try:
        # Not as JSON: half a surrogate pair, as some file names hold, is none.
        record = _adapter(cast("type", kind)).validate_python(value, extra="forbid")
    except ValidationError as error:
        raise _invalid(error) from None
    return cast("Record", record)


def _invalid(error: ValidationError) -> Invalid:
    # An unknown key before a missing one: the first is most likely how the second was misspelt.
    first = min(error.errors(include_url=False), key=lambda e: _ORDER.get(e["type"], 2))
    path = _path(first["loc"])
    if first["type"] == "missing":
        return Invalid("", f"missing key {path}")
    if first["type"] == "unexpected_keyword_argument":
        return Invalid("", f"unknown key {path}")
    problem = _WANTED.get(first["type"], first["msg"])
    return Invalid(path, f"{problem}, not {first['input']!r}")


_ORDER = {"unexpected_keyword_argument": 0, "missing": 1}


_ADAPTERS: dict[type, TypeAdapter[object]] = {}


def _adapter(kind: type) -> TypeAdapter[object]:
    from pydantic import TypeAdapter

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _path(parts: tuple[str | int, ...]) -> str:
    """Return ``("examples", 0, "target")`` as ``examples[0].target``."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
