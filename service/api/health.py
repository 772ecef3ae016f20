"""``/ready``: whether a sentence comes back translated. ``/health`` says only that the process answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from service.api.openapi import ANYWHERE, errors
from service.context import Ask, asking
from service.errors import Busy, WartaError
from service.pool import Host

SENTENCE = "Harga beras naik 12 persen pada bulan Maret."
FRESH_SECONDS = 15.0
PATIENCE_SECONDS = 20.0


class Readiness(BaseModel):
    """What ``/ready`` answers."""

    status: str = Field(examples=["ready"])
    model: str = Field("", examples=["gemma-3-270m"])
    reason: str = Field("", examples=[""])


_ANSWERS: dict[int | str, dict[str, object]] = {
    **errors(*ANYWHERE),
    503: {
        "description": "It does not translate, or not now; or API keys cannot be looked up",
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/Readiness"},
                        {"$ref": "#/components/schemas/PlainErrorOut"},
                    ]
                }
            }
        },
    },
}


class ReadinessProbe:
    """Has one sentence translated, and remembers for ``fresh`` seconds how that went.

    Whoever asks meanwhile gets the same answer at once, so that probes cost next to nothing. The translation
    memory is not asked: it would answer for a model that is broken.
    """

    def __init__(
        self, host: Host, *, fresh: float = FRESH_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._host = host
        self._fresh = fresh
        self._clock = clock
        self._lock = threading.Lock()
        self._made = float("-inf")
        self._last = Readiness(status="starting", model="", reason="")

    def check(self) -> Readiness:
        """Return the answer, made anew where the last one is old and nobody else is at it."""
        # Whoever comes while one asks gets the last answer, and does not wait for the model.
        if self._clock() - self._made > self._fresh and self._lock.acquire(blocking=False):
            try:
                self._last = self._asked()
                self._made = self._clock()
            finally:
                self._lock.release()
        return self._last

    def _asked(self) -> Readiness:
        # A client of its own, so that it stands in no other's queue.
        ask, model = Ask("probe", time.monotonic() + PATIENCE_SECONDS), ""
        try:
            with asking(ask):
                pipeline = self._host.pipeline()
                model = pipeline.signature.preset
                (made,) = self._host.engines()[model].generate([SENTENCE], pipeline.signature.decoding)
        except Busy:
            # A full queue works: sending its requests elsewhere is what the answer is for.
            return Readiness(status="busy", model=model, reason="the queue is full")
        except WartaError as error:
            return Readiness(status="failed", model=model, reason=" ".join(str(error).split()))
        if not made.text.strip():
            return Readiness(status="failed", model=model, reason="the probe came back empty")
        return Readiness(status="ready", model=model, reason="")


def router(host: Host) -> APIRouter:
    """Return the route ``/ready``."""
    routes = APIRouter(tags=["operations"])
    probe = ReadinessProbe(host)

    @routes.get("/ready", responses=_ANSWERS, summary="Whether it translates")
    def ready(response: Response) -> Readiness:
        """Translate a sentence, at most every 15 seconds: 200 if it comes back, else 503 and why."""
        answer = probe.check()
        if answer.status != "ready":
            response.status_code = 503
            response.headers["Retry-After"] = "5"
        return answer

    return routes
