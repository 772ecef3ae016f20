"""Work on untrusted input where it can be stopped: in a process of its own, with limits, killed when late.

A thread cannot be stopped, and a regular expression that backtracks holds all threads of its process. So
documents, fetched pages and whatever else is large and not ours go to a confined process: it has so much
processor time, memory, files and output and no more, and it is killed when whoever asked hangs up or has no
time left. What it sends back is read as plain data; nothing in it is ever run.

One process, small and without threads, forks the confined ones (:mod:`service.runtime.sandbox_child`). It
also watches over the end of the server: see :meth:`Sandbox.watch`.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import copy_context
from dataclasses import dataclass
from itertools import count
from typing import Any

from service import errors
from service.context import asked
from service.document import message_from, plain
from service.errors import Busy, LimitExceeded, WartaError, WorkerFailed
from service.runtime import sandbox_child
from service.runtime.sandbox_child import ROOT, Ended, Order, Oversize, packed, unpacked

POLL_SECONDS = 0.05
"""How often whoever waits for a confined process looks whether the answer is still wanted."""

AVAILABLE = sys.platform == "linux"
"""Where there is no such system the work is done in the server's own process, and cannot be stopped."""

Answer = Callable[..., object]
"""Answers what a confined process asks."""

# Not "-m": the child must find the same modules as this process, wherever those came from.
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    f"from {sandbox_child.__name__} import main; main(int(sys.argv[2]))"
)
# The first command waits for all imports, which on a slow disk takes many seconds.
_COMMAND_SECONDS = 60.0
_ANSWERS = 4
"""Questions of one confined process that are answered at once."""
_VALUES = {"ask": 1, "next": 1, "done": 1, "failed": 2, "broke": 2}
"""The kinds of frames that a confined process sends, and the values each has at least."""
_LOG = logging.getLogger("warta.server.sandbox")


@dataclass(frozen=True, slots=True)
class Confinement:
    """What one piece of work may use. Sizes in bytes, times in seconds.

    ``cpu_seconds`` of processor time (0: as much as it takes), ``memory_bytes`` on top of what the empty
    process has, ``output_bytes`` in what it sends at once, ``file_bytes`` in any file it writes.
    """

    cpu_seconds: int = 30
    memory_bytes: int = 1_000_000_000
    output_bytes: int = 200_000_000
    file_bytes: int = 0
    files: int = 64
    nice: int = 3


USUAL = Confinement()


@dataclass(frozen=True, slots=True)
class Use:
    """What a piece of work took: processor seconds, and its memory at most, in bytes."""

    seconds: float
    memory: int


