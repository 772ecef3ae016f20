"""A page from the web: public addresses only, whatever a URL, a redirect or a name server says.

The name is resolved once a request, every address found is checked, and the connection goes to one that was
checked: a second answer of a name server is never asked for, so it cannot be another (DNS rebinding). A
redirect is a new request. Proxies of the environment are not used: they would resolve the name again.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from service.document import Message
from service.errors import InputError
from service.intake.compression import is_packed
from service.intake.documents import document_text
from service.intake.documents.archive import Limits, unpack
from service.version import __version__

if TYPE_CHECKING:
    import ssl

    import httpcore2 as httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Read = Callable[[bytes, str, int], str]
"""The text of a document: its content, its name and how large it may be."""

TYPES = {
    "text/html": "page.html",
    "application/xhtml+xml": "page.html",
    "text/plain": "page.txt",
    "text/markdown": "page.md",
    "application/pdf": "page.pdf",
}
"""The content types that are read, and a name with the suffix of each."""

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_URL = 4096
_CONNECT = 5.0
"""Seconds for one address of several."""
# IANA's registry of global unicast space; within it, what is for documents, relays and benchmarks.
_GLOBAL = ipaddress.ip_network("2000::/3")
# Teredo and other protocol assignments, documentation, 6to4 (whose relays lead into IPv4), documentation.
_NOT_GLOBAL = tuple(map(ipaddress.ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
# Behind it stands an IPv4 address, its last 32 bits, and that is the one to ask about.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Names that a local resolver answers, and no public one.
_HOME = (
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "arpa",
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
# "2130706433" and "0x7f.1" are 127.0.0.1 to many resolvers.
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)", re.I)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """``max_bytes`` bounds a page, as it comes and unpacked; ``seconds`` all of a fetch, redirects too."""

    max_bytes: int = 5_000_000
    seconds: float = 20.0
    redirects: int = 5


def is_public(address: Address) -> bool:
    """Return whether ``address`` is a host of the internet, and of no network that only this machine can
    reach.
    """
    if isinstance(address, ipaddress.IPv4Address):
        # Python's is_global holds for multicast and for some reserved addresses.
        return address.is_global and not (address.is_multicast or address.is_reserved)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.scope_id or address not in _GLOBAL:  # "fe80::1%eth0" is of one network card
        return False
    return address.is_global and not any(address in network for network in _NOT_GLOBAL)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that this system finds for ``host``. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached: how names are resolved, which addresses are permitted, which ports."""

    resolve: Callable[[str, int], Sequence[str]] = resolve
    permits: Callable[[Address], bool] = is_public
    ports: Callable[[int], bool] = field(default=lambda port: port in _PORTS.values())


