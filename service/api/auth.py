"""API keys: random, kept only as sums, in SQLite or PostgreSQL; and who may ask for what with one.

A key is ``wk_ID_SECRET``: the ID finds its row, the SHA-256 sum of the whole is compared in constant time. A
sum without salt or stretching is enough for 256 random bits, which nobody can try out.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from fastapi import Request
from sqlalchemy import Column, Connection, Engine, MetaData, Row, String, Table, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateTable
from starlette.types import ASGIApp as App
from starlette.types import Receive, Scope, Send

from service.api.middleware.limits import Rate, fields, refuse, too_often
from service.document import Message
from service.errors import StoreError, UsageError
from service.extras import lacks
from service.refusal import Refused

OPEN = ("/health", "/ready", "/languages", "/frontend/settings", "/openapi.json", "/docs", "/download_file/")
"""Paths that need no key: nothing is worked on there, and a translated file's name cannot be guessed."""
IN_BODY = ("/translate", "/detect", "/translate_file", "/suggest")
"""LibreTranslate's paths, where the key may be in the body: :func:`body_key` looks for it there."""

FORM_LIMITS = {"max_files": 1, "max_fields": 120, "max_part_size": 20_000_000}
"""A form is read once and kept, so whoever reads it first must read it so."""

_METADATA = MetaData()
_KEYS = Table(
    "api_keys",
    _METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created", String(40), nullable=False),
    Column("revoked", String(40)),
)
# Compared with where there is no such key, so that the time taken does not tell which IDs exist.
_NOBODY = sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. ``created`` and ``revoked`` are times in UTC; a valid key has only one."""

    id: str
    name: str
    created: str
    revoked: str = ""


class KeyStore:
    """The keys in the database at ``url``: ``sqlite:///PATH`` or ``postgresql://…``. Safe from many threads.

    Every method raises StoreError where the database cannot be used.
    """

    def __init__(self, url: str) -> None:
        """Make the table where there is none. Raises UsageError for another kind of database."""
        self._engine = _engine(url)
        # Two servers that start at once may both make the table: then the other's is as good.
        with suppress(StoreError), self._begun() as database:
            database.execute(CreateTable(_KEYS, if_not_exists=True))
        # Raises where the database cannot be used: told at the start, not with the first request.
        self.all()

    def add(self, name: str) -> str:
        """Return a new key, which nobody can see again.

        Raises UsageError for a name that does not fit a line.
        """
        if not name.strip() or len(name) > 100 or not name.isprintable():
            raise UsageError("keys.name", "a key's name is one line of 1 to 100 characters")
        id = secrets.token_hex(6)
        key = f"wk_{id}_{secrets.token_urlsafe(32)}"
        row = {"id": id, "name": name, "digest": sha256(key.encode()).hexdigest(), "created": _now()}
        with self._begun() as database:
            database.execute(_KEYS.insert(), row)
        return key

    def all(self) -> list[Key]:
        """Return all keys, the revoked ones too, oldest first."""
        with self._begun() as database:
            rows = database.execute(_KEYS.select().order_by(_KEYS.c.created, _KEYS.c.id)).all()
        return [_key(row) for row in rows]

    def revoke(self, id: str) -> bool:
        """Revoke a key; return whether it was active."""
        active = _KEYS.update().where(_KEYS.c.id == id, _KEYS.c.revoked.is_(None))
        with self._begun() as database:
            return database.execute(active.values(revoked=_now())).rowcount > 0

    def find(self, key: str) -> Key | None:
        """Return the valid key that ``key`` is, or None."""
        prefix, _, rest = key.partition("_")
        # The secret is URL-safe base64, which may hold "_" itself: only the first two split.
        id, _, secret = rest.partition("_")
        plain = prefix == "wk" and len(key) < 100 and key.isascii() and key.isprintable() and bool(secret)
        with self._begun() as database:
            # What is no key is looked up too, under a name that no key has: it takes as long, and nothing odd
            # gets to the database.
            row = database.execute(_KEYS.select().where(_KEYS.c.id == (id if plain else ""))).first()
        digest = row.digest if row else _NOBODY
        same = hmac.compare_digest(digest, sha256(key.encode("utf-8", "replace")).hexdigest())
        return _key(row) if row and same and not row.revoked else None

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        """Yield a transaction. A connection that was lost is noticed before it is used, and made anew."""
        try:
            with self._engine.begin() as database:
                yield database
        except SQLAlchemyError as error:
            raise _cannot(error) from error


class Lookup:
    """Finds out whose key a request has, and bounds how many wrong ones an address may try.

    Every key is looked up, whatever its address did before: a wrong key of one client must not lock out the
    good key of another behind the same address.
    """

    def __init__(self, store: KeyStore, wrong: Rate) -> None:
        self._store = store
        self._wrong = wrong

    async def noted(self, state: dict[str, Any], given: str) -> Refused | None:
        """Note whose key it is; return what to answer if it is not valid, as LibreTranslate does."""
        try:
            key = await run_sync(self._store.find, given)
        except StoreError:
            return Refused(
                503,
                "keys.unavailable",
                "keys cannot be looked up at the moment",
                type="keys",
                headers={"Retry-After": "5"},
            )
        if key is None:
            wait = self._wrong.wait(state["address"])
            return (
                too_often(wait, Message("term", "wrong API keys"))
                if wait
                else Refused(403, "keys.invalid", "Invalid API key", type="forbidden")
            )
        state["key"] = key
        state["client"] = f"key {key.id}"
        return None


class Keys:
    """Looks at the key in a request's header, and notes its owner in ``state``; a wrong one is refused.

    Where they are ``required``, every path needs one but those of OPEN, and those that may have it in a body.
    A browser is asked for its key as the password of any user (HTTP Basic), and remembers it.
    """

    def __init__(self, app: App, lookup: Lookup, *, required: bool) -> None:
        self._app = app
        self._lookup = lookup
        self._required = required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it: 401 for no key, 403 for a wrong one, 429 for many of them."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = header_key(scope)
        refused = await self._refused(scope, given)
        if refused:
            await refuse(scope, receive, send, refused)
        else:
            await self._app(scope, receive, send)

    async def _refused(self, scope: Scope, given: str) -> Refused | None:
        path = scope["path"]
        if given:
            return await self._lookup.noted(scope["state"], given)
        # Those that may have it in the body pass; body_key() looks at them.
        if not self._required or path in IN_BODY or any(_below(path, open) for open in OPEN):
            return None
        basic = {"WWW-Authenticate": 'Basic realm="Warta", charset="UTF-8"'}
        return Refused(401, "keys.needed", "an API key is needed: Authorization: Bearer KEY", headers=basic)


def body_key(lookup: Lookup | None, *, required: bool) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency of LibreTranslate's routes: the key of ``api_key``, where the header has none.

    Only now is known whom the request counts for, so it is counted here.
    """

    async def guard(request: Request) -> None:
        state = request.scope["state"]
        if lookup is None or "key" in state or request.url.path not in IN_BODY:
            return
        given = await _in_body(request)
        if given:
            refused = await lookup.noted(state, given)
            if refused:
                raise refused
        count = state.pop("count", None)
        if count and (wait := count(state["client"])):
            raise too_often(wait)
        if required and not given:
            raise Refused(
                400,
                "keys.needed_in_request",
                "an API key is needed: api_key in the request",
                type="unauthorized",
            )

    return guard


