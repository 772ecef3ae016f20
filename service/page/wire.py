"""A Reading to the browser and back. The server keeps none: what comes back is checked like any input."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from service.document import Article, Finding, Furniture, Reading, as_json
from service.errors import InputError
from service.findings import CHECKS
from service.text import segment


@dataclass(frozen=True, slots=True)
class _PackedArticle:
    """An article as it travels."""

    id: str
    text: str
    title: str = ""
    furniture: tuple[Furniture, ...] = ()
    byline: str = ""
    published: str = ""
    site: str = ""
    roles: tuple[str, ...] = ()


def pack(reading: Reading) -> dict[str, Any]:
    """Return the reading as JSON values; an article travels as its text."""
    packed = as_json(reading)
    for of, article in ((packed, reading.article), (packed["translation"], reading.translation.article)):
        del of["article"]["body"]
        of["article"]["text"] = article.text
    return packed


def unpack(value: Any) -> Reading:
    """What :func:`pack` gave. Raises InputError for anything else, and for parts that do not fit together."""
    reading: Reading = _record(Reading, value)
    count = len(reading.translation.segments)
    if not count or len(reading.translation.gaps) not in (0, count):
        raise InputError("not a reading: its sentences and gaps do not fit together")
    for sentence in reading.summary.sentences:
        if not all(0 <= index < count for index in sentence.support):
            raise InputError("not a reading: a summary sentence rests on a sentence that is not there")
    return reading


def _record(kind: type, value: Any) -> Any:
    if not isinstance(value, dict):
        raise InputError(f"not a reading: {kind.__name__} is missing")
    if kind is Article:
        packed: _PackedArticle = _record(_PackedArticle, value)
        values = {spec.name: getattr(packed, spec.name) for spec in fields(packed) if spec.name != "text"}
        return Article(body=segment.split(packed.text), **values)
    if kind is Finding:
        return _finding(value)
    hints = get_type_hints(kind)
    if unknown := set(value) - set(hints):
        raise InputError(f"not a reading: {kind.__name__} has no {min(unknown)}")
    made = {}
    for spec in fields(kind):
        if spec.name in value:
            made[spec.name] = _value(hints[spec.name], value[spec.name], spec.name)
        elif spec.default is MISSING and spec.default_factory is MISSING:
            raise InputError(f"not a reading: {kind.__name__} has no {spec.name}")
    return kind(**made)


def _finding(value: Mapping[str, Any]) -> Finding:
    code, pairs = value.get("code"), value.get("values")
    check = CHECKS.get(code) if isinstance(code, str) else None
    if not check or set(value) != {"code", "values"} or not isinstance(pairs, list | tuple):
        raise InputError("not a reading: a finding is of no kind that is known")
    values = tuple(_value(tuple[str, ...], pair, "values") for pair in pairs)
    if {len(pair) for pair in values} - {2} or {pair[0] for pair in values} != check.places:
        raise InputError("not a reading: a finding lacks its values")
    if check.plural and not dict(values)["count"].isdecimal():
        raise InputError("not a reading: a finding's count is no number")
    return Finding(check.code, values)


def _value(hint: Any, value: Any, name: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = (kind for kind in get_args(hint) if kind is not type(None))
        return None if value is None else _value(inner, value, name)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise InputError(f"not a reading: {name} is no list")
        return tuple(_value(get_args(hint)[0], item, name) for item in value)
    if is_dataclass(hint) and isinstance(hint, type):
        return _record(hint, value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise InputError(f"not a reading: {name} is of the wrong kind")
    return value