@dataclass(frozen=True, slots=True)
class Page:
    """What came from ``url``, which is the last one where there were redirects. ``data`` is unpacked."""

    url: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answered to one request: its status, its header fields (names in lower case), its body.

    ``data`` is unpacked, and empty unless the status is 200.
    """

    url: str
    status: int
    fields: Mapping[str, str]
    data: bytes = b""

    @property
    def location(self) -> str:
        """The address that a redirect leads to, whole; empty where the answer is none."""
        there = self.fields.get("location", "").strip()
        return urljoin(self.url, there) if self.status in _REDIRECTS and there else ""

    @property
    def type(self) -> str:
        """The content type, in lower case and without its parameters."""
        return self.fields.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart once, so that what was checked is what is asked for."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The URL again, in its plain form."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def article(
    url: str, limits: FetchLimits = FetchLimits(), reach: Reach = Reach(), read: Read = document_text
) -> str:
    """Return the text of the article at ``url``, its title first, for :func:`service.intake.clean.clean`.

    ``read`` makes the text of the page's bytes, and may do so in another process. Raises InputError in one
    line.
    """
    page = fetch(url, limits, reach)
    try:
        return read(page.data, TYPES[page.type], limits.max_bytes)
    except InputError as problem:
        # Of the same class, so that a limit stays a limit.
        raise type(problem)(problem, at=page.url) from problem.__cause__


def fetch(url: str, limits: FetchLimits = FetchLimits(), reach: Reach = Reach()) -> Page:
    """Return the page at ``url``.

    Raises InputError in one line: not public, not found, too large, too slow …
    """
    # One deadline, however often it is redirected.
    deadline = time.monotonic() + limits.seconds
    target = parse(url, reach)
    for _ in range(limits.redirects + 1):
        found = _request(target, limits, reach, deadline, {"Accept": ", ".join(TYPES)}, _page)
        if not found.location:
            return Page(found.url, found.type, found.data)
        # A redirect is checked as the first address was: it may lead to a private one.
        target = parse(found.location, reach)
    raise InputError(
        "web.redirects", "redirected more than {count} times", at=url[:200], count=limits.redirects
    )


def ask(
    url: str,
    headers: Mapping[str, str],
    limits: FetchLimits = FetchLimits(),
    reach: Reach = Reach(),
) -> Answer:
    """Return what the site answers to one request for ``url``, whatever its status; follow no redirect.

    ``headers`` go with the request and replace the usual ones. Raises InputError in one line: not public, no
    answer, too large, too slow.
    """
    deadline = time.monotonic() + limits.seconds
    return _request(parse(url, reach), limits, reach, deadline, headers, lambda _: None)


def parse(url: str, reach: Reach = Reach()) -> Target:
    """Return ``url`` taken apart. Raises InputError for one that could lead anywhere but to a public site."""
    shown = url[:200]
    if len(url) > _MAX_URL or _UNSAFE.search(url):
        raise InputError(
            "web.not_url",
            "not a URL, or one with spaces, backslashes or more than {count} letters",
            at=repr(shown),
            count=_MAX_URL,
        )
    try:
        parts = urlsplit(url)
        port = parts.port  # raises ValueError for "host:abc"
    except ValueError as problem:
        raise InputError("web.malformed", "not a URL: {reason}", at=repr(shown), reason=problem) from problem
    if parts.scheme not in _PORTS:
        raise InputError("web.scheme", "only http and https addresses are read", at=repr(shown))
    if "@" in parts.netloc:
        raise InputError("web.user", "an address with a user name in it is not read", at=repr(shown))
    port = _PORTS[parts.scheme] if port is None else port
    if not reach.ports(port):
        raise InputError("web.port", "port {port} is not read; there are: 80, 443", at=repr(shown), port=port)
    return Target(parts.scheme, _host(parts, shown, reach), port, _path(parts))


def _host(parts: SplitResult, shown: str, reach: Reach) -> str:
    """Return the host in ASCII: an address as everybody writes it and may be reached, or a name with a
    dot.
    """
    bare = parts.hostname or ""
    # An IPv6 address, which needs no resolver.
    if parts.netloc.startswith("["):
        _permitted(bare, shown, reach)
        return bare
    host = _ascii(bare, shown)
    labels = host.split(".")
    # What ends in a number resolvers take for an address, in many notations (WHATWG: "ends in a number").
    if _NUMBER.fullmatch(labels[-1]):
        _permitted(host, shown, reach)
        return host
    if len(labels) < 2 or labels[-1] in _HOME:
        raise InputError(
            "web.no_public_host", "{host!r} is no public host", at=repr(shown), host=host or "nothing"
        )
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise InputError("web.no_host_name", "{host!r} is no host name", at=repr(shown), host=host[:60])
    return host


def _ascii(host: str, shown: str) -> str:
    """Return a host name as it goes over the wire, lower case, without the root's dot."""
    if not host.isascii():
        import idna

        try:
            # It also makes ASCII of full-width letters and dots, so that the checks behind it see what a
            # resolver sees.
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as problem:
            raise InputError(
                "web.bad_host", "no host name: {reason}", at=repr(shown), reason=problem
            ) from problem
    return host.lower().removesuffix(".")


def _path(parts: SplitResult) -> str:
    # "%" is safe: what is escaped already must not be escaped twice.
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return path + (f"?{query}" if query else "")