def header_key(scope: Scope) -> str:
    """Return the key of ``Authorization: Bearer KEY``, or the password of ``Basic``; empty where there is
    none.
    """
    # Two such headers could be read differently here and by a proxy, so they are none.
    found = fields(scope, b"authorization")
    scheme, _, value = (found[0] if len(found) == 1 else "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            # ``user:password``, whoever the user is.
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
    return ""


def default_url(home: Path) -> str:
    """Return where keys are kept unless something else is said."""
    return f"sqlite:///{home / 'keys.sqlite'}"


async def _in_body(request: Request) -> str:
    value: object = request.query_params.get("api_key")
    # Starlette keeps a form that was read: it must be read under the limits that the route reads it with.
    if "json" not in request.headers.get("content-type", ""):
        try:
            value = (await request.form(**FORM_LIMITS)).get("api_key") or value
        except (ValueError, KeyError, AttributeError):
            return ""
    else:
        try:
            body = await request.json()
        except (ValueError, RecursionError):
            return ""
        value = body.get("api_key") if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""


def _below(path: str, open: str) -> bool:
    return path == open or (open.endswith("/") and path.startswith(open))


def _key(row: Row[tuple[str, str, str, str, str | None]]) -> Key:
    return Key(row.id, row.name, row.created, row.revoked or "")


def _engine(url: str) -> Engine:
    """Return the database at a URL, which may say what only its driver understands."""
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        # One connection is kept; SQLAlchemy lends it to one thread at a time.
        return create_engine("sqlite://", creator=lambda: _sqlite(path), poolclass=QueuePool, pool_size=1)
    if scheme in ("postgresql", "postgres"):
        psycopg = _psycopg()
        return create_engine(
            "postgresql+psycopg://",
            # A server that is gone for a moment must not hold every request.
            creator=lambda: psycopg.connect(url, connect_timeout=5),
            pool_size=1,
            pool_pre_ping=True,
        )
    raise UsageError(
        "keys.place", "keys are kept in sqlite:///PATH or postgresql://…, not in {scheme!r}", scheme=scheme
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _sqlite(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Sums of random keys tell nothing, but whoever can write here can make himself a key.
        path.touch(mode=0o600)  # only a new file gets that mode
    except OSError as error:
        raise StoreError(
            "file.unwritable", "cannot be written: {reason}", at=path, reason=error.strerror
        ) from error
    return sqlite3.connect(path, timeout=10, check_same_thread=False)


def _psycopg() -> ModuleType:
    try:
        import psycopg
    except ImportError as error:
        raise UsageError(
            "keys.postgres", "keys in PostgreSQL: {reason}", reason=lacks(error, "postgres", "psycopg")
        ) from error
    return psycopg


def _cannot(error: SQLAlchemyError) -> StoreError:
    """Return the driver's first line, which never holds the password of the URL."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = (str(cause).strip() or type(cause).__name__).split("\n")[0]
    return StoreError("keys.database", "the database of the API keys cannot be used: {reason}", reason=reason)
