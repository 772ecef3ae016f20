"""Whether any text function or pattern grows faster than its input: ``scripts/growth``.

Each case of :mod:`eval.bench.hostile_cases` is measured in processor time at n, 2n and 4n characters of each
hostile string. Linear work takes four times as long at 4n, quadratic work sixteen times; from eight times
on it is a finding, and so is what does not end within its limit. The work is done in a process of its own,
because code that is too slow may not stop in any other way.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from eval.bench.hostile_strings import WORST, Case
from service.errors import WartaError

RATIO = 8.0
"""Times the processor time at four times the size from which growth is a finding: between 4 and 16."""
FLOOR = 0.02
"""Seconds at the largest size below which nothing is a finding: a clock tells too little there."""
LIMIT = 2.0
"""Seconds of processor time for one call. What takes longer at these sizes would take hours at a megabyte."""
_ROUNDS = 3
_ORDINARY = "Harga naik – 5 persen &amp; turun."
"""A text that loads what is loaded when first needed: ftfy is for texts with an entity or beyond ASCII."""
SHOWN = 3
"""Findings of one case after which the rest of its strings are left out: one mend answers most of them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A case and a string that grow too fast: seconds by size. No seconds where the limit was reached."""

    case: str
    text: str
    seconds: tuple[tuple[int, float | None], ...]

    def __str__(self) -> str:
        times = ", ".join(
            f"{size:,}: " + (f"{taken:.3f} s" if taken is not None else "over the limit")
            for size, taken in self.seconds
        )
        return f"{self.case}  {self.text}  {times}"


class _Over(BaseException):
    """The limit of one call is reached. No ``except Exception`` in the code under test catches it."""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Over


def seconds(run: Callable[[str], object], text: str, limit: float) -> float | None:
    """Return processor time of one call, None where it is over the limit.

    An input refused is an input done.
    """
    # Processor time, and again every 0.2 s: code under test may swallow the first alarm.
    signal.setitimer(signal.ITIMER_PROF, limit, 0.2)
    began = time.process_time()
    try:
        run(text)
    except WartaError:
        pass
    except _Over:
        return None
    finally:
        taken = time.process_time() - began
        signal.setitimer(signal.ITIMER_PROF, 0)
    return taken


def _once(run: Callable[[str], object], text: str, limit: float) -> float | None:
    """Do as :func:`seconds`; the alarm may also come in the moment in which it is switched off."""
    try:
        return seconds(run, text, limit)
    except _Over:
        return None


def judge(case: Case, text: Callable[[int], str], size: int, limit: float = LIMIT) -> Finding | None:
    """Return the finding, if there is one at ``size`` characters; confirmed, so that a busy machine makes
    none.
    """
    if case.bound:
        return _bounded(case, text, limit)
    size = max(int(size * case.share), 64)
    first = _once(case.run, text(size), limit)
    if first is not None and first < FLOOR:
        return None
    name = str(text)
    if first is None:
        return Finding(case.name, name, ((size, None),))
    sizes = (size // 4, size // 2, size)
    best = dict.fromkeys(sizes, float("inf"))
    for _ in range(_ROUNDS):
        for each in sizes:
            taken = _once(case.run, text(each), limit)
            best[each] = min(best[each], limit if taken is None else taken)
        if best[size] < RATIO * best[sizes[0]] or best[size] < FLOOR:
            return None
    return Finding(case.name, name, tuple(best.items()))


def _bounded(case: Case, text: Callable[[int], str], limit: float) -> Finding | None:
    taken: float | None = None
    for _ in range(_ROUNDS):
        taken = _once(case.run, text(case.bound)[: case.bound], limit)
        if taken is not None and taken < FLOOR:
            return None
    return Finding(case.name, str(text), ((case.bound, taken),))


def _judged(case: Case, text: Callable[[int], str], size: int, limit: float) -> Finding | None:
    """Do as :func:`judge`; an error that is not for users is a finding too."""
    try:
        return judge(case, text, size, limit)
    except Exception as error:
        return Finding(case.name, f"{text} raises {type(error).__name__}: {error}"[:300], ())


def chosen(case: Case, sample: int) -> list[Callable[[int], str]]:
    """Return the strings of a case: all, or the worst and ``sample`` others, the same each time."""
    others = [text for text in case.texts if text not in WORST]
    if not sample or sample >= len(others):
        return list(case.texts)
    return [*WORST, *random.Random(case.name).sample(others, sample)]  # noqa: S311


def _child(pipe: Connection, part: str, size: int, start: int, limit: float, sample: int) -> None:
    """Measure the cases from ``start`` on, telling of each string before it is tried."""
    from eval.bench.hostile_cases import cases

    signal.signal(signal.SIGPROF, _stop)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    number = 0
    for case in cases(part):
        with suppress(Exception):
            case.run(_ORDINARY)  # what is loaded at the first call is not the text's doing
        # A collection in the middle of a call would be counted as the text's doing.
        gc.collect()
        gc.disable()
        left = SHOWN
        for text in chosen(case, sample):
            number += 1
            if number <= start or not left:
                continue
            pipe.send((number, case.name, str(text)))
            # Code that holds the interpreter is not reached by an alarm; the system ends it.
            used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
            resource.setrlimit(resource.RLIMIT_CPU, (used + int(limit * 20) + 2, hard))
            if found := _judged(case, text, size, limit):
                pipe.send(found)
                left -= 1
        gc.enable()
    pipe.send(None)


def findings(part: str = "", size: int = 16_000, limit: float = LIMIT, sample: int = 0) -> Iterator[Finding]:
    """Yield what grows too fast among the cases whose name holds ``part``; ``sample`` as in :func:`chosen`.

    Raises RuntimeError where the process that measures ends by itself.
    """
    context = multiprocessing.get_context("spawn")
    at, last = 0, ("", "")
    while True:
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(theirs, part, size, at, limit, sample))
        child.start()
        theirs.close()
        try:
            while (said := ours.recv()) is not None:
                if isinstance(said, Finding):
                    yield said
                else:
                    at, last = said[0], said[1:]
            return
        except EOFError:
            child.join()
            if child.exitcode not in (-signal.SIGXCPU, -signal.SIGKILL):
                raise RuntimeError(f"{' '.join(last)}: ended with {child.exitcode}") from None
            yield Finding(*last, ((size, None),))
        finally:
            child.kill()
            child.join()


def main(arguments: Sequence[str] | None = None) -> int:
    """Report what grows faster than linearly; 1 if anything does."""
    parser = argparse.ArgumentParser(prog="scripts/growth", description=__doc__)
    parser.add_argument("part", nargs="?", default="", help="only cases whose name holds this")
    parser.add_argument("--size", type=int, default=16_000, help="characters at 4n")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for one call")
    parser.add_argument("--sample", type=int, default=0, help="strings of a case beside the worst; 0: all")
    parser.add_argument("--json", type=Path, help="write the findings there too")
    options = parser.parse_args(arguments)
    from eval.bench.hostile_cases import cases

    tried = list(cases(options.part))
    count = sum(len(chosen(case, options.sample)) for case in tried)
    print(f"{len(tried)} patterns and functions, {count:,} strings, {options.size:,} characters", flush=True)
    found = []
    for finding in findings(options.part, options.size, options.limit, options.sample):
        found.append(finding)
        print(finding, flush=True)
    print(f"{len(found)} grow faster than their input" if found else "none grows faster than its input")
    if options.json:
        text = json.dumps([asdict(finding) for finding in found], indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
