"""The same articles through every translation model that is installed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from service import presets
from service.document import Article
from service.errors import Cancelled, DeadlinePassed, WartaError
from service.models.catalog import rows
from service.models.store import Store
from service.pipeline import Pipeline
from service.render.comparison import Compared

USABLE = ("installed", "ready")


def able(store: Store) -> list[str]:
    """Return the translation models that can run on this machine, the best first, without ``echo``."""
    return [row.name for row in rows(store) if row.task == "translate" and row.state in USABLE]


def compare(
    articles: Sequence[Article], names: Sequence[str], opener: Callable[[str], Pipeline]
) -> Iterator[Compared]:
    """Yield what each model makes of the articles, one model after another, each loaded by ``opener``.

    A model that cannot run is told with its error, and the others go on. Raises UnknownModel before anything
    is loaded, Cancelled, DeadlinePassed.
    """
    # All of them before the first is loaded, which may take long.
    for name in names:
        presets.get(name, "translate")
    for name in names:
        began = time.perf_counter()
        try:
            pipeline = opener(name)
            opened = time.perf_counter() - began
            began = time.perf_counter()
            made = tuple(pipeline.translate(article) for article in articles)
        except (Cancelled, DeadlinePassed):
            raise
        except WartaError as error:
            yield Compared(name, error=str(error))
        else:
            yield Compared(name, opened, time.perf_counter() - began, made)
