"""What the page may do on this server."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.page.uploads import Room


@dataclass(frozen=True, slots=True)
class PageOptions:
    """``text_limit`` in characters, ``file_bytes`` of one upload; ``seconds`` bounds one reading.

    ``fetch`` permits reading from a URL, ``pull`` installing models, ``own`` keeping a reader's words in the
    memory and the glossary: for a server that only its own machine reaches. ``runs`` readings go on at
    once. ``room`` is for uploads and results.
    """

    text_limit: int = 20_000
    file_bytes: int = 10_000_000
    seconds: float = 120.0
    fetch: bool = False
    pull: bool = False
    own: bool = False
    runs: int = 16
    room: Room = field(default_factory=Room)

    @property
    def call_bytes(self) -> int:
        """The most that one call holds: a reading with both texts, its marks and its notes."""
        return 1_000_000 + 10 * self.text_limit
