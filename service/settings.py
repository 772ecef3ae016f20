"""Settings: what an interface was asked for, or found in the environment. Only interfaces read that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from service.errors import UsageError

ENGINES = ("auto", "ctranslate2", "transformers")
DEVICES = ("auto", "cpu", "cuda")

MAX_INPUT_BYTES = 20_000_000
"""The largest text read at once; a long novel is about 1 MB."""

ALIKE, LEAST_ALIKE = 0.8, 0.5
"""From which similarity one's own translations are suggested, and from which they can be."""


ENDPOINT = "http://127.0.0.1:8080/v1"
"""Where llama.cpp's server listens unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class Server:
    """Which server is asked for which of its models, with which key.

    ``url`` empty is :data:`ENDPOINT`. ``model`` empty takes the preset's, or the only one that the server
    has. ``remote`` allows a host that is not this machine. ``seconds`` bounds one answer.
    """

    url: str = ""
    model: str = ""
    key: str = field(default="", repr=False)
    remote: bool = False
    seconds: float = 120.0

    @property
    def address(self) -> str:
        """The URL that is asked."""
        return self.url or ENDPOINT

    @property
    def host(self) -> str:
        """The host and port that texts are sent to."""
        # Without a user name and password, which an error would show.
        return urlsplit(self.address).netloc.rpartition("@")[2]

    @property
    def local(self) -> bool:
        """Whether the host is this machine, by an address or name that cannot be another's."""
        name = urlsplit(self.address).hostname or ""
        try:
            return ip_address(name).is_loopback
        except ValueError:
            # Any other name is resolved by somebody else, and may lead anywhere.
            return name.lower() == "localhost"


@dataclass(frozen=True, slots=True)
class Settings:
    """How to build a pipeline. ``home`` holds the models; ``threads`` None uses every core there is.

    ``glossary`` is a file of the user's terms; ``expand`` spells out an institution's acronym at its
    first mention; ``repair`` decodes suspicious segments again; ``memory`` keeps and uses translations,
    in a file of ``home`` or where ``memory_at`` says: another file, or a PostgreSQL URL. ``fuzzy`` is how
    alike user translations must be to be suggested, 0 for none. ``server`` is asked by the models
    that a server of the user's runs. ``rules`` is a file of the user's own checks.
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
    server: Server = Server()
    rules: Path | None = None

    def __post_init__(self) -> None:
        for name, value, known in (("engine", self.engine, ENGINES), ("device", self.device, DEVICES)):
            if value not in known:
                raise UsageError(
                    "settings.unknown",
                    "unknown {name} {value!r}; there are: {known}",
                    name=name,
                    value=value,
                    known=", ".join(known),
                )
        for name, number in (("threads", self.threads), ("beam", self.beam_size)):
            if number is not None and not 1 <= number <= 64:
                raise UsageError(
                    "settings.range", "{name} must be from 1 to 64, not {given}", name=name, given=number
                )
        if self.fuzzy and not LEAST_ALIKE <= self.fuzzy <= 1:
            raise UsageError(
                "settings.fuzzy",
                "fuzzy must be from {least} to 1, or 0 for none, not {given}",
                least=LEAST_ALIKE,
                given=f"{self.fuzzy:g}",
            )


def home(environment: Mapping[str, str]) -> Path:
    """Return where models are kept: ``WARTA_HOME``, else this system's cache folder."""
    stated = environment.get("WARTA_HOME")
    return Path(stated) if stated else platformdirs.user_cache_path("warta")
