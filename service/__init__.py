"""Read Indonesian news in English, and see what each English sentence rests on.

This package is ``warta`` where it is installed: ``import warta``. What is not in ``__all__`` is
private and may change without notice.

>>> import warta
>>> reader = warta.load()                          # doctest: +SKIP
>>> reader.translate("Harga beras naik 12 persen.")  # doctest: +SKIP
'Rice prices rose by 12 percent.'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from service.version import __version__ as __version__

if TYPE_CHECKING:
    from service.document import (
        Article,
        Finding,
        Reading,
        SegmentTranslation,
        Signature,
        Summary,
        SummarySentence,
        Translation,
    )
    from service.errors import InputError, ModelError, UsageError, WartaError
    from service.reader import Reader, check, load

__all__ = [
    "Article",
    "Finding",
    "InputError",
    "ModelError",
    "Reader",
    "Reading",
    "SegmentTranslation",
    "Signature",
    "Summary",
    "SummarySentence",
    "Translation",
    "UsageError",
    "WartaError",
    "check",
    "load",
]

_HOMES = {
    ".reader": ("Reader", "check", "load"),
    ".errors": ("InputError", "ModelError", "UsageError", "WartaError"),
    ".cli": ("main",),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for: `import warta` itself loads nothing."""
    if name not in (*__all__, "main"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), ".document")
    return getattr(importlib.import_module(home, __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