class Sandbox:
    """Runs functions in confined processes, ``most`` at once. Safe from many threads.

    Nothing is opened before it is used.

    Of those who wait for a place the one goes first whose client has the fewest; the others wait as long
    as they have time.
    """

    def __init__(self, most: int = 0, limits: Confinement = USUAL) -> None:
        """Prepare; ``most`` 0 stands for the number of processors, and 2 at least."""
        self._most = most or max(2, os.cpu_count() or 1)
        self._limits = limits
        self._turns = _Turns(self._most)
        self._lock = threading.Lock()
        self._ids = count()
        self._forker: _Forker | None = None
        self._closed = False
        self._watched: tuple[int, float] | None = None
        self.last = Use(0.0, 0)

    def run(
        self,
        function: str,
        *arguments: object,
        limits: Confinement | None = None,
        answer: Answer | None = None,
    ) -> Any:
        """Return what ``function`` ("package.module:name"; ".module:name" is one of ours) makes of
        ``arguments``.

        Both are JSON values, texts and bytes.
        With ``answer`` the function's first argument is a function that asks the server. Raises what the
        function raises of our errors, LimitExceeded beyond a limit, WorkerFailed where the process ended
        otherwise, and Cancelled, DeadlinePassed, Busy.
        """
        with self._place(answer):
            # Only a generator yields more than one, and that is what stream() is for.
            for value in self._work(function, arguments, limits or self._limits, answer):
                return value
        return None

    def stream(
        self,
        function: str,
        *arguments: object,
        limits: Confinement | None = None,
        answer: Answer | None = None,
    ) -> Iterator[Any]:
        """Yield what a generator ``function`` yields, or any other gives, as it is taken; else as
        :meth:`run`.
        """
        with self._place(answer):
            yield from self._work(function, arguments, limits or self._limits, answer, many=True)

    def _place(self, answer: Answer | None) -> AbstractContextManager[None]:
        """Return a place; none for what asks questions, as it may wait for a model, doing nothing, for
        long.
        """
        return nullcontext() if answer else self._turns.taken()

    def warm(self) -> None:
        """Start the process that forks, and have it import what the work needs."""
        if AVAILABLE:
            self._command({"order": "load"})

    def watch(self, seconds: float) -> None:
        """Have this process killed ``seconds`` after SIGTERM or SIGINT, if it is still there.

        Python's own handlers run only when the main thread gets its turn, and a regular expression may keep
        that from it for ever; the byte that the system's handler writes needs no turn. To be called from the
        main thread.
        """
        if not AVAILABLE:
            return
        # Python's C handler writes a byte with the signal's number to the pipe; the process that forks reads
        # it.
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._watched = reader, seconds
        self._command({"order": "watch", "seconds": seconds}, reader)

    @property
    def forker(self) -> int:
        """The process that forks; 0 before it is needed."""
        found = self._forker
        return found.pid if found else 0

    def close(self) -> None:
        """Kill whatever still runs, and the process that forks.

        One that watches stays until the server has ended, whatever still keeps that from ending.
        """
        with self._lock:
            self._closed = True
            forker = self._forker
        if forker and self._watched:
            with suppress(OSError):
                forker.command({"order": "clear"})
        elif forker:
            forker.close()

    def _work(
        self,
        function: str,
        arguments: Sequence[object],
        limits: Confinement,
        answer: Answer | None,
        many: bool = False,
    ) -> Iterator[object]:
        check = _checker()
        check()
        if not AVAILABLE:
            yield from _in_this_process(function, arguments, answer, many)
            return
        id = next(self._ids)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:  # closed once the child has it: when the child dies, ours reads the end
                order: Order = {
                    "order": "start",
                    "id": id,
                    "asks": answer is not None,
                    "nice": limits.nice,
                    "files": limits.files,
                    "file_bytes": limits.file_bytes,
                    "memory_bytes": limits.memory_bytes,
                    "cpu_seconds": limits.cpu_seconds,
                }
                forker = self._command(order, theirs.fileno())
            peer, ended = _Peer(ours, check, limits.output_bytes), False
            try:
                peer.send([function, *arguments])
                yield from _frames(peer, answer)
            except _Gone:
                ended = True  # a zombie until it is asked for, which tells what it used
                died = forker.end(id)
                self._note(died)
                raise _died(died, limits) from None
            finally:
                if not ended:
                    self._note(forker.end(id))

    def _note(self, ended: Ended) -> None:
        self.last = Use(ended.get("seconds", 0.0), ended.get("memory", 0))

    def _command(self, order: Order, file: int | None = None) -> _Forker:
        """Have the process that forks do something; it is started anew where it is gone."""
        # Once more with a new one: the old one may have been killed, by the system for want of memory for
        # example.
        for last in (False, True):
            forker = self._opened()
            try:
                forker.command(order, file)
                return forker
            except OSError as error:
                with self._lock:
                    # Another thread may have started a new one already.
                    if self._forker is forker:
                        self._forker = None
                forker.close()
                if last:
                    raise WorkerFailed(
                        "sandbox.not_started", "the process that confines others cannot be started"
                    ) from error
        raise AssertionError

    def _opened(self) -> _Forker:
        with self._lock:
            if self._closed:
                raise errors.EngineError("server.closing", "the server is closing")
            if not self._forker:
                self._forker = _Forker()
                # The new one must watch over the server's end as the old one did.
                if self._watched:
                    reader, seconds = self._watched
                    self._forker.command({"order": "watch", "seconds": seconds}, reader)
            return self._forker


