"""The engine protocol, and the batching that every engine shares."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from service.document import Decoding, Output
from service.errors import EngineError
from service.presets import Preset


class Engine(Protocol):
    """Turns source strings into target strings with one loaded model.

    Tokenizing, prompt building, batching and truncation happen inside. Implementations
    return one :class:`Output` a text, in the order given; ``[]`` for ``[]``; the batch a
    text is in does not change its output; several threads may call at once.
    """

    signature: str

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """Return one output a text, in order. Raises :class:`service.errors.EngineError`."""
        ...

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        """Return up to ``count`` different outputs for one text, best score first (n-best of the beam)."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many source tokens ``text`` is for this model, without special tokens."""
        ...


@runtime_checkable
class Likelihood(Protocol):
    """An engine that can say how likely it finds a translation that it did not write itself."""

    def likelihoods(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return, for each (source, target), the mean log-probability (natural log) of a target token.

        The end of the target is one of its tokens. The source is taken as it is, without the preparation
        that :mod:`service.translation` gives it. Raises :class:`service.errors.EngineError`.
        """
        ...


def token_batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield indices in batches of similar length, longest first.

    ``budget`` bounds rows x longest row (padding included) in tokens; a row above the
    budget is a batch of its own. Longest first, so that memory peaks at the start.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batch: list[int] = []
    # The first of a batch is its longest, as lengths only fall from here on: it is what all are padded to.
    for index in order:
        # An empty text has no tokens, yet takes a row.
        if batch and max(1, lengths[batch[0]]) * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def thread_layout(threads: int | None = None) -> tuple[int, int]:
    """Return (parallel batches, threads in each) for ``threads`` cores.

    One core a batch has twice the throughput of two cores on one batch, until memory
    bandwidth is the limit; eight batches at once is where that is taken to be.
    """
    used = threads or cores()
    workers = min(used, 8)
    return workers, max(1, used // workers)


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def check_architecture(preset: Preset, found: str) -> None:
    """Raise EngineError where the files are of another kind of model than the preset's."""
    if found != preset.architecture:
        raise EngineError(
            "models.checkpoint",
            "the checkpoint is {found!r}, not {wanted!r}",
            at=preset.name,
            found=found,
            wanted=preset.architecture,
        )
