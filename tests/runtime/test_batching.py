import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.document import Decoding, Output
from service.engines.base import Engine
from service.engines.echo import EchoEngine
from service.errors import Busy, Cancelled, DeadlinePassed, EngineError
from service.runtime.batching import Ask, QueueLimits, SharedEngine, asking, worked
from tests.builders import PAIRS

PLAIN = Decoding()


class Gated(EchoEngine):
    """Echo that waits at a gate and notes its batches; ``bad`` in a batch makes it fail."""

    def __init__(self, *, open: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        if open:
            self.gate.set()

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        self.batches.append(list(texts))
        assert self.gate.wait(10)
        if "bad" in texts:
            raise EngineError("failed on bad")
        return super().generate(texts, decoding)


class Equal(Gated):
    """Runs only texts of as many words together."""

    def batch_class(self, text: str, _: Decoding) -> int:
        return len(text.split())


@pytest.fixture
def opened() -> Iterator[Callable[..., SharedEngine]]:
    """Makes shared engines, and closes them."""
    engines: list[tuple[SharedEngine, Engine]] = []

    def make(inner: Engine, **limits: float) -> SharedEngine:
        values = {"wait_seconds": 0.0, "parallel": 1} | limits
        engines.append((SharedEngine(inner, limits=QueueLimits(**values)), inner))  # type: ignore[arg-type]
        return engines[-1][0]

    yield make
    for engine, inner in engines:
        if isinstance(inner, Gated):
            inner.gate.set()
        engine.close()


def until(true: Callable[[], bool]) -> None:
    """Waits for something that another thread does."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)


class Callers:
    """Calls of an engine from threads of their own, in a known order of arrival."""

    def __init__(self, engine: SharedEngine) -> None:
        self.engine = engine
        self.pool = ThreadPoolExecutor(32)

    def occupy(self) -> Callable[[], list[str]]:
        """The engine runs a first batch: whatever comes now waits."""
        first = self.ask("x", "x")
        until(lambda: self.engine.stats().running == 1)
        return first

    def ask(self, client: str, *texts: str, ask: Ask | None = None) -> Callable[[], list[str]]:
        def run() -> list[str]:
            with asking(ask or Ask(client)):
                return [output.text for output in self.engine.generate(texts, PLAIN)]

        before = self.engine.stats()
        future = self.pool.submit(run)
        if texts:
            until(lambda: future.done() or self._arrived(before.waiting + before.running + before.rows))
        return future.result

    def _arrived(self, before: int) -> bool:
        now = self.engine.stats()
        return now.waiting + now.running + now.rows > before


@pytest.mark.parametrize("name", ["marian-ctranslate2", "mt5-ctranslate2", "marian-transformers"])
def test_many_callers_get_what_the_engine_alone_gives(
    name: str, engines: dict[str, Engine], opened: Callable[..., SharedEngine]
) -> None:
    inner = engines[name]
    shared = opened(inner, parallel=2, wait_seconds=0.01)
    texts = [source for source, _ in PAIRS]
    asked = [texts[i % len(texts) : i % len(texts) + 1 + i % 3] for i in range(24)]
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda some: shared.generate(some, PLAIN), asked))
    alone = {text: inner.generate([text], PLAIN)[0] for text in texts}
    assert [[o.text for o in outputs] for outputs in made] == [
        [alone[t].text for t in some] for some in asked
    ]
    assert shared.stats().batches < shared.stats().rows
    some = inner.alternatives(texts[1], PLAIN, 3)
    assert [o.text for o in shared.alternatives(texts[1], PLAIN, 3)] == [o.text for o in some]
    assert shared.signature == inner.signature
    assert shared.count_tokens(texts[1]) == inner.count_tokens(texts[1])


def test_nothing_for_nothing(opened: Callable[..., SharedEngine]) -> None:
    assert opened(EchoEngine()).generate([], PLAIN) == []


def test_what_waits_runs_together_and_nearest_in_length(opened: Callable[..., SharedEngine]) -> None:
    inner = Gated()
    callers = Callers(opened(inner, batch_tokens=9))
    first = callers.occupy()
    texts = ["1 2 3", "1 2 3 4 5 6 7", "1 2", "4 5 6"]
    rest = [callers.ask(client, text) for client, text in zip("bcde", texts, strict=True)]
    inner.gate.set()
    assert [call() for call in (first, *rest)] == [["x"], *([text] for text in texts)]
    assert inner.batches == [["x"], ["1 2 3", "4 5 6", "1 2"], ["1 2 3 4 5 6 7"]]


def test_an_engine_of_equal_lengths_gets_them(opened: Callable[..., SharedEngine]) -> None:
    inner = Equal()
    callers = Callers(opened(inner))
    calls = [callers.occupy()]
    calls += [
        callers.ask(c, text) for c, text in (("b", "1 2"), ("c", "1 2 3"), ("d", "3 4"), ("e", "4 5 6"))
    ]
    inner.gate.set()
    for call in calls:
        call()
    assert inner.batches == [["x"], ["1 2", "3 4"], ["1 2 3", "4 5 6"]]


def test_equal_lengths_with_the_most_company_go_first_but_not_for_ever(
    opened: Callable[..., SharedEngine],
) -> None:
    inner = Equal()
    callers = Callers(opened(inner))
    calls = [callers.occupy()]
    texts = ["1 2 3", "1 2", "3 4", "5 6", "4 5"]
    calls += [callers.ask(client, text) for client, text in zip("abcde", texts, strict=True)]
    callers.engine._count.recent_seconds = 100.0  # nobody is overdue
    inner.gate.set()
    for call in calls:
        call()
    assert inner.batches == [["x"], ["1 2", "3 4", "5 6", "4 5"], ["1 2 3"]]
    inner.gate.clear()
    inner.batches.clear()
    calls = [callers.occupy()]
    calls += [callers.ask(client, text) for client, text in zip("abc", texts, strict=False)]
    callers.engine._count.recent_seconds = -1.0  # whoever waits is overdue
    inner.gate.set()
    for call in calls:
        call()
    assert inner.batches == [["x"], ["1 2 3"], ["1 2", "3 4"]]


def test_clients_take_turns(opened: Callable[..., SharedEngine]) -> None:
    inner = Gated()
    callers = Callers(opened(inner, batch_rows=1))
    calls = [callers.occupy()]
    calls += [
        callers.ask("flood", "f1", "f2", "f3", "f4"),
        callers.ask("b", "b1", "b2"),
        callers.ask("c", "c1"),
    ]
    inner.gate.set()
    for call in calls:
        call()
    assert [text for batch in inner.batches[1:] for text in batch] == [
        "f1",
        "b1",
        "c1",
        "f2",
        "b2",
        "f3",
        "f4",
    ]


def test_calls_of_other_decoding_and_alternatives_run_apart(opened: Callable[..., SharedEngine]) -> None:
    inner = Gated()
    shared = opened(inner)
    callers = Callers(shared)
    calls = [callers.occupy()]
    pool = ThreadPoolExecutor(2)
    short = pool.submit(shared.generate, ["a b"], Decoding(max_new_tokens=1))
    many = pool.submit(shared.alternatives, "c d", PLAIN, 2)
    calls.append(callers.ask("y", "a b"))
    until(lambda: shared.stats().waiting == 3)
    inner.gate.set()
    assert [call() for call in calls] == [["x"], ["a b"]]
    assert short.result()[0].text == "a"
    assert many.result()[0].text == "c d"
    assert [len(batch) for batch in inner.batches] == [1, 1, 1, 1]


def test_a_full_queue_refuses_at_once_and_keeps_what_it_has(opened: Callable[..., SharedEngine]) -> None:
    inner = Gated()
    shared = opened(inner, max_tokens_waiting=4)
    callers = Callers(shared)
    begun = Ask("b")
    calls = [callers.occupy(), callers.ask("b", "1 2", ask=begun), callers.ask("c", "1 2 3")]
    for client in ("d", "b"):
        with pytest.raises(Busy) as refused:
            callers.ask(client, "y")()
        assert 1 <= refused.value.retry_after <= 60
    calls.append(callers.ask("b", "3", ask=begun))  # what was begun can be ended
    assert (shared.stats().refused, shared.stats().tokens_waiting) == (2, 6)
    inner.gate.set()
    assert [call() for call in calls] == [["x"], ["1 2"], ["1 2 3"], ["3"]]
    assert callers.ask("d", "y")() == ["y"]


def test_one_client_holds_half_of_the_queue(opened: Callable[..., SharedEngine]) -> None:
    callers = Callers(opened(Gated(), max_tokens_waiting=6))
    callers.occupy()
    callers.ask("a", "1 2 3")
    with pytest.raises(Busy):
        callers.ask("a", "4")()
    before = callers.engine.stats().tokens_waiting
    callers.ask("b", "4")
    assert callers.engine.stats().tokens_waiting == before + 1


def test_the_cancelled_leave_the_queue(opened: Callable[..., SharedEngine]) -> None:
    inner = Gated()
    shared = opened(inner)
    callers = Callers(shared)
    running, waiting = Ask("a"), Ask("b")
    first = callers.ask("a", "x", ask=running)
    until(lambda: shared.stats().running == 1)
    second = callers.ask("b", "y 1", "y 2", ask=waiting)
    third = callers.ask("b", "z")
    for ask, call in ((waiting, second), (running, first)):
        ask.cancelled.set()
        with pytest.raises(Cancelled):
            call()
    assert (shared.stats().waiting, shared.stats().tokens_waiting, shared.stats().dropped) == (1, 1, 2)
    inner.gate.set()
    assert third() == ["z"]
    assert inner.batches == [["x"], ["z"]]
    with pytest.raises(Cancelled), asking(waiting):
        shared.generate(["w"], PLAIN)


def test_the_time_in_the_queue_is_known_and_does_not_count_as_work(
    opened: Callable[..., SharedEngine],
) -> None:
    inner = Gated()
    callers = Callers(opened(inner))
    first, ask = callers.occupy(), Ask("b")
    waiting = callers.ask("b", "y", ask=ask)
    inner.gate.set()
    assert (first(), waiting()) == (["x"], ["y"])
    assert ask.waited > 0
    with asking(Ask(waited=1000.0)):
        late = worked()
    assert worked() - late > 500


def test_a_deadline_ends_the_wait(opened: Callable[..., SharedEngine]) -> None:
    inner = Gated()
    callers = Callers(opened(inner))
    callers.occupy()
    late = callers.ask("b", "y", ask=Ask("b", deadline=time.monotonic() + 0.05))
    with pytest.raises(DeadlinePassed):
        late()
    assert callers.engine.stats().waiting == 0


def test_one_that_fails_does_not_fail_its_neighbours(opened: Callable[..., SharedEngine]) -> None:
    inner = Gated()
    callers = Callers(opened(inner))
    calls = [callers.occupy()]
    calls += [callers.ask("a", "good"), callers.ask("b", "bad"), callers.ask("c", "fine")]
    inner.gate.set()
    assert [calls[0](), calls[1](), calls[3]()] == [["x"], ["good"], ["fine"]]
    with pytest.raises(EngineError, match="failed on bad"):
        calls[2]()


def test_a_fault_of_the_program_reaches_its_caller(opened: Callable[..., SharedEngine]) -> None:
    class Broken(EchoEngine):
        def generate(self, *_: object) -> list[Output]:
            raise KeyError("a fault")

    shared = opened(Broken())
    for _ in range(2):
        with pytest.raises(KeyError):
            shared.generate(["x"], PLAIN)


def test_closing_lets_the_running_batch_end_and_fails_the_rest(opened: Callable[..., SharedEngine]) -> None:
    inner = Gated()
    shared = opened(inner)
    callers = Callers(shared)
    running, waiting = callers.occupy(), callers.ask("b", "y")
    closing = threading.Thread(target=shared.close)
    closing.start()
    with pytest.raises(EngineError, match="closed"):
        waiting()
    inner.gate.set()
    assert running() == ["x"]
    closing.join()
    with pytest.raises(EngineError, match="closed"):
        shared.generate(["z"], PLAIN)


def test_the_totals_add_up(opened: Callable[..., SharedEngine]) -> None:
    shared = opened(Gated(open=True), batch_tokens=10)
    shared.generate(["1 2 3", "4 5"], PLAIN)
    stats = shared.stats()
    assert (stats.batches, stats.rows, stats.source_tokens, stats.target_tokens) == (1, 2, 5, 5)
    assert (stats.fill, stats.waiting, stats.running) == (0.5, 0, 0)