def _permitted(address: str, shown: str, reach: Reach) -> Address:
    """Return ``address`` if it may be reached. Raises InputError."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        raise InputError(
            "web.no_address", "{address!r} is no address", at=repr(shown), address=address[:60]
        ) from None
    if not reach.permits(found):
        raise InputError("web.private", "{address} is not a public address", at=repr(shown), address=address)
    return found


def _addresses(target: Target, reach: Reach, deadline: float) -> list[str]:
    """Return where ``target`` is: refused as a whole if one of them may not be reached."""
    if ":" in target.host or _NUMBER.fullmatch(target.host.rpartition(".")[2]):
        return [str(_permitted(target.host, target.url[:200], reach))]
    answer: Queue[Sequence[str] | OSError | UnicodeError] = Queue()

    def ask() -> None:
        try:
            answer.put(reach.resolve(target.host, target.port))
        except (OSError, UnicodeError) as problem:
            answer.put(problem)

    # A name server may keep a resolver waiting longer than there is time, and nothing can stop it.
    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answer.get(timeout=_left(deadline))
    except Empty:
        raise InputError("web.no_answer", "no answer in time", at=repr(target.url[:200])) from None
    if isinstance(found, Exception) or not found:
        raise InputError(
            "web.unknown_host", "no such host: {host}", at=repr(target.url[:200]), host=target.host
        )
    return [str(_permitted(address, target.url[:200], reach)) for address in found]


def _left(deadline: float, most: float | None = None) -> float:
    """Return the seconds left, never none: a socket with a timeout of 0 does not wait at all."""
    left = max(deadline - time.monotonic(), 0.001)
    return left if most is None else min(left, most)


def _request(
    target: Target,
    limits: FetchLimits,
    reach: Reach,
    deadline: float,
    headers: Mapping[str, str],
    judge: Callable[[Answer], None],
) -> Answer:
    """Return the answer to one request. ``judge`` may refuse it by its head, before the body is read."""
    import httpcore2 as httpcore

    url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    # Only what is unpacked here, with a limit; httpcore itself unpacks nothing.
    usual = {"User-Agent": f"warta/{__version__}", "Accept-Encoding": "gzip"}
    # Resolved anew for each request, and for this request only once.
    backend = _pinned(_addresses(target, reach, deadline), deadline)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), limits.seconds)
    sent = [*{**usual, **headers}.items()]
    with (
        _told(target),
        # A pool of its own: a connection that is kept could be another site's.
        httpcore.ConnectionPool(network_backend=backend, max_connections=1) as pool,
        pool.stream("GET", url, headers=sent, extensions={"timeout": timeouts}) as response,
    ):
        fields = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        head = Answer(target.url, response.status, fields)
        judge(head)
        if head.status != 200:
            return head
        return replace(head, data=_body(target, response.iter_stream(), fields, limits, deadline))


def _page(head: Answer) -> None:
    """Refuse an answer that is neither a redirect nor a page of a known type. Raises InputError."""
    if head.location:
        return
    if head.status != 200:
        raise InputError("web.status", "the site answers {status}", at=head.url[:200], status=head.status)
    if head.type not in TYPES:
        raise InputError(
            "web.type",
            "{kind}, which is not read",
            at=head.url[:200],
            kind=head.type[:60] or Message("term", "of no type"),
        )


def _body(
    target: Target, chunks: Iterable[bytes], fields: Mapping[str, str], limits: FetchLimits, deadline: float
) -> bytes:
    parts, size = [], 0
    for chunk in chunks:
        # As it comes, so that neither a false length nor none matters.
        size += len(chunk)
        if size > limits.max_bytes:
            raise InputError(
                "input.size",
                "larger than the limit of {size} bytes",
                at=target.url[:200],
                size=f"{limits.max_bytes:,}",
            )
        if time.monotonic() > deadline:
            raise InputError(
                "web.slow",
                "took longer than {seconds} seconds",
                at=target.url[:200],
                seconds=f"{limits.seconds:g}",
            )
        parts.append(chunk)
    data = b"".join(parts)
    packing = fields.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", ""):
        raise InputError(
            "web.packing",
            "packed as {packing!r}, which was not asked for",
            at=target.url[:200],
            packing=packing[:60],
        )
    # Some servers name it and send the page as it is.
    if packing == "gzip" and is_packed(data):
        data = unpack(data, Limits(limits.max_bytes))
    if not data:
        raise InputError("input.empty", "empty", at=target.url[:200])
    return data


@contextmanager
def _told(target: Target) -> Iterator[None]:
    """Raise what goes wrong on the way as an error of one line."""
    import httpcore2 as httpcore

    try:
        yield
    except httpcore.TimeoutException:
        raise InputError("web.no_answer", "no answer in time", at=target.url[:200]) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as problem:
        reason = " ".join(str(problem).split())[:200] or type(problem).__name__
        raise InputError(
            "file.unreadable", "cannot be read: {reason}", at=target.url[:200], reason=reason
        ) from problem


def _pinned(addresses: Sequence[str], deadline: float) -> httpcore.NetworkBackend:
    """Return a network for httpcore that connects to the checked addresses only, and until the deadline."""
    import httpcore2 as httpcore

    class Timed(httpcore.NetworkStream):
        """A stream whose every wait ends at the deadline, so that dripping bytes gain nothing."""

        def __init__(self, inner: httpcore.NetworkStream) -> None:
            self._inner = inner

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return self._inner.read(max_bytes, _left(deadline, timeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._inner.write(buffer, _left(deadline, timeout))

        def close(self) -> None:
            self._inner.close()

        def start_tls(
            self,
            ssl_context: ssl.SSLContext,
            server_hostname: str | None = None,
            timeout: float | None = None,
        ) -> httpcore.NetworkStream:
            return Timed(self._inner.start_tls(ssl_context, server_hostname, _left(deadline, timeout)))

        def get_extra_info(self, info: str) -> Any:
            return self._inner.get_extra_info(info)

    class Pinned(httpcore.SyncBackend):
        # The name is not looked at: httpcore resolves nothing. TLS still checks the certificate for it.
        def connect_tcp(self, host: str, port: int, *_: object, **__: object) -> httpcore.NetworkStream:
            refused: Exception = httpcore.ConnectError(f"{host} has no address")
            for address in addresses:
                try:
                    return Timed(super().connect_tcp(address, port, _left(deadline, _CONNECT)))
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as problem:
                    refused = problem
            raise refused

    return Pinned()
