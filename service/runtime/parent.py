"""A process that this program started ends with the one that started it, whatever that one died of."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import connection

from service.errors import WartaError

_ENDED = 1
"""The exit code of a process whose parent is gone."""
_LOOKS = 0.25
"""Seconds between two looks at a parent that nothing tells of."""
_F_SETSIG = 10
"""Linux's number of the call; Python's fcntl has a name for it from 3.12 on."""


def end_with_parent() -> None:
    """Have this process of :mod:`multiprocessing` end at once when the one that started it ends.

    What watches is the pipe that only the parent holds open: the system closes it after ``kill -9`` too.
    A signal at the parent's death (``PR_SET_PDEATHSIG``) would come when the thread ends that started
    this process. Raises WartaError in a process that multiprocessing did not start.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise WartaError("process.foreign", "this process was not started by another one of this program")
    if sys.platform == "linux":
        _kill_when_closed(int(parent.sentinel))
    _end_after(lambda: connection.wait([parent.sentinel]))


def end_with(parent: int) -> None:
    """Do the same for a process that anything else started: ``parent`` is the process that did.

    It ends a quarter of a second later, and where native code holds the interpreter's lock, after that.
    """

    def gone() -> None:
        # A process whose parent ended is given another one.
        while os.getppid() == parent:
            time.sleep(_LOOKS)

    _end_after(gone)


def _end_after(gone: Callable[[], object]) -> None:
    """End this process, whatever its threads do, when ``gone`` returns."""

    def watch() -> None:
        gone()
        # Not sys.exit, which in a thread would end the thread only.
        os._exit(_ENDED)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _kill_when_closed(pipe: int) -> None:
    """Have the kernel kill this process when the other end of ``pipe`` is closed.

    A thread needs the interpreter's lock to do it, which a long match of a regular expression holds. Where
    the pipe is closed already the thread finds it so.
    """
    import fcntl  # Linux and others of its family only

    # Whatever happens on the pipe sends SIGKILL. The parent writes nothing to it, so what happens is its end.
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, _F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
