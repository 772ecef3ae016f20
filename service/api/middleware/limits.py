"""What stands before every request: who asks, how often, under which name, and how much is sent how fast.

Pure ASGI, so that a body is never held here and a stream passes as it comes. From the outside in: security
headers, what fails, the client's address, the host and origin, the rate, the body.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from service import document
from service.api.errors import answer
from service.errors import UsageError
from service.refusal import Refused

READS = ("GET", "HEAD", "OPTIONS")
FREE = ("/health", "/ready", "/metrics")
ASSETS = ("/assets/", "/static/")
"""The page's files, of which one visit loads dozens."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MINUTE = 60.0
_ORIGINS = {"http": 80, "https": 443}

# Gradio's pages hold inline scripts and styles, compile templates and start workers from blobs.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class SecurityHeaders:
    """Adds to every response the headers that tell a browser to be careful; a route's own stay."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                there = {name.lower() for name, _ in own}
                message["headers"] = own + [pair for pair in HEADERS if pair[0] not in there]
            await send(message)

        await self._app(scope, receive, careful)


class Failures:
    """Answers what fails unforeseen like any other error, and raises it on, for the log.

    Starlette's own answer to it is made outside of all layers, so without their headers.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            if not begun:
                failed = Refused(500, "server.failed", "the server failed on this request", type="internal")
                await refuse(scope, receive, send, failed)
            raise


class Hosts:
    """Refuses a Host that this server is not called by, and a page of another origin that sends anything.

    An address is always one of its names: a page that rebinds its own name to this machine can send no other
    Host than that name. Origins of ``origins`` may send; ``*`` is all.
    """

    def __init__(self, app: App, names: Collection[str], origins: Collection[str] = ()) -> None:
        self._app = app
        self._names = {name.lower() for name in names}
        self._origins = {origin.lower().rstrip("/") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it: 421 for the host, 403 for the origin."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        # With two of them a proxy in front may have looked at the other one.
        hosts = fields(scope, b"host")
        name = _host_name(hosts[0]) if len(hosts) == 1 else None
        if name is None or not self._known(name):
            message = (
                document.Message.of("limits.host_name", "this server is not called {name!r}", name=name)
                if name
                else document.Message.of("limits.one_host", "a request names one host")
            )
            await refuse(
                scope,
                receive,
                send,
                Refused(421, "limits.host", "{reason}; see --allow-host", type="host", reason=message),
            )
        elif scope["type"] == "websocket" or scope["method"] not in READS:
            await self._from_a_page(scope, receive, send, hosts[0])
        else:
            await self._app(scope, receive, send)

    def _known(self, name: str) -> bool:
        if name in self._names or name in LOOPBACK or "*" in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    async def _from_a_page(self, scope: Scope, receive: Receive, send: Send, host: str) -> None:
        """Note a request of a page: a browser names the origin of what it sends, no other program does."""
        found = [origin.lower() for origin in fields(scope, b"origin")]
        # A program that is no browser sends none, and passes.
        if all(self._may_send(origin, host) for origin in found):
            await self._app(scope, receive, send)
        else:
            refused = Refused(
                403,
                "limits.origin",
                "a page of another origin may not send this; see --cors-origin",
                type="origin",
            )
            await refuse(scope, receive, send, refused)

    def _may_send(self, origin: str, host: str) -> bool:
        if self._origins & {"*", origin}:
            return True
        try:
            parts = urlsplit(origin)
            port = parts.port or _ORIGINS.get(parts.scheme, 0)
        except ValueError:
            return False
        own = host.lower()
        # Behind a proxy the scheme may differ, so that the port that goes without saying may be either.
        return own in (parts.netloc, f"{parts.hostname}:{port}") or (
            parts.hostname in LOOPBACK and _host_name(own) in LOOPBACK and own.endswith(f":{port}")
        )


class Rate:
    """How often one client may ask: ``a_minute`` requests in any sixty seconds. Safe from many threads.

    By a clock that nobody can set: after a change of the wall clock a client might wait for hours.
    """

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = a_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, client: str) -> int:
        """Return 0 where the client may ask now, which is counted; else the whole seconds until it may."""
        with self._lock:
            now = self._clock()
            self._forget(now - MINUTE)
            # The last ``_most`` requests: one more drops the oldest.
            times = self._times.setdefault(client, deque(maxlen=self._most))
            if len(times) == self._most and now - times[0] < MINUTE:
                return min(max(1, math.ceil(times[0] + MINUTE - now)), int(MINUTE))
            times.append(now)
            # What was refused moves nobody: the order is that of the last requests that were let through.
            self._times.move_to_end(client)
            return 0

    def _forget(self, before: float) -> None:
        """Drop who has not asked since: clients are in the order of their last request."""
        while self._times:
            client, times = next(iter(self._times.items()))
            if times and times[-1] > before:
                return
            del self._times[client]


REQUESTS = document.Message("term", "requests")


def too_often(wait: int, what: document.Message = REQUESTS) -> Refused:
    """Return the answer to whoever has to wait so many seconds."""
    return Refused(
        429,
        "limits.rate",
        "too many {what}; try again in {seconds} s",
        type="rate",
        headers={"Retry-After": str(wait)},
        what=what,
        seconds=wait,
    )


