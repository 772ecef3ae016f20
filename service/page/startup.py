"""Start Gradio without what no reader of the page has any use for.

At every import Gradio parses its own sources to keep type stubs for editors up to date, in its own folder,
and writes the documentation of every event: more than half of the time that its import takes. Around each
call it opens matplotlib, where that is installed, for plots that this page has none of. And it makes a whole
application three times before the one that is mounted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType
from typing import Any


def import_gradio() -> None:
    """Import Gradio, the first time quickly; later imports find it loaded. Raises ImportError without it."""
    if "gradio" in sys.modules:
        return
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        import gradio  # noqa: F401
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def applications_later() -> Iterator[None]:
    """Have the page built without the applications that Gradio makes and throws away meanwhile."""
    from gradio.routes import App

    made = App.create_app
    setattr(App, "create_app", _nothing)  # noqa: B010
    try:
        yield
    finally:
        setattr(App, "create_app", made)  # noqa: B010


def _nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""


_CHANGES: Mapping[str, tuple[str, Any]] = {
    "gradio.component_meta": ("create_or_modify_pyi", _nothing),
    "gradio.events": ("EventListener.set_doc", _nothing),
    "gradio.utils": ("MatplotlibBackendMananger", nullcontext),  # their spelling
}
"""What a part of a module becomes as soon as that is loaded; one that is not there any more stays away."""


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        name, value = _CHANGES[module.__name__]
        *owners, last = name.split(".")
        holder: Any = getattr(module, owners[0], None) if owners else module
        if hasattr(holder, last):
            setattr(holder, last, value)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(fullname, path, target) if fullname in _CHANGES else None
        if not found or not isinstance(found.loader, SourceFileLoader) or not found.origin:
            return None
        return spec_from_file_location(fullname, found.origin, loader=_Loader(fullname, found.origin))
