"""The other side of :mod:`service.runtime.sandbox`: a process that forks, and the confined ones it forks.

The first is single-threaded and reads nothing that comes from outside, so that forking it is safe. It
imports the readers of documents once, and each piece of work gets a fresh copy of it: nothing of one client's
document is left for the next one's, and what it took of memory is gone when it ends.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from queue import SimpleQueue
from typing import Any, NoReturn, TypedDict

Read = Callable[[int], bytes]
"""Gives exactly so many bytes. Raises EOFError where there are no more."""

PRELOADED = ("lxml.etree", "lxml.html", "trafilatura", "pypdf", "openpyxl", "zstandard", "ftfy")
"""What every piece of work may need and takes long to import; what is not installed is left out."""

ROOT = __name__.partition(".")[0]
"""The package that a function named ".module:name" lies in."""

_WORD = 4  # bytes of the length before a head
_INLINE = 4096
"""Texts longer than this travel beside the JSON, unescaped."""
_DEEPEST_PROBLEM = 2000
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


# Frames: the length of a head, the head, and what it says follows it. The head is a JSON list of what was
# sent, with {"bytes": n} and {"text": n} for what follows. It holds plain data only: reading it runs nothing.


def packed(values: Sequence[object]) -> list[bytes]:
    """Return ``values`` as a frame: JSON values, and bytes at the top level."""
    head: list[object] = []
    rest: list[bytes] = []
    for value in values:
        if isinstance(value, str) and len(value) > _INLINE:
            # Text of a broken file may hold half a surrogate pair.
            rest.append(value.encode("utf-8", "surrogatepass"))
            head.append({"text": len(rest[-1])})
        elif isinstance(value, bytes | bytearray | memoryview):
            rest.append(bytes(value))
            head.append({"bytes": len(rest[-1])})
        else:
            head.append({"value": value})
    data = json.dumps(head, separators=(",", ":")).encode("ascii")
    return [len(data).to_bytes(_WORD, "big") + data, *rest]


def unpacked(read: Read, most: int) -> list[Any]:
    """Return the values of the next frame.

    Raises ValueError for no frame or one over ``most`` bytes, EOFError.
    """
    size = int.from_bytes(read(_WORD), "big")
    # Compared before anything is read, so that a false length takes no memory.
    if size > most:
        raise Oversize(size)
    head = json.loads(read(size))
    if not isinstance(head, list) or not all(isinstance(item, dict) and len(item) == 1 for item in head):
        raise ValueError("not a frame")
    values = []
    for item in head:
        ((kind, value),) = item.items()
        if kind == "value":
            values.append(value)
            continue
        # ``type``, for True is an int to isinstance.
        if kind not in ("text", "bytes") or type(value) is not int or value < 0:
            raise ValueError("not a frame")
        size += value
        if size > most:
            raise Oversize(size)
        data = read(value)
        values.append(data.decode("utf-8", "surrogatepass") if kind == "text" else data)
    return values


class Oversize(ValueError):
    """A frame is larger than may be read."""


# The process that forks.


class Order(TypedDict, total=False):
    """A command to the process that forks: ``order`` is load, watch, start, end or clear.

    The limits of a process that is started are those of :class:`service.runtime.sandbox.Confinement`.
    """

    order: str
    id: int
    seconds: float
    nice: int
    asks: bool
    file_bytes: int
    files: int
    memory_bytes: int
    cpu_seconds: int


class Ended(TypedDict, total=False):
    """How a confined process ended: by which signal, and its processor seconds and peak memory in bytes."""

    signal: int
    seconds: float
    memory: int


def main(control: int) -> NoReturn:
    """Serve the commands that come over ``control`` until its other end is closed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Whoever stops the server with its whole group wants the work that runs finished first.
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=control) as channel:
        _Forker(channel).serve()
    os._exit(0)


