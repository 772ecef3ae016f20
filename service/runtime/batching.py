"""One loaded model, many callers: their segments wait in one queue and run in common batches.

Worker threads take batches off the queue. A batch starts from the client whose turn it is, with
that client's oldest segment, and is filled with the waiting segments nearest to it in length,
whoever asked for them. So every client moves on in turn, and batches are as full as the queue
allows. Work in the background waits in the same queue: it has its turns, else it gets the places
that others leave, and it counts for nothing where the queue is too full for others.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import ceil

from service.context import Ask, asked, batch_wanted
from service.document import Decoding, Output
from service.engines.base import Engine
from service.errors import Busy, Cancelled, DeadlinePassed, EngineError, WartaError

POLL_SECONDS = 0.05
"""How often a waiting caller looks whether it was cancelled."""

# The share of the time that recent batches took that a short batch may wait for company.
_WAIT_SHARE = 0.1
# For as many batches the client whose turn it is may be passed over for a kind of rows that has more company.
_TURN_BATCHES = 4
# Rows of a batch before any pace is known.
_UNTRIED = 4
_RECENT = 0.25
"""The weight of the last batch in what recent batches were like."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much may wait, and how batches are formed. Tokens are source tokens.

    ``max_tokens_waiting`` is where new callers are refused; one client may hold half of it. What waits
    in the background is not counted.
    ``batch_tokens`` bounds rows x longest row, ``batch_rows`` the rows. ``parallel`` batches
    run at once. A batch of one request alone is about ``batch_seconds`` of work, so that not more than that
    is done in vain where its client goes away. Fewer rows than were at hand lately for each wait for
    company: a tenth of the time that batches took, ``wait_seconds`` at most.
    """

    max_tokens_waiting: int = 32_768
    batch_tokens: int = 1024
    batch_rows: int = 32
    wait_seconds: float = 0.1
    parallel: int = 2
    batch_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The queue at one moment, and its totals since it was opened.

    ``waiting`` and ``running`` count segments; ``fill`` is the mean share of a batch's token budget
    that was used; ``wait_seconds`` is summed over the segments that left the queue.
    """

    waiting: int = 0
    tokens_waiting: int = 0
    running: int = 0
    batches: int = 0
    rows: int = 0
    source_tokens: int = 0
    target_tokens: int = 0
    fill: float = 0.0
    wait_seconds: float = 0.0
    busy_seconds: float = 0.0
    refused: int = 0
    dropped: int = 0


@dataclass(slots=True, eq=False)
class _Call:
    """One call of the engine, waiting for its rows."""

    ask: Ask
    answers: list[list[Output]]
    left: int
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
    waited: float = 0.0


@dataclass(slots=True, eq=False)
class _QueuedText:
    """One text of a call; ``count`` is 0 for the best output only, else the alternatives wanted.

    Only rows of one ``kind`` share a batch.
    """

    call: _Call
    index: int
    text: str
    tokens: int
    decoding: Decoding
    count: int
    since: float
    kind: int = 0

    @property
    def alike(self) -> tuple[int, int, Decoding]:
        """What rows have in common that can run together."""
        return self.kind, self.count, self.decoding


