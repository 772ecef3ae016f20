"""What to say where a library cannot be imported: which one is missing, and what brings it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from service.document import Message


def lacks(error: ImportError, extra: str, library: str) -> Message:
    """Return why ``library``, which the extra brings, could not be imported, in one line.

    A module that is missing, perhaps one that the library itself asks for, is named with the extra. Any other
    error, as of two versions that do not go together, is told as it is: installing again may not mend it.
    """
    name = absent(error)
    if not name:
        reason = " ".join(str(error).split())
        return Message.of(
            "extras.broken", "{library} cannot be imported: {reason}", library=library, reason=reason
        )
    how = f"pip install 'warta[{extra}]'"
    if name.lower() == library.lower():
        return Message.of("extras.missing", "needs {name}, which is not installed: {how}", name=name, how=how)
    return Message.of(
        "extras.inner_missing",
        "needs {name}, which is not installed ({library} asks for it): {how}",
        name=name,
        library=library,
        how=how,
    )


def absent(error: ImportError) -> str:
    """Return the top module that is not installed, for want of which something could not be imported; else
    empty.
    """
    return next((name for name in _modules(error) if not _installed(name)), "")


def _modules(error: BaseException) -> Iterator[str]:
    """Yield the top modules that were not found, the innermost first: libraries say it in words of
    their own.
    """
    inner = error.__cause__ or error.__context__
    if inner:
        yield from _modules(inner)
    if isinstance(error, ModuleNotFoundError) and error.name:
        yield error.name.partition(".")[0]


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
