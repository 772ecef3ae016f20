"""What a confined process may be made to do by what it reads: the worst of it, on purpose."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def echo(*values: Any) -> Any:
    return values[0]


def spin(*_: Any) -> None:
    """Runs in pure Python for ever."""
    while True:
        pass


def backtrack(*_: Any) -> None:
    """Runs in one call of the regular expression engine for longer than anybody lives."""
    re.match(r"(a|a)*$", "a" * 200 + "b")


def sleep(*_: Any) -> None:
    time.sleep(10_000)


def deaf(*_: Any) -> None:
    """Hears no signal that may be ignored."""
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    spin()


def hide(*_: Any) -> None:
    """Closes what it was given to talk over, and goes on."""
    os.closerange(3, 64)
    deaf()


def hog(*_: Any) -> int:
    """Takes memory without end."""
    held = []
    while True:
        held.append(bytearray(50_000_000))


def flood(*_: Any) -> str:
    return "a" * 50_000_000


def drip(*_: Any) -> Iterator[int]:
    """Yields numbers, as fast as they are taken."""
    number = 0
    while True:
        yield number
        number += 1


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(*_: Any) -> None:
    os._exit(7)


def write(path: str) -> None:
    Path(path).write_bytes(bytes(1_000_000))


def fail(message: str) -> None:
    raise KeyError(message)


def limits(*_: Any) -> dict[str, int]:
    names = ("CPU", "AS", "FSIZE", "NOFILE", "CORE")
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0] for name in names}


def about(*_: Any) -> dict[str, Any]:
    """Who this process is, and what it holds of the server."""
    files = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    heavy = [name for name in ("torch", "transformers", "ctranslate2", "gradio") if name in _modules()]
    return {"pid": os.getpid(), "threads": threading.active_count(), "files": files, "heavy": heavy}


def _modules() -> Any:
    import sys

    return sys.modules


def lie(*values: Any) -> None:
    """Answers with bytes that are no answer."""
    for path in Path("/proc/self/fd").iterdir():
        if path.is_symlink() and str(path.readlink()).startswith("socket:"):
            with socket.socket(fileno=int(path.name)) as channel:
                channel.sendall(bytes.fromhex(values[0]))
                time.sleep(5)


def ask(asked: Callable[..., Any], *values: Any) -> list[Any]:
    """Asks from several threads at once."""
    found: dict[int, Any] = {}

    def one(number: int) -> None:
        found[number] = asked(number, *values)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(4)]


def ask_once(asked: Callable[..., Any], *values: Any) -> Any:
    return asked(*values)