class _Forker:
    """The process that forks, as the server sees it."""

    def __init__(self) -> None:
        # Packets keep their borders, so that an order and its file arrive together, and are one read.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_COMMAND_SECONDS)
        self._channel = ours
        self._lock = threading.Lock()
        # An empty entry is the folder that Python was started in.
        path = json.dumps([entry or os.getcwd() for entry in sys.path])  # noqa: PTH109
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", _CODE, path, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        # Whoever forgets to close it leaves no process behind.
        self._finish = weakref.finalize(self, _finished, self._process, self._channel)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def command(self, order: Order, file: int | None = None) -> Ended:
        """Return the answer to an order. Raises OSError where nobody answers."""
        # An order and its answer belong together: nobody else's come between.
        with self._lock:
            data = json.dumps(order).encode()
            if file is None:
                self._channel.send(data)
            else:
                socket.send_fds(self._channel, [data], [file])
            answer = self._channel.recv(1 << 16)
        if not answer:
            raise ConnectionResetError
        found: Ended = json.loads(answer)
        return found

    def end(self, id: int) -> Ended:
        """Kill a confined process, if it still runs; how it ended."""
        try:
            return self.command({"order": "end", "id": id})
        except OSError:
            # It is gone itself, and took all it had forked with it.
            return {"signal": signal.SIGKILL}

    def close(self) -> None:
        """End it, and with it all that it forked."""
        with self._lock:
            self._finish()


def _finished(process: subprocess.Popen[bytes], channel: socket.socket) -> None:
    process.kill()
    process.wait()
    channel.close()


class _Gone(Exception):
    """A confined process has closed its end."""


class _Peer:
    """A confined process, as whoever waits for it sees it."""

    def __init__(self, channel: socket.socket, check: Callable[[], None], most: int) -> None:
        # Every wait is in short steps, between which it is asked whether the answer is still wanted.
        channel.setblocking(False)
        self._channel = channel
        self._check = check
        self._most = most
        self._sending = threading.Lock()
        self.problem: Exception | None = None

    def send(self, values: Sequence[object]) -> None:
        """Send one frame. Raises _Gone, and what the check raises."""
        parts = packed(values)
        # Answers are sent by several threads; a frame must not be cut by another.
        with self._sending:
            for part in parts:
                rest = memoryview(part)
                while rest:
                    try:
                        rest = rest[self._channel.send(rest) :]
                    except BlockingIOError:
                        self._wait(write=True)
                    except OSError:
                        raise _Gone from None

    def receive(self) -> list[object]:
        """Return the next frame. Raises _Gone, LimitExceeded, WorkerFailed, and what the check raises."""
        try:
            values = unpacked(self._read, self._most)
        except Oversize:
            raise LimitExceeded(
                "sandbox.makes", "working on it makes more than {size} bytes", size=f"{self._most:,}"
            ) from None
        except (ValueError, RecursionError):  # a list within a list, a thousand deep, is a RecursionError
            values = []
        # A process that read a hostile document may send anything.
        if not values or len(values) <= _VALUES.get(str(values[0]), 1 << 30):
            raise WorkerFailed("sandbox.no_answer", "it cannot be worked on; its process sent no answer")
        return values

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                # Not more at a time: what is announced may never come.
                more = self._channel.recv(min(size - len(data), 1 << 20))
            except BlockingIOError:
                self._wait()
                continue
            except OSError:
                raise _Gone from None
            if not more:
                raise _Gone
            data += more
        return bytes(data)

    def _wait(self, *, write: bool = False) -> None:
        self._check()
        # From a thread that answers: it stops the work, and this is who can stop it.
        if self.problem:
            raise self.problem
        poll = select.poll()
        poll.register(self._channel, select.POLLOUT if write else select.POLLIN)
        poll.poll(POLL_SECONDS * 1000)


def _frames(peer: _Peer, answer: Answer | None) -> Iterator[object]:
    """Yield what a confined process gives, its questions answered on the way."""
    # Several threads of the confined process may ask at once, and one answer may wait for a model.
    with _answering(peer, answer) as asked_for:
        yield from _given(peer, asked_for)


def _given(peer: _Peer, asked_for: Callable[[Sequence[object]], None] | None) -> Iterator[object]:
    while True:
        kind, *values = peer.receive()
        if kind == "ask" and asked_for:
            asked_for(values)
        elif kind == "next":
            yield values[0]
        elif kind == "done":
            if values[0] is not None:
                yield values[0]
            return
        elif kind == "failed":
            raise _ours(str(values[0]), values[1])
        elif kind == "broke":
            _LOG.error("confined work failed: %s\n%s", values[0], values[1])
            raise WorkerFailed(
                "sandbox.broke", "it cannot be worked on; it is broken in a way that was not foreseen"
            )
        else:
            raise WorkerFailed("sandbox.asks", "it cannot be worked on; its process asks what nobody answers")


