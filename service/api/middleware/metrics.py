"""What Prometheus reads at ``/metrics``: counts, times and queues; no text, no address, no key in it.

A label takes a few known values: the route as it is declared (``other`` for what is none), the method, the
status, the model's name, a finding's kind.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from service.api.background import Jobs
from service.api.openapi import ANYWHERE, errors
from service.pool import Host

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """The metrics of one server, in a registry of its own."""

    def __init__(self, host: Host, jobs: Jobs) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self.requests = Counter(
            "warta_requests", "Requests answered, refused ones too.", labels, registry=self.registry
        )
        self.seconds = Histogram(
            "warta_request_seconds",
            "From a request's first byte to its answer's last.",
            labels[:2],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.running = Gauge("warta_requests_running", "Requests at work.", registry=self.registry)
        self.registry.register(Engines(host))
        self.registry.register(Waiting(jobs))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return all of them as Prometheus reads them."""
        return generate_latest(self.registry)


class Engines(Collector):
    """What the queues and the translators have counted, read when asked for."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def collect(self) -> Iterator[Metric]:
        """Yield one family a figure."""
        queues = {name: engine.stats() for name, engine in self._host.engines().items()}
        for name, about, attribute in _GAUGES:
            yield _family(GaugeMetricFamily(name, about, labels=("model",)), queues, attribute)
        for name, about, attribute in _COUNTERS:
            yield _family(CounterMetricFamily(name, about, labels=("model",)), queues, attribute)
        segments = CounterMetricFamily("warta_segments", "Segments translated.", labels=("model",))
        findings = CounterMetricFamily(
            "warta_findings", "What the checks found in them.", labels=("model", "kind")
        )
        for model, (count, kinds) in self._host.tallies().items():
            segments.add_metric((model,), count)
            for kind, times in kinds.items():
                findings.add_metric((model, kind), times)
        yield from (segments, findings)

    def describe(self) -> Iterable[Metric]:
        """Return nothing before the first request: the names depend on no engine being open."""
        return []


class Waiting(Collector):
    """The jobs by state, read when asked for."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def collect(self) -> Iterator[Metric]:
        """Yield one family."""
        family = GaugeMetricFamily("warta_jobs", "Jobs that are kept.", labels=("state",))
        for state, count in self._jobs.counts().items():
            family.add_metric((state,), count)
        yield family


_GAUGES = (
    ("warta_queue_segments", "Segments that wait for the model.", "waiting"),
    ("warta_queue_tokens", "Source tokens that wait for the model.", "tokens_waiting"),
    ("warta_segments_running", "Segments in the batches that run.", "running"),
    ("warta_batch_fill_ratio", "Share of the batches' token budget that was used, on average.", "fill"),
)
_COUNTERS = (
    ("warta_batches", "Batches run.", "batches"),
    ("warta_batch_rows", "Segments in them.", "rows"),
    ("warta_source_tokens", "Tokens read; their rate is tokens a second.", "source_tokens"),
    ("warta_target_tokens", "Tokens written; their rate is tokens a second.", "target_tokens"),
    ("warta_queue_wait_seconds", "Waiting of all segments together.", "wait_seconds"),
    ("warta_busy_seconds", "Time that batches ran.", "busy_seconds"),
    ("warta_queue_refused", "Callers sent away because the queue was full.", "refused"),
    ("warta_queue_dropped", "Segments nobody wanted any more when their turn came.", "dropped"),
)


def _family(family: Any, queues: dict[str, Any], attribute: str) -> Any:
    for model, stats in queues.items():
        family.add_metric((model,), getattr(stats, attribute))
    return family


class Measure:
    """Counts every request and the time to the end of its answer."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # What ends without an answer counts as 500.
        status, started = 500, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.running.track_inprogress():
            try:
                await self._app(scope, receive, noted)
            finally:
                # A client may send any word as a method, and each would be a new series.
                method = scope["method"] if scope["method"] in METHODS else "other"
                labels = route(scope), method
                self._metrics.requests.labels(*labels, str(status)).inc()
                self._metrics.seconds.labels(*labels).observe(time.perf_counter() - started)


def route(scope: Scope) -> str:
    """Return the route that answered, as it is declared; ``page`` for all of the web page, ``other`` for
    none.

    A path with its parts would be a label for every file and job there is.
    """
    found = scope.get("route")
    path = getattr(found, "path", None)
    if isinstance(path, str) and path:
        return path
    return "page" if scope.get("app_root_path") or scope.get("root_path") else "other"


_ANSWERS: dict[int | str, dict[str, object]] = {
    **errors(*ANYWHERE, 401),
    200: {"description": "The figures", "content": {"text/plain": {"schema": {"type": "string"}}}},
}


def router(metrics: Metrics) -> APIRouter:
    """Return the route ``/metrics``."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/metrics", summary="Figures for Prometheus", response_class=Response, responses=_ANSWERS)
    def read_metrics() -> Response:
        """Return requests, times, queues, batches, tokens and findings by kind, in Prometheus' text
        format.
        """
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return routes
