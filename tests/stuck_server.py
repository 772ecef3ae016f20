"""``python -m tests.stuck_server HOME DEADLINE DRAIN``: a real server whose engine does what a text tells it.

A text that begins with one of the words below makes the engine do that; documents and checks that hold one
make their confined process do it, as a parser would that is slow in a way nobody foresaw.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service.api.app import run
from service.api.config import ServerConfig
from service.document import Decoding, Output
from service.engines.base import Engine
from service.engines.echo import EchoEngine
from service.pool import Host
from service.runtime.batching import QueueLimits
from service.runtime.sandbox import Sandbox
from service.settings import Settings

ROW_SECONDS = 0.1


def spin() -> None:
    while True:
        pass


def backtrack() -> None:
    re.match(r"(a|a)*$", "a" * 200 + "b")


def pipe() -> None:
    Path(sys.argv[1], "pipe").read_bytes()


class Stuck(EchoEngine):
    """Echoes, each text in a tenth of a second of work, unless it is told to do something worse."""

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        for text in texts:
            if worse := {"Putar": spin, "Mundur": backtrack, "Pipa": pipe}.get(text.split()[0]):
                worse()
            if "Lambat" in text:
                end = time.thread_time() + ROW_SECONDS
                while time.thread_time() < end:
                    pass
        return super().generate(texts, decoding)


class Slow(Sandbox):
    """Confined work that never ends where a document or a text asks for that."""

    def _work(self, function: str, arguments: Sequence[Any], *rest: Any, **more: Any) -> Any:
        for word, worse in ((b"Putar", "spin"), (b"Mundur", "backtrack"), (b"Tuli", "deaf")):
            if any(word in str(argument).encode() for argument in arguments):
                function = f"tests.slow:{worse}"
        return super()._work(function, arguments, *rest, **more)


def opened(_: object) -> Engine:
    return Stuck()


def main(home: str, deadline: str, drain: str) -> None:
    config = ServerConfig(
        port=0,
        requests_per_minute=1_000_000,
        deadline_seconds=float(deadline),
        drain_seconds=float(drain),
        queue=QueueLimits(wait_seconds=0.0, batch_rows=4),
        text_chars=200_000,
    )
    host = Host(Settings(Path(home), model="echo", repair=False), config.queue, opener=opened)
    host.sandbox = Slow()
    host.sandbox.warm()
    run(host, config, page=False, say=_said)


def _said(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:4])
