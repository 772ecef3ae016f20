"""prompts/*.toml -> Preset. The files are data with a schema: an unknown key is an error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from service.document import Decoding, Message
from service.errors import PresetError, UnknownModel
from service.validation import Invalid, validated

TASKS = ("translate", "summarize")
ARCHITECTURES = ("marian", "mt5", "t5", "ct2", "firefox", "causal", "endpoint", "echo")
"""What a model is: ``ct2`` is stored in CTranslate2's own format, ``endpoint`` runs on a server."""

HOSTS = ("hub", "lfs", "")
"""Where files are fetched: a model hub, a GitHub repository with large files, or nowhere."""

SPEEDS = ("very fast", "fast", "medium", "slow", "")
"""How docs/models.md groups models by target tokens a second on two cores, empty for what is not known."""

LICENCE_WORDS = {"Apache-2.0": "free", "MPL-2.0": "free", "CC-BY-4.0": "attribution"}
"""Licences that need no agreement, in one word for a table."""


@dataclass(frozen=True, slots=True)
class Example:
    """One few-shot example of a prompted model."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a model was found to be: a score, on which test, by whom.

    ``kind`` is ``published`` or ``measured`` (here, by a command that the documentation names); ``note`` is
    what a reader must know of it, such as that it is of the other direction.
    """

    metric: str
    score: float
    test: str
    kind: str
    source: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.metric} {self.score:g} {self.note or self.test} ({self.kind})"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a model where it is published.

    ``name`` is its path in the repository. A ``size`` of 0 and an empty ``sha256`` are not known before the
    pull; the hub states them then. A name that ends in ``.gz`` is unpacked; ``unpacked_size`` and
    ``unpacked_sha256`` are of what is in it. ``blob_id`` is git's object id (SHA-1), the one sum that a hub
    states for a small file. An ``optional`` file is fetched where it is there.
    """

    name: str
    size: int = 0
    sha256: str = ""
    unpacked_size: int = 0
    unpacked_sha256: str = ""
    blob_id: str = ""
    optional: bool = False

    @property
    def kept(self) -> str:
        """The name that the file has in the store: no folders, unpacked."""
        return self.name.rpartition("/")[2].removesuffix(".gz")


@dataclass(frozen=True, slots=True)
class Preset:
    """How one public model is fetched, prompted and decoded.

    ``model`` is a hub repository, or the name of what ships (``bundled = true``). ``words`` says that
    ordinary words that a small model does not know are put into the source in English.
    ``coverage``, of a causal model, is what a word that is missing or strange takes from the
    score of an answer when the beam's are compared.
    ``revision`` is a commit hash, whole or abbreviated to seven or more digits; the whole
    hash is resolved when the model is pulled and stands in its manifest. ``prompt`` holds
    ``{source}`` once. ``max_input_tokens`` bounds the source, in the model's tokens.
    ``preference`` orders presets for ``--model auto``, highest first. ``start_language``
    is a key of the model's ``langid_map``, for models that choose the target language by
    the decoder's first token. ``licence_note`` is shown wherever the model is chosen.

    ``files`` are what a pull fetches from ``host``. ``download`` is their size in bytes as published, 0 where
    it is not; ``purpose`` says in a few words what the model is good for, ``speed`` is one of SPEEDS, and
    ``quality`` is absent where nothing is published for this pair. ``wrong_unmarked`` is the share, 0 to 1,
    of the sentences without a mark that were found to be wrong; absent where none were read and labelled.
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
    words: bool = False
    coverage: float = 0.0
    preference: int = 0
    examples: tuple[Example, ...] = field(default=())
    host: str = ""
    files: tuple[RemoteFile, ...] = field(default=())
    download: int = 0
    speed: str = ""
    purpose: str = ""
    recommended: bool = False
    quality: Quality | None = None
    wrong_unmarked: float | None = None

    @property
    def limited(self) -> bool:
        """Whether the licence limits use, so that a pull must be agreed to."""
        return bool(self.licence_note)

    @property
    def scored(self) -> bool:
        """Whether its engine gives scores and can search on: for confidence, alternatives and repair."""
        return self.architecture not in ("firefox", "endpoint")

    @property
    def licence_word(self) -> str:
        """The licence in one word: free, attribution, non-commercial, restricted, or varies."""
        if "NC" in self.licence:
            return "non-commercial"
        return LICENCE_WORDS.get(self.licence, "restricted" if self.licence_note else "varies")