@contextmanager
def _answering(peer: _Peer, answer: Answer | None) -> Iterator[Callable[[Sequence[object]], None] | None]:
    """Yield where questions go, to be answered by threads on behalf of whoever the caller works for."""
    if not answer:
        yield None
        return
    # So that a question waits in the queue of the client that it is asked for.
    context, pool = copy_context(), ThreadPoolExecutor(_ANSWERS, "answers")

    def work(number: Any, *values: Any) -> None:
        try:
            peer.send([number, *_answered(answer, values)])
        except _Gone:
            return  # whoever receives sees it too
        except Exception as error:
            peer.problem = error

    def handed_over(values: Sequence[Any]) -> None:
        # A copy for each, as one context cannot be entered by two threads.
        pool.submit(context.copy().run, work, *values)

    try:
        yield handed_over
    finally:
        # Not waited for: an answer may wait for a model, and nobody reads it any more.
        pool.shutdown(wait=False, cancel_futures=True)


def _answered(answer: Answer, values: Sequence[object]) -> list[object]:
    """Return the answer to a question. What stops the work is raised here, the rest there."""
    try:
        return ["answer", answer(*values)]
    except (errors.Cancelled, errors.DeadlinePassed, Busy):
        raise
    except WartaError as error:
        return ["error", _name(error), plain(error.message)]


def _name(error: WartaError) -> str:
    names: Iterator[str] = (c.__name__ for c in type(error).__mro__ if getattr(errors, c.__name__, None) is c)
    return next(names)


def _ours(kind: str, said: object) -> WartaError:
    """Return the error of ours by that name; any other is one about the input."""
    if kind == "MemoryError":
        return LimitExceeded("sandbox.memory", "working on it takes more memory than is allowed")
    found = getattr(errors, kind, None)
    # Busy is made of seconds, not of a message.
    known = isinstance(found, type) and issubclass(found, WartaError) and found is not Busy
    message = message_from(said)
    return found(message) if known and found else errors.InputError(message)


def _died(ended: Ended, limits: Confinement) -> WartaError:
    """Return why a confined process ended without an answer."""
    number = ended.get("signal", 0)
    # Code that caught SIGXCPU was killed at the upper limit: the time used tells it all the same.
    if limits.cpu_seconds and (number == signal.SIGXCPU or ended.get("seconds", 0.0) >= limits.cpu_seconds):
        return LimitExceeded(
            "sandbox.seconds",
            "working on it takes more than {seconds} seconds of processor time",
            seconds=limits.cpu_seconds,
        )
    if number == signal.SIGXFSZ:
        return LimitExceeded(
            "sandbox.writes", "working on it writes more than {size} bytes", size=f"{limits.file_bytes:,}"
        )
    return WorkerFailed(
        "sandbox.ended", "it cannot be worked on; its process ended, perhaps for want of memory"
    )


def _checker() -> Callable[[], None]:
    ask = asked()
    return ask.check if ask else lambda: None


def _in_this_process(
    function: str, arguments: Sequence[object], answer: Answer | None, many: bool
) -> Iterator[object]:
    from importlib import import_module

    module, _, name = function.partition(":")
    made = getattr(import_module(module, ROOT), name)(*([answer] if answer else []), *arguments)
    if many and isinstance(made, Iterator):
        yield from made
    elif made is not None:
        yield made


class _Turns:
    """Places for confined work, given to the client with the fewest first."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._changed = threading.Condition()
        self._held: Counter[str] = Counter()
        self._waiting: list[tuple[str, object]] = []

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place, as long as it lasts. Raises Cancelled, DeadlinePassed."""
        ask = asked()
        client = ask.client if ask else ""
        self._take(client)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._held[client] -= 1
                if not self._held[client]:
                    del self._held[client]
                self._changed.notify_all()

    def _take(self, client: str) -> None:
        check, mine = _checker(), (client, object())
        with self._changed:
            self._waiting.append(mine)
            try:
                while not (self._free and self._next() is mine):
                    # In steps, as nothing tells it of a client that hangs up.
                    self._changed.wait(POLL_SECONDS)
                    check()
                self._free -= 1
                self._held[client] += 1
            finally:
                self._waiting.remove(mine)
                # Whoever goes may have stood before one that can go now.
                self._changed.notify_all()

    def _next(self) -> tuple[str, object]:
        """Return, of those who wait, the oldest of the client that holds the fewest places."""
        return min(self._waiting, key=lambda one: self._held[one[0]])