class RateLimit:
    """Counts what a client asks for: by its API key where one was noted, else by its address.

    Reading (GET) asks no model and has its own rate, ``reads``. The probes of FREE and the page's ASSETS
    are not counted. A request to one of the ``late`` paths may have its key in its body: whoever reads that
    counts it, with ``count`` of the request's state. So that bodies are not read without end, such requests
    of one address have a rate before that, ``unread``.
    """

    def __init__(
        self, app: App, rate: Rate, reads: Rate, late: Collection[str] = (), unread: Rate | None = None
    ) -> None:
        self._app = app
        self._rate = rate
        self._reads = reads
        self._late = late
        self._unread = unread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 429 and when to come back."""
        if scope["type"] != "http" or not (rate := self._of(scope["method"], scope["path"])):
            await self._app(scope, receive, send)
            return
        state = scope["state"]
        late = self._unread if scope["path"] in self._late and "key" not in state else None
        # Counted for its key once the body has told it, by the function that is left in the state.
        if late and scope["method"] == "POST":
            rate, state["count"] = late, self._rate.wait
        if wait := rate.wait(state["client"]):
            await refuse(scope, receive, send, too_often(wait))
            return
        try:
            await self._app(scope, receive, send)
        finally:
            # The body was not read to its end: the address pays.
            if count := state.pop("count", None):
                count(state["client"])

    def _of(self, method: str, path: str) -> Rate | None:
        if method not in READS:
            return self._rate
        return None if path in FREE or path.startswith(ASSETS) else self._reads


class Client:
    """Notes in ``state.client`` who asks, for the rate, the queue's fairness and the owner of a job.

    ``state.address`` stays what it is where a key takes the client's place.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] in ("http", "websocket"):
            # A lifespan's state is one for all requests: this one's own is a copy.
            address = client_address(scope)
            scope["state"] = {**scope.get("state", {}), "client": address, "address": address}
        await self._app(scope, receive, send)


class Body:
    """Refuses a body of more than ``max_bytes``, announced or not, and one that takes more than ``seconds``.

    What an application reads too much of ends in an HTTPException, which it answers in its own way.
    """

    def __init__(self, app: App, max_bytes: int, seconds: float) -> None:
        self._app = app
        self._max = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it: 413 for the size, 400 for a length that is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        lengths = fields(scope, b"content-length")
        # "²" is a digit to isdigit() and no number to int().
        if len(lengths) > 1 or not all(length.isascii() and length.isdigit() for length in lengths):
            await refuse(
                scope,
                receive,
                send,
                Refused(400, "request.length", "Content-Length is no number", headers=_CLOSE),
            )
        # Twenty digits are over any limit, and int() takes no endless ones.
        elif lengths and int(lengths[0][:20]) > self._max:
            await refuse(scope, receive, send, self._too_large())
        else:
            await self._app(scope, self._bounded(receive), send)

    def _too_large(self) -> Refused:
        return Refused(
            413,
            "request.size",
            "the body is larger than the limit of {size} bytes",
            headers=_CLOSE,
            size=f"{self._max:,}",
        )

    def _bounded(self, receive: Receive) -> Receive:
        from anyio import fail_after

        # One deadline for the whole body: a limit for each piece would be met by a byte now and then.
        size, ended, deadline = 0, False, time.monotonic() + self._seconds

        async def bounded() -> Message:
            nonlocal size, ended
            # What comes after the body is only that the client has gone, and may be waited for.
            if ended:
                return await receive()
            try:
                with fail_after(max(deadline - time.monotonic(), 0)):
                    message = await receive()
            except TimeoutError:
                raise Refused(
                    408,
                    "request.slow",
                    "the body took longer than {seconds} s",
                    headers=_CLOSE,
                    seconds=f"{self._seconds:g}",
                ) from None
            size += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            if size > self._max:
                raise self._too_large()
            return message

        return bounded


_CLOSE = {"Connection": "close"}
"""What is not read of a body would be taken for the next request."""


def trusted(proxies: Sequence[str]) -> list[str]:
    """Return the addresses and networks of proxies. Raises UsageError: ``*`` would trust anybody's header."""
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            raise UsageError(
                "limits.proxy",
                "a trusted proxy is an address or a network (10.0.0.0/8), not {proxy!r}",
                proxy=proxy,
            ) from None
    return list(proxies)


def client_address(scope: Scope) -> str:
    """Return what a client is counted under: its IPv4 address, or the network of its IPv6 address.

    Whoever has one IPv6 address has its whole /64.
    """
    host = (scope.get("client") or ("unknown", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))


async def refuse(scope: Scope, receive: Receive, send: Send, refused: Refused) -> None:
    """Answer in the shape of the part of the service that was asked; a websocket is closed."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await answer(scope["path"], refused)(scope, receive, send)


def fields(scope: Scope, name: bytes) -> list[str]:
    """Return the values of every header of that name."""
    # Latin-1 has a character for every byte, so no header can fail to decode.
    return [value.decode("latin-1") for field, value in scope["headers"] if field == name]


def _host_name(host: str) -> str | None:
    """Return a Host header without its port, None if it is not one."""
    try:
        # urlsplit drops tabs and line breaks in silence, and reads "user@": compared with what was sent
        # below.
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    plain = parts.netloc == host and not (set("@/\\?#") & set(host))
    # "example.org." is the same host as "example.org".
    return (parts.hostname or "").removesuffix(".") or None if plain else None
