"""Settings: what a face was asked for, or found in the environment. Read only by the faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from service.errors import UsageError

ENGINES = ("auto", "ctranslate2", "transformers")
DEVICES = ("auto", "cpu", "cuda")

MAX_INPUT_BYTES = 20_000_000
"""The largest text read at once; a long novel is about 1 MB."""

ALIKE, LEAST_ALIKE = 0.8, 0.5
"""From which similarity one's own translations are suggested, and from which they can be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to build a pipeline. ``home`` holds the models; ``threads`` None uses every core there is.

    ``glossary`` is a file of the user's terms; ``expand`` spells out an institution's acronym at its
    first mention; ``repair`` decodes suspicious segments again; ``memory`` keeps and uses translations,
    in a file of ``home`` or where ``memory_at`` says: another file, or a PostgreSQL URL. ``fuzzy`` is how
    alike one's own translations must be to be suggested, 0 for none. ``rules`` is a file of the user's own
    checks.
    """

    home: Path
    model: str = "auto"
    engine: str = "auto"
    device: str = "auto"
    threads: int | None = None
    beam_size: int | None = None
    glossary: Path | None = None
    expand: bool = False
    repair: bool = True
    memory: bool = False
    memory_at: str = ""
    fuzzy: float = 0.0
    rules: Path | None = None

    def __post_init__(self) -> None:
        for name, value, known in (("engine", self.engine, ENGINES), ("device", self.device, DEVICES)):
            if value not in known:
                raise UsageError(f"unknown {name} {value!r}; there are: {', '.join(known)}")
        for name, number in (("threads", self.threads), ("beam", self.beam_size)):
            if number is not None and not 1 <= number <= 64:
                raise UsageError(f"{name} must be from 1 to 64, not {number}")
        if self.fuzzy and not LEAST_ALIKE <= self.fuzzy <= 1:
            raise UsageError(f"fuzzy must be from {LEAST_ALIKE} to 1, or 0 for none, not {self.fuzzy:g}")


def home(environment: Mapping[str, str]) -> Path:
    """Where models are kept: ``WARTA_HOME``, else this system's cache folder."""
    stated = environment.get("WARTA_HOME")
    return Path(stated) if stated else platformdirs.user_cache_path("warta")
