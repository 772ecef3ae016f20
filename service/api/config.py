"""What a server is allowed to do, and how much of it. Every limit is on by default."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from service.errors import UsageError
from service.intake.fetch import Reach
from service.pool import KEPT
from service.runtime.batching import QueueLimits


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server's limits. Sizes are in bytes, texts in characters, times in seconds.

    ``text_chars`` bounds all texts of one request together; ``batch_items`` their number;
    ``deadline_seconds`` the time one request may take, ``drain_seconds`` what a shutdown waits for
    those that run. ``concurrent`` requests are worked on at once, more are refused.
    ``file_seconds`` is how long a translated file is kept, ``file_bytes`` how much of them all.
    ``wrong_keys_per_minute`` are answered as wrong to one address, more with when to come back.
    ``body_seconds`` is how long a body may take to arrive. ``allowed_hosts`` are names this server is
    called by besides its addresses and localhost. ``keys_url`` is where API keys are, if not at home.
    Where ``fetch`` allows URLs, ``reach`` says which addresses they may lead to.
    ``page_chars`` and ``page_seconds`` bound a reading on the page of a server that is ``local``.
    ``open_browser`` shows the page when it is there, ``access_log`` writes a line for each request.
    ``models_kept`` of the models that requests choose stay open.
    ``inbox_at`` is where the inbox is, if not at home; ``watch`` has its feeds followed.
    ``jobs`` are kept in all, ``jobs_each`` of one owner unfinished, ``job_seconds`` after their end.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    open_browser: bool = False
    access_log: bool = False
    text_chars: int = 20_000
    page_chars: int = 500_000
    page_seconds: float = 7_200.0
    batch_items: int = 100
    alternatives: int = 5
    body_bytes: int = 10_000_000
    body_seconds: float = 60.0
    concurrent: int = 64
    deadline_seconds: float = 120.0
    drain_seconds: float = 30.0
    file_seconds: float = 1800.0
    file_bytes: int = 200_000_000
    requests_per_minute: int = 120
    wrong_keys_per_minute: int = 10
    models_kept: int = KEPT
    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    keys_url: str = ""
    keys_required: bool = False
    cors_origins: tuple[str, ...] = ()
    inbox_at: str = ""
    watch: bool = False
    jobs: int = 100
    jobs_each: int = 10
    jobs_bytes: int = 1_000_000_000
    job_bytes: int = 200_000_000
    job_seconds: float = 7 * 86_400.0
    fetch: bool = True
    metrics: bool = True
    reach: Reach = field(default_factory=Reach)
    queue: QueueLimits = field(default_factory=QueueLimits)

    @property
    def local(self) -> bool:
        """Whether nobody but this machine's users can reach the server."""
        return is_local(self.host, self.trusted_proxies)

    @property
    def keys_used(self) -> bool:
        """Whether API keys are looked at."""
        return bool(self.keys_url) or self.keys_required

    @property
    def reads_per_minute(self) -> int:
        """Requests that only read, of one client: ten for each that sends something."""
        return 10 * self.requests_per_minute

    def __post_init__(self) -> None:
        # A port of 0 has the system choose a free one.
        least = {
            "port": 0, "text_chars": 1, "batch_items": 1, "alternatives": 0, "body_bytes": 1, "concurrent": 1,
            "file_bytes": 0, "requests_per_minute": 1, "wrong_keys_per_minute": 1,
            "models_kept": 1,
        }  # fmt: skip
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise UsageError(
                    "serve.at_least",
                    "{name} must be at least {least}, not {given}",
                    name=name,
                    least=smallest,
                    given=getattr(self, name),
                )
        for name in ("deadline_seconds", "page_seconds", "file_seconds", "body_seconds", "drain_seconds"):
            if getattr(self, name) <= 0:
                raise UsageError(
                    "serve.above_zero",
                    "{name} must be above 0, not {given}",
                    name=name,
                    given=getattr(self, name),
                )


def is_local(host: str, trusted_proxies: Collection[str] = ()) -> bool:
    """Return whether a server that listens on ``host`` is reached from its own machine alone."""
    # Behind a proxy everybody comes from this machine.
    return host in ("127.0.0.1", "::1", "localhost") and not trusted_proxies
