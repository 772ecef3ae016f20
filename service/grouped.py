"""The options of a command in records, which several commands share.

A command has parameters of such records beside its own, and :func:`grouped` above it::

    @app.command()
    @grouped
    def translate(files: Files, how: TranslationOptions, output: OutputOptions) -> None: ...

Typer reads a command's parameters from its signature. ``grouped`` gives it one in which each field of a
record is a parameter of its own, and makes the records from what Typer calls the command with.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import update_wrapper
from inspect import Parameter, Signature
from typing import ParamSpec, TypeVar, get_type_hints

P = ParamSpec("P")
R = TypeVar("R")


def grouped(command: Callable[P, R]) -> Callable[..., R]:
    """Return a command for Typer that takes each field of its parameters' records as an option.

    Raises TypeError where two of the parameters share a name.
    """
    hints = get_type_hints(command, include_extras=True)
    records = {name: kind for name, kind in hints.items() if isinstance(kind, type) and is_dataclass(kind)}
    signature = inspect.signature(command)
    flat: list[Parameter] = []
    for name, parameter in signature.parameters.items():
        if name in records:
            flat += _parameters(records[name])
        else:
            flat.append(parameter.replace(annotation=hints[name], kind=Parameter.KEYWORD_ONLY))
    if len({parameter.name for parameter in flat}) < len(flat):
        raise TypeError(f"{command.__name__} has two options of one name")

    def called(**given: object) -> R:
        values = dict(given)
        for name, kind in records.items():
            values[name] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
        return command(**values)  # type: ignore[arg-type, call-arg]

    update_wrapper(called, command)
    # Both are what Typer asks; what it wraps would lead it to the command's own.
    del called.__wrapped__  # type: ignore[attr-defined]
    called.__signature__ = Signature(flat)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return called


def _parameters(record: type) -> list[Parameter]:
    """Return each field of a record as a parameter with its default."""
    hints: Mapping[str, object] = get_type_hints(record, include_extras=True)
    return [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
        for field in fields(record)
    ]
