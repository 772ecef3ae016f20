"""A PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, on a socket only."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``, which Debian keeps out of the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server."""
    folder = programs()
    assert folder
    # Short, as a socket's path is; not pytest's, which another user may not enter.
    place = Path(tempfile.mkdtemp(prefix="pg-"))
    user = None
    if os.name == "posix" and os.getuid() == 0:
        user = "nobody"  # the server refuses to run as root
        shutil.chown(place, user)
    data = place / "data"

    def call(name: str, *arguments: str) -> None:
        subprocess.run(
            [str(folder / name), *arguments],
            user=user,
            cwd=place,
            check=True,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )

    try:
        call("initdb", "-D", str(data), "-U", "warta", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-F -c listen_addresses='' -c unix_socket_directories='{place}' -c max_connections=20"
        call("pg_ctl", "-D", str(data), "-l", str(place / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql://warta@/postgres?host={place}"
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)
