"""A larger model that a server of the user's runs: llama.cpp, Ollama, vLLM, by OpenAI's chat protocol.

Only this machine is asked unless it is allowed in so many words, for a text that is sent elsewhere has left.
No proxy is used and no redirect followed. Answers are streamed, so that one that nobody waits for can be
given up. The server gives no score that could be compared, so confidence says so, and there are no
alternatives and no repair.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from service.context import unwanted
from service.document import Decoding, Output
from service.errors import Cancelled, EngineError, UsageError
from service.presets import Preset
from service.settings import Server

if TYPE_CHECKING:
    import httpx2

AT_ONCE = 4
"""Sentences asked for at once: servers work on several in one batch, small ones queue them."""

MOST_BYTES = 1_000_000
"""The longest answer that is read; a summary is a thousandth of that."""

THOUGHT = ("<think>", "</think>")
"""Around what some models say to themselves before they answer."""


class EndpointEngine:
    """One model of one server. The preset's prompt is one message of the user's; nothing is sampled."""

    def __init__(self, preset: Preset, server: Server) -> None:
        """Ask the server which models it has. Raises UsageError, EngineError."""
        import httpx2

        _check(preset, server)
        self._preset, self._server = preset, server
        headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
        self._client = httpx2.Client(
            base_url=server.address.rstrip("/"),
            headers=headers,
            timeout=httpx2.Timeout(server.seconds, connect=min(10.0, server.seconds)),
            # No proxy and no .netrc of the environment: the text and the key go to this server only.
            trust_env=False,
            follow_redirects=False,
        )
        self._model = self._chosen()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=preset.name)
        self.signature = f"endpoint/{server.host}/{self._model}"

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """See :class:`service.engines.base.Engine`. Beams are the server's affair; scores are all 0."""
        # Whom the work is for is a context variable, which a pool's thread does not inherit. A copy for each,
        # as one context cannot be entered by two threads.
        running = [self._pool.submit(copy_context().run, self._answer, text, decoding) for text in texts]
        try:
            return [future.result() for future in running]
        finally:
            # After the first failure the sentences that were not asked for yet are not asked for any more.
            for future in running:
                future.cancel()

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:  # noqa: ARG002
        """Refuse: the protocol gives no n-best of a search. Raises UsageError."""
        raise UsageError(
            "engine.one_answer",
            "{name} gives one translation of a sentence; alternatives are not to be had",
            name=self._preset.name,
        )

    def count_tokens(self, text: str) -> int:
        """Return an upper estimate, three bytes a token: the protocol does not count."""
        return -(-len(text.encode()) // 3)

    def close(self) -> None:
        """End what runs and the connections."""
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def _chosen(self) -> str:
        """Return the model to ask for, which the server must have. Raises UsageError, EngineError."""
        with self._errors():
            response = self._client.get("models")
            self._good(response.status_code, response.content)
            listed = _parsed(response.content).get("data")
        names = [str(entry["id"]) for entry in listed or () if isinstance(entry, dict) and "id" in entry]
        wanted = self._server.model or self._preset.model
        # A server that lists nothing is taken at its word, but only where the user named a model.
        if wanted in names or (self._server.model and not names):
            return wanted
        # llama.cpp lists the one file that it was started with, under any name.
        if not self._server.model and len(names) == 1:
            return names[0]
        there = ", ".join(names[:20]) or "none that it names"
        raise UsageError(
            "endpoint.no_model",
            "the server at {host} has no {model}; it has: {known}",
            at=self._preset.name,
            host=self._server.host,
            model=wanted,
            known=there,
        )

    def _answer(self, text: str, decoding: Decoding) -> Output:
        source = " ".join(text.split())
        if not source:
            return Output("", 0.0, 0)
        asked = {
            "model": self._model,
            "messages": [{"role": "user", "content": self._preset.prompt.replace("{source}", source)}],
            "temperature": 0,
            "seed": 0,  # for servers that sample even so
            "max_tokens": decoding.max_new_tokens,
            "stream": True,
        }
        # The client's own limit is for each read: a server that sends a word a minute would never meet it.
        due = time.monotonic() + self._server.seconds
        parts: list[str] = []
        ending = ""
        with self._errors(), self._client.stream("POST", "chat/completions", json=asked) as response:
            if response.status_code != 200:
                self._good(response.status_code, response.read())
            for event in self._events(response, due):
                choice = _first(event)
                piece = (choice.get("delta") or choice.get("message") or {}).get("content")
                parts += [piece] if isinstance(piece, str) else []
                ending = choice.get("finish_reason") or ending
        # A stream that was closed half-way looks like one that ended, but for the missing reason.
        if not ending:
            raise EngineError(
                "endpoint.broke_off_answer",
                "the server at {host} broke off its answer",
                at=self._preset.name,
                host=self._server.host,
            )
        said = _without_thought("".join(parts)).strip()
        # Servers send a token a piece, so pieces are the best count of tokens there is.
        return Output(said, 0.0, max(1, len(parts)), truncated=ending == "length")

    def _events(self, response: httpx2.Response, due: float) -> Iterator[dict[str, object]]:
        """Yield what the server says, piece by piece, or at once where it does not stream."""
        size = 0
        # Some servers ignore "stream" and answer with one JSON object.
        if "text/event-stream" not in response.headers.get("content-type", ""):
            yield _parsed(response.read())
            return
        for line in response.iter_lines():
            size += len(line)
            if unwanted():
                raise Cancelled("engine.nobody_waits", "nobody waits for it any more")
            if time.monotonic() > due or size > MOST_BYTES:
                raise EngineError(
                    "endpoint.endless",
                    "the server at {host} did not come to an end in {seconds} s",
                    at=self._preset.name,
                    host=self._server.host,
                    seconds=f"{self._server.seconds:.0f}",
                )
            # Empty lines part events and ":" begins a comment (often sent to keep the line open): both are
            # passed over.
            data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
            if data and data != "[DONE]":
                yield _parsed(data.encode())

    def _good(self, status: int, body: bytes) -> None:
        if status == 200:
            return
        why = " ".join(_reason(body).split())[:200]
        raise EngineError(
            "endpoint.status",
            "the server at {host} answered {status}{reason}",
            at=self._preset.name,
            host=self._server.host,
            status=status,
            reason=f": {why}" if why else "",
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import httpx2

        name, host = self._preset.name, self._server.host
        try:
            yield
        except httpx2.ConnectError as error:
            raise EngineError(
                "endpoint.no_server",
                "no server answers at {host}; start one (llama.cpp, Ollama, vLLM) or name it with --endpoint",
                at=name,
                host=host,
            ) from error
        except httpx2.TimeoutException as error:
            raise EngineError(
                "endpoint.slow",
                "the server at {host} did not answer within {seconds} s",
                at=name,
                host=host,
                seconds=f"{self._server.seconds:g}",
            ) from error
        except httpx2.HTTPError as error:
            raise EngineError(
                "endpoint.broke_off",
                "the server at {host} broke off: {reason}",
                at=name,
                host=host,
                reason=type(error).__name__,
            ) from error
        except _Garbled as error:
            raise EngineError(
                "endpoint.garbled",
                "the server at {host} does not speak this protocol: {reason}",
                at=name,
                host=host,
                reason=error,
            ) from error


class _Garbled(Exception):
    """An answer that is none of the protocol's."""


def _check(preset: Preset, server: Server) -> None:
    parts = urlsplit(server.address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "endpoint.address",
            "--endpoint takes an http or https address, not {address!r}",
            address=server.url,
        )
    if not server.local and not server.remote:
        raise UsageError(
            "endpoint.remote",
            "{host} is not this machine, and the text would leave it; allow that with --endpoint-remote",
            at=preset.name,
            host=server.host,
        )


def _parsed(body: bytes) -> dict[str, Any]:
    if len(body) > MOST_BYTES:
        raise _Garbled("an answer of more than a megabyte")
    try:
        value = json.loads(body)
    except ValueError:
        raise _Garbled("not JSON") from None
    if not isinstance(value, dict):
        raise _Garbled("no JSON object")
    if value.get("error"):
        raise _Garbled(" ".join(_reason(body).split())[:200])
    return value


def _first(event: dict[str, object]) -> dict[str, Any]:
    """Return the first choice of an answer or of a piece of one; the piece that counts tokens has none."""
    choices = event.get("choices")
    if choices is None:
        raise _Garbled("no choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    if not isinstance(first, dict):
        raise _Garbled("a choice that is no object")
    return first


def _reason(body: bytes) -> str:
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(error.get("message", "") if isinstance(error, dict) else error)


def _without_thought(text: str) -> str:
    """Return the answer without what the model thought aloud before it; one that never stopped thinking is
    none.
    """
    start, end = THOUGHT
    if not text.lstrip().startswith(start):
        return text
    return text.partition(end)[2]
