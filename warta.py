"""`import warta` in a checkout and an editable install.

In a wheel the package `service` itself has this name (see setup.py), and this file is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import service

if TYPE_CHECKING:
    from service import *  # noqa: F403


__all__ = service.__all__
__version__ = service.__version__


def __getattr__(name: str) -> Any:
    return getattr(service, name)


def __dir__() -> list[str]:
    return dir(service)


if __name__ == "__main__":
    from service.cli import main

    main()