class _Forker:
    """Forks confined processes, ends them, and kills a server that was told to stop and does not."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._server = os.getppid()
        self._loaded = False
        self._children: dict[int, int] = {}
        self._signals = -1
        self._patience = 0.0
        self._due = float("inf")

    def serve(self) -> None:
        while True:
            watched = [self._channel.fileno(), *([self._signals] if self._signals >= 0 else [])]
            left = self._due - time.monotonic()
            ready, _, _ = select.select(watched, [], [], None if left == float("inf") else max(0.0, left))
            if time.monotonic() >= self._due:
                self._end_server()
            if self._signals in ready:
                self._told()
            if self._channel.fileno() in ready and not self._command():
                return

    def _command(self) -> bool:
        """Carry out one command of the server; return False where there is no server any more."""
        try:
            # At most one file comes with an order.
            data, files, _, _ = socket.recv_fds(self._channel, 1 << 16, 1)
        except OSError:
            return False
        if not data:
            return False
        order: Order = json.loads(data)
        name = order["order"]
        answer: Ended = {}
        if name == "load":
            self._load()
        elif name == "watch":
            if self._signals >= 0:
                os.close(self._signals)
            self._signals, self._patience = files[0], order["seconds"]
        elif name == "start":
            self._load()
            self._start(order, files[0])
        elif name == "end":
            answer = self._end(order["id"])
        elif name == "clear":
            for id in [*self._children]:
                self._end(id)
        self._channel.send(json.dumps(answer).encode())
        return True

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        # Threads of a numerical library would not survive the fork.
        os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
        for name in PRELOADED:
            try:
                import_module(name)
            except ImportError:
                continue
        import gc

        # What a reader makes at first use is made here, once for all copies.
        import_module(".confined", ROOT).prepare()
        # What is loaded is shared with every copy as long as nobody writes to it, which counting would.
        gc.collect()
        gc.freeze()

    def _start(self, order: Order, file: int) -> None:
        own = os.getpid()
        pid = os.fork()
        if pid:
            # The child has it now. Held here, it would never read as closed when the child dies.
            os.close(file)
            self._children[order["id"]] = pid
            return
        try:
            _dies_with(own)
            # The child must neither give orders nor keep the server's end of them open.
            self._channel.close()
            if self._signals >= 0:
                os.close(self._signals)
            with socket.socket(fileno=file) as channel:
                _confined(channel, order)
        finally:
            # Not sys.exit: the copy would go on to the exit handlers, and the loop, of the process it was
            # forked from.
            os._exit(0)

    def _end(self, id: int) -> Ended:
        """Kill a confined process, if it still runs, and say how it ended."""
        pid = self._children.pop(id, None)
        if pid is None:
            return {"signal": 0, "seconds": 0.0, "memory": 0}
        # Not reaped yet, so that its number is no other process's.
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        return {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "seconds": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * 1024,  # Linux counts in KiB
        }

    def _told(self) -> None:
        """Note that the server was told to stop: its own handler may wait for ever, this does not."""
        data = os.read(self._signals, 4096)
        if not data:
            self._signals = -1
        elif {signal.SIGINT, signal.SIGTERM} & set(data):
            self._due = min(self._due, time.monotonic() + self._patience)

    def _end_server(self) -> None:
        self._due = float("inf")
        # Once the server has ended its number may be another process's.
        if os.getppid() == self._server:
            os.kill(self._server, signal.SIGKILL)


def _dies_with(parent: int) -> None:
    """Have the system kill this process when ``parent`` ends, however it ends."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    # It may have ended between the fork and the call above, which then tells of nothing.
    if os.getppid() != parent:
        os._exit(1)


# The confined process.


def _confined(channel: socket.socket, order: Order) -> None:
    """Do one piece of work and send what it gives."""
    os.nice(order["nice"])
    _limit(order)
    peer = Peer(channel)
    try:
        function, *arguments = peer.receive()
        module, _, name = function.partition(":")
        made = getattr(import_module(module, ROOT), name)(*([peer.ask] if order["asks"] else []), *arguments)
        if isinstance(made, Iterator):
            for one in made:
                peer.send(["next", one])
            made = None
        peer.send(["done", made])
    except MemoryError:
        del order
        peer.send(["failed", "MemoryError", ""])
    except Exception as error:
        peer.send(_problem(error))


def _limit(order: Order) -> None:
    """Bound processor time, memory, files and processes of this process, for good."""
    # All that is mapped already, shared libraries too, counts towards the limit of the address space.
    pages = int(open("/proc/self/statm").read().split()[0]) if sys.platform == "linux" else 0  # noqa: SIM115, PTH123
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, order["file_bytes"]),
        (resource.RLIMIT_NOFILE, order["files"]),
        (resource.RLIMIT_AS, pages * resource.getpagesize() + order["memory_bytes"]),
    ]
    if seconds := order["cpu_seconds"]:
        limits.append((resource.RLIMIT_CPU, seconds))
    for which, wanted in limits:
        _, hard = resource.getrlimit(which)
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        # At the lower limit of processor time comes a signal of its own, at the upper one SIGKILL.
        resource.setrlimit(which, (most, most + 1 if which == resource.RLIMIT_CPU else most))


def _problem(error: Exception) -> list[object]:
    """Return an error as the server is told of it: of one that is not ours its place only, as it may hold
    text.
    """
    from service import errors

    if isinstance(error, errors.WartaError):
        kind = next(
            (c.__name__ for c in type(error).__mro__ if getattr(errors, c.__name__, None) is c), "InputError"
        )
        from service.document import plain

        return ["failed", kind, plain(error.message, _DEEPEST_PROBLEM)]
    places = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    return ["broke", type(error).__name__, "\n".join(places)[-_DEEPEST_PROBLEM:]]


class Peer:
    """The server, as the confined process sees it."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._asked = 0
        self._answers: dict[int, SimpleQueue[list[Any]]] = {}

    def send(self, values: Sequence[object]) -> None:
        """Send one frame."""
        parts = packed(values)
        with self._lock:
            for part in parts:
                self._channel.sendall(part)

    def receive(self) -> list[Any]:
        """Return the next frame of the server."""
        # The server is trusted: whatever it sends is read.
        return unpacked(self._read, 1 << 62)

    def ask(self, *values: object) -> Any:
        """Return what the server answers to ``values``. Raises the WartaError that it answers with.

        Several threads may ask at once.
        """
        answers: SimpleQueue[list[Any]] = SimpleQueue()
        with self._lock:
            self._asked += 1
            number = self._asked
            self._answers[number] = answers
        # Until it asks, a process reads one frame and has no thread, which most work is done with.
        if number == 1:
            threading.Thread(target=self._listen, name="answers", daemon=True).start()
        self.send(["ask", number, *values])
        kind, *answer = answers.get()
        if kind == "error":
            from service import errors
            from service.document import message_from

            raise getattr(errors, answer[0])(message_from(answer[1]))
        return answer[0]

    def _listen(self) -> None:
        while True:
            number, *answer = self.receive()
            with self._lock:
                self._answers.pop(number).put(answer)

    def _read(self, size: int) -> bytes:
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            if not (more := self._channel.recv_into(view[got:])):
                # Whoever asked is gone.
                os._exit(0)
            got += more
        view.release()
        return bytes(data)