def load(path: Path) -> Preset:
    """Return the preset of one TOML file. Raises PresetError, which names the file and the key."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PresetError("file.problem", "{reason}", at=path.name, reason=error) from error
    return parse(table, path.name)


def parse(table: Mapping[str, object], file: str) -> Preset:
    """Return a preset from a parsed table; ``file`` is the name that errors carry."""
    try:
        preset = validated(Preset, dict(table))
    except Invalid as error:
        raise PresetError("file.problem", "{reason}", at=file, reason=error) from None
    stem = file.removesuffix(".toml")
    name = Message.of("presets.name", "must be the file's name, {name!r}", name=stem)
    for key, holds, rule in [("name", preset.name == stem, name), *_rules(preset)]:
        if not holds:
            raise PresetError(rule, at=f"{file}: {key}")
    return preset


def _rules(preset: Preset) -> list[tuple[str, bool, Message]]:
    """Return what types do not say: a key, whether its value fits, and what it must be."""
    above = Message.of("presets.above_zero", "must be above 0")
    return [
        ("task", preset.task in TASKS, one_of(TASKS)),
        ("architecture", preset.architecture in ARCHITECTURES, one_of(ARCHITECTURES)),
        (
            "prompt",
            preset.prompt.count("{source}") == 1,
            Message.of("presets.prompt", "must hold {place} once", place="{source}"),
        ),
        (
            "coverage",
            preset.coverage == 0 or (preset.coverage > 0 and preset.architecture == "causal"),
            Message.of("presets.causal", "must be above 0, and only of a causal model"),
        ),
        ("max_input_tokens", preset.max_input_tokens > 0, above),
        ("decoding.beam_size", preset.decoding.beam_size > 0, above),
        ("decoding.max_new_tokens", preset.decoding.max_new_tokens > 0, above),
        ("host", preset.host in HOSTS, one_of(HOSTS)),
        (
            "files",
            bool(preset.host) == bool(preset.files),
            Message.of("presets.files", "must be given with host, and only then"),
        ),
        ("speed", preset.speed in SPEEDS, one_of(SPEEDS)),
        (
            "quality.kind",
            preset.quality is None or preset.quality.kind in ("published", "measured"),
            one_of(("published", "measured")),
        ),
        (
            "wrong_unmarked",
            preset.wrong_unmarked is None or 0 < preset.wrong_unmarked <= 1,
            Message.of("presets.share", "must be above 0 and at most 1"),
        ),
        (
            "revision",
            preset.bundled
            or preset.architecture == "endpoint"
            or re.fullmatch(r"[0-9a-f]{7,40}", preset.revision) is not None,
            Message.of("presets.revision", "must be a commit hash of 7 to 40 hexadecimal digits"),
        ),
    ]


def one_of(names: Iterable[str]) -> Message:
    return Message.of("presets.one_of", "must be one of {known}", known=", ".join(names))


@cache
def all_presets() -> Mapping[str, Preset]:
    """Return every preset that ships, by name, in alphabetical order."""
    folder = Path(str(files("prompts")))
    return {path.stem: load(path) for path in sorted(folder.glob("*.toml"))}


def recommended() -> Preset:
    """Return the translation model that a user is told to get."""
    return next(preset for preset in all_presets().values() if preset.recommended)


def get(name: str, task: str | None = None) -> Preset:
    """Return the preset of that name, and of that task where one is given.

    Raises UnknownModel, which lists the names there are.
    """
    known = {n: p for n, p in all_presets().items() if task is None or p.task == task}
    if name not in known:
        names = ", ".join(known)
        if not task:
            raise UnknownModel(
                "models.unknown", "no model named {name!r}; there are: {known}", name=name, known=names
            )
        raise UnknownModel(
            "models.unknown_for",
            "no model to {task} with named {name!r}; there are: {known}",
            task=Message("term", task),
            name=name,
            known=names,
        )
    return known[name]
