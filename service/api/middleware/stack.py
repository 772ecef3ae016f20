"""Everything that stands around the routes, in its order, and the routes of operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from service.api import health
from service.api.auth import IN_BODY, Keys, KeyStore, Lookup, default_url
from service.api.background import Jobs
from service.api.config import ServerConfig
from service.api.middleware import metrics
from service.api.middleware.language import Language
from service.api.middleware.limits import (
    LOOPBACK,
    Body,
    Client,
    Failures,
    Hosts,
    Rate,
    RateLimit,
    SecurityHeaders,
    trusted,
)
from service.api.middleware.logs import Log
from service.pool import Host


def key_store(host: Host, config: ServerConfig) -> KeyStore | None:
    """Return the keys, where they are used. Raises StoreError, UsageError."""
    if not config.keys_used:
        return None
    return KeyStore(config.keys_url or default_url(host.settings.home))


def exposure(config: ServerConfig) -> str:
    """Return what whoever starts a server for others should know, if anything."""
    if config.host in LOOPBACK or config.keys_required:
        return ""
    return f"Whoever reaches {config.host} may use it; --require-keys lets in only who has a key"


def install(app: FastAPI, host: Host, config: ServerConfig, keys: Lookup | None, jobs: Jobs) -> None:
    """Put the guards before ``app``, and ``/ready`` and ``/metrics`` into it. Raises UsageError."""
    # From the outside in: logs see the final status, and the rate is counted before a body is read.
    layers: list[tuple[Callable[..., object], dict[str, object]]] = [(Log, {}), (Language, {})]
    if config.metrics:
        figures = metrics.Metrics(host, jobs)
        app.include_router(metrics.router(figures))
        layers.append((metrics.Measure, {"metrics": figures}))
    layers += [(SecurityHeaders, {}), (Failures, {})]
    if config.trusted_proxies:
        # Before Client, which notes the address that this finds.
        layers.append((ProxyHeadersMiddleware, {"trusted_hosts": trusted(config.trusted_proxies)}))
    layers.append((Client, {}))
    layers.append((Hosts, {"names": config.allowed_hosts, "origins": config.cors_origins}))
    if config.cors_origins:
        # Once more within: a page that may ask may also read that it failed.
        layers += [(CORSMiddleware, _cors(config)), (Failures, {})]
    if keys:
        layers.append((Keys, {"lookup": keys, "required": config.keys_required}))
    rates = {"rate": Rate(config.requests_per_minute), "reads": Rate(config.reads_per_minute)}
    unread = {"late": IN_BODY, "unread": Rate(config.reads_per_minute)} if keys else {}
    layers.append((RateLimit, {**rates, **unread}))
    layers.append((Body, {"max_bytes": config.body_bytes, "seconds": config.body_seconds}))
    # Starlette puts what is added last on the outside.
    for layer, options in reversed(layers):
        app.add_middleware(layer, **options)
    app.include_router(health.router(host))


def _cors(config: ServerConfig) -> dict[str, Any]:
    return {
        "allow_origins": list(config.cors_origins),
        "allow_methods": ["GET", "POST", "DELETE"],
        "allow_headers": ["Authorization", "Content-Type"],
        "expose_headers": ["Retry-After", "X-Request-Id"],
    }
