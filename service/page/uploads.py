"""The files that the server holds for the page's readers: what they upload and what is made for them.

A file is known by a token that nobody can guess, together with the session it belongs to. What comes from
outside is only ever looked up here, never joined to a path.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from service.errors import InputError

FOLDER = "page-files"
COOKIE = "warta-session"
"""Names the session that files belong to."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
GRACE_SECONDS = 60.0
"""How long files outlive their session's last page: a page that is loaded again comes back within."""
BLOCK = 4096
"""What a file takes besides its bytes, so that many empty ones fill the room too."""

_UNSAFE = re.compile(r"[^\w. -]+")
_NAME_BYTES = 120


@dataclass(frozen=True, slots=True)
class Room:
    """How much is held: bytes of one session and of all, and seconds since a file was last used."""

    session: int = 100_000_000
    total: int = 200_000_000
    seconds: float = 1800.0


class NoRoom(InputError):
    """A file would not fit; ``everybody`` says that the room of all is full, not that of the session."""

    def __init__(self, code: str, text: str, /, *, everybody: bool, **values: object) -> None:
        super().__init__(code, text, **values)  # type: ignore[arg-type]
        self.everybody = everybody


@dataclass(slots=True)
class _File:
    """A file that is held, or that grows: ``used`` is None until it is whole."""

    session: str
    client: str
    path: Path
    charge: int = 0
    used: float | None = None


class Files:
    """What is held, in a folder of its own below ``home``. Safe from several threads.

    A session's room is its own; where the room of all is full, whichever client has most loses its oldest
    file. A folder that a server left behind when it was killed goes when the next one begins.
    """

    def __init__(self, home: Path, room: Room, clock: Callable[[], float] = time.monotonic) -> None:
        self.room = room
        self._home = home
        self._clock = clock
        self._lock = threading.RLock()
        self._folder: Path | None = None
        self._alive: FileLock | None = None
        self._files: dict[str, _File] = {}
        self._sessions: Counter[str] = Counter()
        self._clients: Counter[str] = Counter()
        self._pages: Counter[str] = Counter()
        self._left: dict[str, float] = {}

    def folder(self) -> Path:
        """Return where the files are; made, and what dead servers left removed, when it is first asked
        for.
        """
        with self._lock:
            if self._folder is None:
                self._folder, self._alive = _settle(self._home)
            return self._folder

    def begin(self, session: str, client: str, name: str) -> Growing:
        """Return a new file that is written piece by piece. Raises NoRoom."""
        token = secrets.token_urlsafe(32)
        place = self.folder() / token
        with self._lock:
            self._files[token] = file = _File(session, client, place / safe_name(name))
            try:
                self._charge(token, BLOCK)
                place.mkdir(mode=0o700)
                return Growing(self, token, file.path.open("xb"))
            except OSError as error:
                self.drop(token)
                raise NoRoom(
                    "upload.unwritable",
                    "a file cannot be written: {reason}",
                    reason=error.strerror,
                    everybody=True,
                ) from error
            except BaseException:
                self.drop(token)
                raise

    def give(self, session: str, client: str, made: Path) -> str:
        """Take a file that was made for a session from where it lies; its token. Raises NoRoom, OSError."""
        growing = self.begin(session, client, made.name)
        try:
            self.grown(growing.token, made.stat().st_size)
            growing.close()
            with self._lock:
                made.replace(self._files[growing.token].path)
        except BaseException:
            growing.drop()
            raise
        return growing.keep()

    def grown(self, token: str, size: int) -> None:
        """Count ``size`` more bytes of a file before they are written. Raises NoRoom."""
        with self._lock:
            self._charge(token, size)

    def whole(self, token: str) -> None:
        """Have a file be found from now on."""
        with self._lock:
            self._files[token].used = self._clock()

    def find(self, session: str, token: str) -> Path | None:
        """Return the session's file of that token, which counts as used; None where there is none (any
        more).
        """
        with self._lock:
            self.tidy()
            file = self._files.get(token)
            if file is None or file.used is None or file.session != session:
                return None
            file.used = self._clock()
            return file.path

    def drop(self, token: str) -> None:
        """Delete a file, if it is there."""
        with self._lock:
            file = self._files.pop(token, None)
            if file is None:
                return
            _pay(self._sessions, file.session, -file.charge)
            _pay(self._clients, file.client, -file.charge)
        shutil.rmtree(file.path.parent, ignore_errors=True)

    def enter(self, session: str) -> None:
        """Note that a page of the session is open."""
        with self._lock:
            self._pages[session] += 1
            self._left.pop(session, None)

    def leave(self, session: str) -> None:
        """Note that a page of the session is gone; after the last one its files go too, a moment later."""
        with self._lock:
            _pay(self._pages, session, -1)
            if session not in self._pages:
                self._left[session] = self._clock()

    def tidy(self) -> None:
        """Delete what is old and what belongs to a session that has ended."""
        now = self._clock()
        with self._lock:
            over = {session for session, left in self._left.items() if now - left > GRACE_SECONDS}
            for token, file in list(self._files.items()):
                if file.used is not None and (file.session in over or now - file.used > self.room.seconds):
                    self.drop(token)
            for session in over:
                del self._left[session]

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """Yield a folder to work in, deleted in the end; a killed server's goes with its other files."""
        place = Path(tempfile.mkdtemp(prefix="work-", dir=self.folder()))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def size(self) -> int:
        """Return what is held of all, in bytes with a block for each file."""
        with self._lock:
            return self._sessions.total()

    def close(self) -> None:
        """Delete everything."""
        with self._lock:
            for token in list(self._files):
                self.drop(token)
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None
            if self._alive is not None:
                self._alive.release()
                Path(self._alive.lock_file).unlink(missing_ok=True)
                self._alive = None

    def _charge(self, token: str, size: int) -> None:
        file = self._files.get(token)
        if file is None:
            raise NoRoom("upload.displaced", "the file had to make room for others", everybody=True)
        if self._sessions[file.session] + size > self.room.session:
            self.tidy()
        if self._sessions[file.session] + size > self.room.session:
            raise NoRoom(
                "upload.reader_room",
                "more than {size} bytes of files for one reader",
                everybody=False,
                size=f"{self.room.session:,}",
            )
        while self._sessions.total() + size > self.room.total:
            if not self._make_room():
                raise NoRoom("upload.room", "there is no room for files on this server now", everybody=True)
        file.charge += size
        self._sessions[file.session] += size
        self._clients[file.client] += size

    def _make_room(self) -> bool:
        """Delete the oldest whole file of the client that has most of them, if any has one."""
        whole = [(self._clients[file.client], file.used, token)
                 for token, file in self._files.items() if file.used is not None]  # fmt: skip
        if not whole:
            return False
        most = max(held for held, _, _ in whole)
        self.drop(min((used, token) for held, used, token in whole if held == most)[1])
        return True


