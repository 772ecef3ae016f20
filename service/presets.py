"""prompts/*.toml -> Preset. The files are data with a schema: an unknown key is an error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from service.document import Decoding
from service.errors import PresetError, UnknownModel
from service.validation import Invalid, validated

TASKS = ("translate", "summarize")
ARCHITECTURES = ("marian", "mt5", "causal", "echo")


@dataclass(frozen=True, slots=True)
class Example:
    """One few-shot example of a prompted model."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Preset:
    """How one public model is fetched, prompted and decoded.

    ``model`` is a hub repository, or the name of what ships (``bundled = true``).
    ``revision`` is a commit hash, whole or abbreviated to seven or more digits; the whole
    hash is resolved when the model is pulled and stands in its manifest. ``prompt`` holds
    ``{source}`` once. ``max_input_tokens`` bounds the source, in the model's tokens.
    ``preference`` orders presets for ``--model auto``, highest first. ``start_language``
    is a key of the model's ``langid_map``, for models that choose the target language by
    the decoder's first token. ``licence_note`` is shown wherever the model is chosen.
    """

    name: str
    task: str
    architecture: str
    model: str
    revision: str
    licence: str
    about: str
    max_input_tokens: int
    decoding: Decoding
    prompt: str = "{source}"
    start_language: str = ""
    licence_note: str = ""
    bundled: bool = False
    preference: int = 0
    examples: tuple[Example, ...] = field(default=())

    @property
    def limited(self) -> bool:
        """Whether the licence limits use, so that a pull must be agreed to."""
        return bool(self.licence_note)


def load(path: Path) -> Preset:
    """The preset of one TOML file. Raises PresetError, which names the file and the key."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PresetError(f"{path.name}: {error}") from error
    return parse(table, path.name)


def parse(table: Mapping[str, Any], file: str) -> Preset:
    """A preset from a parsed table; ``file`` is the name that errors carry."""
    try:
        preset = validated(Preset, dict(table))
    except Invalid as error:
        raise PresetError(f"{file}: {error}") from None
    stem = file.removesuffix(".toml")
    checks = [
        ("name", preset.name == stem, f"must be the file's name, {stem!r}"),
        ("task", preset.task in TASKS, f"must be one of {', '.join(TASKS)}"),
        ("architecture", preset.architecture in ARCHITECTURES, f"must be one of {', '.join(ARCHITECTURES)}"),
        ("prompt", preset.prompt.count("{source}") == 1, "must hold {source} once"),
        ("max_input_tokens", preset.max_input_tokens > 0, "must be above 0"),
        ("decoding.beam_size", preset.decoding.beam_size > 0, "must be above 0"),
        ("decoding.max_new_tokens", preset.decoding.max_new_tokens > 0, "must be above 0"),
        (
            "revision",
            preset.bundled or re.fullmatch(r"[0-9a-f]{7,40}", preset.revision) is not None,
            "must be a commit hash of 7 to 40 hexadecimal digits",
        ),
    ]
    for key, holds, rule in checks:
        if not holds:
            raise PresetError(f"{file}: {key}: {rule}")
    return preset


@cache
def all_presets() -> Mapping[str, Preset]:
    """Every preset that ships, by name, in alphabetical order."""
    folder = Path(str(files("prompts")))
    return {path.stem: load(path) for path in sorted(folder.glob("*.toml"))}


def get(name: str, task: str | None = None) -> Preset:
    """The preset of that name, and of that task where one is given.

    Raises UnknownModel, which lists the names there are.
    """
    known = {n: p for n, p in all_presets().items() if task is None or p.task == task}
    if name not in known:
        purpose = f" to {task} with" if task else ""
        raise UnknownModel(f"no model{purpose} named {name!r}; there are: {', '.join(known)}")
    return known[name]