class SharedEngine:
    """An engine that many threads share; its outputs are those of ``inner`` alone.

    A caller within :func:`asking` is refused with Busy when the queue is full, and leaves the queue
    with Cancelled or DeadlinePassed; a batch that runs is run to its end, and what was
    cancelled of it is dropped.
    """

    def __init__(self, inner: Engine, *, limits: QueueLimits | None = None) -> None:
        """Start ``limits.parallel`` threads."""
        self.signature = inner.signature
        self._inner = inner
        self._limits = limits or QueueLimits()
        # Some engines run only texts of one class in a batch; see CausalEngine.batch_class.
        self._class_of: Callable[[str, Decoding], int] | None = getattr(inner, "batch_class", None)
        self._lock = threading.Condition()
        # By (background, client). A dict keeps its order, and that order is the order of turns: the first key
        # is next.
        self._queues: dict[tuple[bool, str], deque[_QueuedText]] = {}
        self._tokens = 0
        self._running = 0
        # Rows that are usually at hand: it rises at once with a new caller and falls slowly with each batch.
        self._usual = 0.0
        self._closed = False
        self._count = _Count()
        self._threads = [
            threading.Thread(target=self._work, name=f"batches-{number}", daemon=True)
            for number in range(self._limits.parallel)
        ]
        for thread in self._threads:
            thread.start()

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """See :class:`service.engines.base.Engine`. Raises Busy, Cancelled, DeadlinePassed too."""
        return [answers[0] for answers in self._ask(texts, decoding, 0)]

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        """See :class:`service.engines.base.Engine`. Raises Busy, Cancelled, DeadlinePassed too."""
        return self._ask([text], decoding, count)[0]

    def count_tokens(self, text: str) -> int:
        """See :class:`service.engines.base.Engine`."""
        return self._inner.count_tokens(text)

    def stats(self) -> QueueStats:
        """Return the queue now, and its totals."""
        with self._lock:
            waiting = sum(map(len, self._queues.values()))
            return self._count.stats(waiting, self._tokens, self._running)

    def close(self, seconds: float | None = None) -> None:
        """End the threads; a batch that runs is run to its end, callers that wait get EngineError.

        Waits ``seconds`` at most, for all of them.
        """
        with self._lock:
            self._closed = True
            rows = [row for queue in self._queues.values() for row in queue]
            self._queues.clear()
            self._tokens = 0
            self._lock.notify_all()
        for row in rows:
            _fail(row.call, EngineError("engine.closed", "the engine was closed"))
        due = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if due is None else max(0.0, due - time.monotonic()))

    # The caller's side.

    def _ask(self, texts: Sequence[str], decoding: Decoding, count: int) -> list[list[Output]]:
        # Who calls outside of ``asking`` (the command line, a test) is never refused.
        ask = asked() or Ask(admitted=True)
        ask.check()
        if not texts:
            return []
        call = _Call(ask, [[] for _ in texts], len(texts))
        # Outside the lock: tokenizing takes a while. An empty text still takes a row.
        sizes = [max(1, self._inner.count_tokens(text)) for text in texts]
        now = time.monotonic()
        kinds = [self._class_of(text, decoding) if self._class_of else 0 for text in texts]
        rows = [
            _QueuedText(call, i, text, sizes[i], decoding, count, now, kinds[i])
            for i, text in enumerate(texts)
        ]
        self._enter(ask, rows)
        self._await(call)
        ask.waited += call.waited
        if call.error:
            # One row failed; the call's others may still wait, and nobody wants them any more.
            self._leave(call)
            raise call.error
        return call.answers

    def _enter(self, ask: Ask, rows: Sequence[_QueuedText]) -> None:
        with self._lock:
            if self._closed:
                raise EngineError("engine.closed", "the engine was closed")
            # Once for a whole request: an article that was let in is not refused in the middle.
            if not ask.admitted:
                self._admit(ask)
            self._queues.setdefault(ask.lane, deque()).extend(rows)
            self._tokens += sum(row.tokens for row in rows)
            self._usual = max(self._usual, self._for_batches())
            self._lock.notify_all()

    def _admit(self, ask: Ask) -> None:
        most = self._limits.max_tokens_waiting
        # Work in the background never keeps anybody out, so it is not counted.
        waiting = {
            client: sum(row.tokens for row in queue)
            for (background, client), queue in self._queues.items()
            if not background
        }
        tokens, own = sum(waiting.values()), waiting.get(ask.client, 0)
        if not ask.background and (tokens >= most or own >= max(1, most // 2)):
            self._count.refused += 1
            raise Busy(self._count.seconds_for(tokens))
        ask.admitted = True

    def _await(self, call: _Call) -> None:
        while not call.done.wait(POLL_SECONDS):
            # The batch itself is not stopped here: other callers may have rows in it.
            try:
                call.ask.check()
            except (Cancelled, DeadlinePassed):
                self._leave(call)
                raise

    def _leave(self, call: _Call) -> None:
        with self._lock:
            queue = self._queues.get(call.ask.lane)
            if queue is None:
                return
            kept = deque(row for row in queue if row.call is not call)
            gone = sum(row.tokens for row in queue if row.call is call)
            self._count.dropped += len(queue) - len(kept)
            self._tokens -= gone
            if kept:
                self._queues[call.ask.lane] = kept
            else:
                del self._queues[call.ask.lane]

    # The workers' side.

    def _work(self) -> None:
        while batch := self._next_batch():
            # The engine runs outside the lock, so that callers can enter and leave meanwhile.
            started = time.monotonic()
            answers = self._run(batch)
            with self._lock:
                self._running -= len(batch)
                self._count.ran(time.monotonic() - started, len(batch))
                for row, answer in zip(batch, answers, strict=True):
                    self._settle(row, answer)

    def _settle(self, row: _QueuedText, answer: list[Output] | Exception) -> None:
        if isinstance(answer, Exception):
            _fail(row.call, answer)
            return
        self._count.target_tokens += sum(output.tokens for output in answer)
        row.call.answers[row.index] = answer
        row.call.left -= 1
        if not row.call.left:
            row.call.done.set()

    def _next_batch(self) -> list[_QueuedText]:
        """Return the next rows to run, longest first; none when the engine is closed."""
        free = time.monotonic()
        with self._lock:
            while not self._closed:
                if not self._queues:
                    self._lock.wait()
                elif (delay := self._delay(free)) > 0:
                    self._lock.wait(delay)
                else:
                    batch = self._take()
                    self._running += len(batch)
                    return batch
            return []

    def _delay(self, free: float) -> float:
        """Return seconds for which the next batch of a worker, ``free`` since then, may wait for company.

        The callers of its last batch are about to come with their next segments.
        """
        waiting = sum(map(len, self._queues.values()))
        usual = min(self._limits.batch_rows, ceil(self._usual / self._limits.parallel))
        if self._tokens >= self._limits.batch_tokens or waiting >= usual:
            return 0.0
        oldest = min(queue[0].since for queue in self._queues.values())
        patience = min(self._limits.wait_seconds, _WAIT_SHARE * self._count.recent_seconds)
        # From when the worker was free: before that nothing could have run anyhow.
        return max(oldest, free) + patience - time.monotonic()

    def _take(self) -> list[_QueuedText]:
        first = self._first()
        # Alternatives are a search of their own and share with nobody.
        batch = [first] if first.count else self._fill(first)
        chosen = set(map(id, batch))
        # Taken out and put in again, a lane stands last in the dict.
        for lane in {row.call.ask.lane for row in batch}:
            left = deque(row for row in self._queues.pop(lane) if id(row) not in chosen)
            if left:
                # Behind the others: who was served waits a turn.
                self._queues[lane] = left
        self._tokens -= sum(row.tokens for row in batch)
        self._usual -= _RECENT * (self._usual - self._for_batches(len(batch)))
        self._count.add(batch, self._limits)
        for row in batch:
            row.call.waited = max(row.call.waited, time.monotonic() - row.since)
        # Longest first, as in token_batches.
        return sorted(batch, key=lambda row: -row.tokens)

    def _first(self) -> _QueuedText:
        """Return the row that a batch is built around: the oldest of the client whose turn it is.

        Where only rows of one kind go together, the others' oldest rows come before it while
        they have more company, but not for long.
        """
        heads = [queue[0] for queue in self._queues.values()]
        if not self._class_of:
            return heads[0]
        # A client of a rare kind would otherwise wait as long as others keep coming.
        overdue = time.monotonic() - _TURN_BATCHES * self._count.recent_seconds
        if heads[0].since < overdue:
            return heads[0]
        alike = Counter(row.alike for queue in self._queues.values() for row in queue)
        return max(heads, key=lambda row: alike[row.alike])

    def _fill(self, first: _QueuedText) -> list[_QueuedText]:
        """Return ``first`` and the rows nearest to it in length that can run with it; the background's
        last.
        """
        alike = [
            row
            for row in _in_turn(self._queues.values())
            if row is not first and not row.count and row.decoding == first.decoding
            and row.kind == first.kind
        ]  # fmt: skip
        batch, longest = [first], first.tokens
        most = min(self._limits.batch_rows, self._share())
        ask = first.call.ask
        # Where others wait too, full batches are worth more than what is done in vain for one who goes away.
        if ask.deadline is not None and all(row.call.ask is ask for row in alike):
            most = min(most, self._prompt())
        for background in (False, True):
            some = (row for row in alike if row.call.ask.background == background)
            for row in sorted(some, key=lambda row: abs(row.tokens - first.tokens)):
                wide = max(longest, row.tokens)
                # The rest are further off in length still, and would be padded more.
                if len(batch) >= most or wide * (len(batch) + 1) > self._limits.batch_tokens:
                    break
                batch.append(row)
                longest = wide
        return batch

    def _prompt(self) -> int:
        """Return the rows that are done in ``batch_seconds``, as rows went lately; few before any went."""
        pace = self._count.row_seconds
        return max(1, int(self._limits.batch_seconds / pace)) if pace else _UNTRIED

    def _share(self) -> int:
        """Return one worker's part of all rows at hand, which a batch may not exceed."""
        return ceil(self._at_hand() / self._limits.parallel)

    def _for_batches(self, more: int = 0) -> int:
        """Return the rows at hand and ``more``, as far as the batches that run at once can take them."""
        return min(self._at_hand() + more, self._limits.batch_rows * self._limits.parallel)

    def _at_hand(self) -> int:
        """Return the rows that wait or run."""
        return self._running + sum(map(len, self._queues.values()))

    def _run(self, batch: Sequence[_QueuedText]) -> list[list[Output] | Exception]:
        """Return the answers of each row, or why there are none; a row that fails does not fail the
        others.
        """
        try:
            return self._answers(batch)
        except WartaError as error:
            if len(batch) == 1 or isinstance(error, Cancelled):
                # Cancelled: everybody in this batch has gone, so nothing is tried again.
                return [error for _ in batch]
            # One by one, to find the text that fails: the others' callers get their answers.
            return [answer for row in batch for answer in self._run([row])]
        except Exception as error:  # whatever it is, somebody waits for it
            return [error for _ in batch]

    def _answers(self, batch: Sequence[_QueuedText]) -> list[list[Output] | Exception]:
        first = batch[0]
        asks = {id(row.call.ask): row.call.ask for row in batch}.values()
        # The thread's own: it is set anew for each batch.
        # A batch goes on as long as one of its callers waits.
        batch_wanted.set(lambda: any(ask.wanted for ask in asks))
        if first.count:
            return [self._inner.alternatives(first.text, first.decoding, first.count)]
        outputs = self._inner.generate([row.text for row in batch], first.decoding)
        return [[output] for output in outputs]


@dataclass(slots=True)
class _Count:
    """Totals; guarded by the engine's lock."""

    batches: int = 0
    rows: int = 0
    source_tokens: int = 0
    target_tokens: int = 0
    filled: float = 0.0
    wait_seconds: float = 0.0
    busy_seconds: float = 0.0
    refused: int = 0
    dropped: int = 0
    recent_seconds: float = 0.0
    row_seconds: float = 0.0

    def add(self, batch: Sequence[_QueuedText], limits: QueueLimits) -> None:
        now = time.monotonic()
        tokens = sum(row.tokens for row in batch)
        self.batches += 1
        self.rows += len(batch)
        self.source_tokens += tokens
        self.filled += min(1.0, tokens / limits.batch_tokens)
        self.wait_seconds += sum(now - row.since for row in batch)

    def ran(self, seconds: float, rows: int) -> None:
        self.busy_seconds += seconds
        # The first measurement is taken whole; there is nothing yet to blend it with.
        first = not self.row_seconds
        self.row_seconds += (1.0 if first else _RECENT) * (seconds / rows - self.row_seconds)
        self.recent_seconds += _RECENT * (seconds - self.recent_seconds)

    def seconds_for(self, tokens: int) -> float:
        """Return how long so many source tokens take, going by what was done; from 1 to 60."""
        pace = self.source_tokens / max(0.001, self.busy_seconds)
        return min(60.0, max(1.0, tokens / pace if pace else 1.0))

    def stats(self, waiting: int, tokens_waiting: int, running: int) -> QueueStats:
        return QueueStats(
            waiting,
            tokens_waiting,
            running,
            self.batches,
            self.rows,
            self.source_tokens,
            self.target_tokens,
            self.filled / max(1, self.batches),
            self.wait_seconds,
            self.busy_seconds,
            self.refused,
            self.dropped,
        )


def _in_turn(queues: Iterable[deque[_QueuedText]]) -> Iterator[_QueuedText]:
    """Yield the first row of each queue, then the second of each, and so on."""
    for rows in zip_longest(*queues):
        yield from (row for row in rows if row)


def _fail(call: _Call, error: Exception) -> None:
    call.error = call.error or error
    call.done.set()