class Growing:
    """A file on its way in. Either :meth:`keep` or :meth:`drop` ends it."""

    def __init__(self, files: Files, token: str, target: BinaryIO) -> None:
        self.token = token
        self._files = files
        self._target = target

    def write(self, data: bytes) -> None:
        """Add a piece. Raises NoRoom, for a disk that is full too."""
        self._files.grown(self.token, len(data))
        try:
            self._target.write(data)
        except OSError as error:
            raise NoRoom(
                "upload.unwritable",
                "a file cannot be written: {reason}",
                reason=error.strerror,
                everybody=True,
            ) from error

    def close(self) -> None:
        """Write no more. Raises NoRoom."""
        try:
            self._target.close()
        except OSError as error:
            raise NoRoom(
                "upload.unwritable",
                "a file cannot be written: {reason}",
                reason=error.strerror,
                everybody=True,
            ) from error

    def keep(self) -> str:
        """Have the file be found; return its token. Raises NoRoom."""
        self.close()
        self._files.whole(self.token)
        return self.token

    def drop(self) -> None:
        """Leave nothing of it."""
        with suppress(NoRoom):
            self.close()
        self._files.drop(self.token)


def safe_name(name: str) -> str:
    """Return the last part of ``name`` without what is special in a path; a long one is cut before its
    suffix.
    """
    last = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip().lstrip(".")
    stem, dot, suffix = last.rpartition(".")
    if not dot or len(suffix) > 16:
        stem, dot, suffix = last, "", ""
    room = _NAME_BYTES - len((dot + suffix).encode())
    return (stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix) or "file"


def _pay(counts: Counter[str], key: str, amount: int) -> None:
    counts[key] += amount
    if counts[key] <= 0:
        del counts[key]


def _settle(home: Path) -> tuple[Path, FileLock | None]:
    """Return a new folder with the lock that says it is used; those that nobody uses are removed."""
    root = home / FOLDER
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(root / ".lock", timeout=10):
            for lock in root.glob("*.lock"):
                _sweep(lock)
            place = Path(tempfile.mkdtemp(prefix="server-", dir=root))
            alive = FileLock(f"{place}.lock", thread_local=False)
            alive.acquire(timeout=0)
            return place, alive
    except (OSError, Timeout):
        # A home that cannot be written to: the system's own folder, which it cleans itself.
        return Path(tempfile.mkdtemp(prefix="warta-page-")), None


def _sweep(lock: Path) -> None:
    if lock.name == ".lock":
        return
    holder = FileLock(lock, thread_local=False)
    try:
        holder.acquire(timeout=0)
    except (Timeout, OSError):
        return  # its server lives
    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
    holder.release()
    lock.unlink(missing_ok=True)
