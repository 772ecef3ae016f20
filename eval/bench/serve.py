"""What the HTTP service holds: clients at once, batching against one at a time, memory, the first sentence.

``python -m eval.bench.serve load [--model marian] [--clients 1 8 32 128] [--seconds 15] [--beam 4]
[--json FILE]`` · ``against`` · ``memory [--requests 20000]`` · ``first`` ·
``slow-documents --model echo [--clients 128] [--seconds 30] [--deadline 10]``.

The server is a process of its own; the clients are connections from this one, on the loopback interface, each
with one request under way: POST /translate with one sentence of 4 to 22 words. ``marian`` is a model of
opus-mt's shape with random weights, whose every answer is 24 tokens long. With ``echo``, which does nothing,
the clients take more time than the server: that is for ``memory`` and ``slow-documents``.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import httpx2

from service import presets
from service.document import Decoding, Output
from service.engines.base import Engine
from service.runtime.batching import QueueLimits

ROOT = Path(__file__).parents[2]
MARIAN = "opus-mt-id-en"
TOKENS = 24
CLIENTS = (1, 8, 32, 128)

_WHO = (
    "Pemerintah", "Warga desa", "Petugas pemadam", "Kepala dinas kesehatan", "Para nelayan di pesisir utara",
    "Menteri", "Polisi lalu lintas", "Pedagang pasar induk",
)  # fmt: skip
_DOES = (
    "menunda rapat", "membuka kembali jalan", "meminta bantuan", "menyalurkan beras kepada keluarga",
    "memeriksa gudang pupuk milik perusahaan daerah", "menutup pelabuhan", "mencatat kenaikan harga",
)  # fmt: skip
_WHEN = (
    "pada Senin.", "sejak Selasa malam.", "karena hujan deras.",
    "setelah banjir merendam 340 rumah di tiga desa.",
    "menjelang libur panjang yang dimulai pada akhir pekan ini.", "kemarin.",
    "di dua kecamatan, kata juru bicara kepada wartawan pada Kamis siang.",
)  # fmt: skip
# 8 x 7 x 7 = 392 different sentences.
SENTENCES = [" ".join(parts) for parts in itertools.product(_WHO, _DOES, _WHEN)]

# Ten of them, under a headline.
ARTICLE = "Banjir di Demak\n\n" + " ".join(SENTENCES[index] for index in range(0, 100, 10))


@dataclass(frozen=True, slots=True)
class Load:
    """What ``clients`` saw in ``seconds``: latencies in seconds, throughput in sentences a second.

    ``refused`` counts 503 answers that said when to come back, ``errors`` all else that was not 200.
    ``rows`` is the mean number of sentences in a batch.
    """

    clients: int
    seconds: float
    done: int
    throughput: float
    p50: float
    p99: float
    refused: int
    errors: int
    rows: float


@dataclass(frozen=True, slots=True)
class Server:
    """A server in a process of its own."""

    pid: int
    port: int

    def memory(self, *, below: bool = False) -> float:
        """Return its resident memory, in MB; with all processes ``below`` it if asked."""
        pages = 0
        for pid in _tree(self.pid) if below else [self.pid]:
            with suppress(OSError):
                pages += int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _tree(pid: int) -> list[int]:
    """Return a process and all that it or they started."""
    found = [pid]
    with suppress(OSError):
        # Children are listed under the thread that started them, so all threads are asked.
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                found += _tree(int(child))
    return found


# The server's side.


class Capped:
    """An engine whose answers are cut at ``TOKENS``: random weights do not end one."""

    def __init__(self, inner: Engine) -> None:
        self.signature = inner.signature
        self._inner = inner

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """See :class:`service.engines.base.Engine`."""
        return self._inner.generate(texts, replace(decoding, max_new_tokens=TOKENS))

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        """See :class:`service.engines.base.Engine`."""
        return self._inner.alternatives(text, replace(decoding, max_new_tokens=TOKENS), count)

    def count_tokens(self, text: str) -> int:
        """See :class:`service.engines.base.Engine`."""
        return self._inner.count_tokens(text)


def marian(folder: Path) -> Engine:
    """Return opus-mt's shape with random weights, in int8."""
    from service.engines.ctranslate2 import CTranslate2Engine
    from service.models.convert import convert

    preset = presets.get(MARIAN)
    if not (folder / "int8").exists():
        _random_marian(folder / "checkpoint")
        convert(folder / "checkpoint", folder / "int8", preset)
    return Capped(CTranslate2Engine(folder / "int8", preset))


def _random_marian(folder: Path) -> None:
    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel

    folder.mkdir(parents=True)
    for name in ("source.spm", "target.spm"):
        with (folder / name).open("wb") as file:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(SENTENCES), model_writer=file, vocab_size=400,
                model_type="bpe", minloglevel=2, bos_id=-1, eos_id=0, unk_id=1, pad_id=-1,
            )  # fmt: skip
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    names = [pieces.id_to_piece(index) for index in range(len(pieces))]
    # Up to the rows of the real model, for the last matrix is a good part of a step's cost; ``<pad>`` last,
    # as there.
    names += [f"<filler_{index}>" for index in range(54_796 - len(names) - 1)] + ["<pad>"]
    (folder / "vocab.json").write_text(json.dumps({name: index for index, name in enumerate(names)}), "utf-8")
    last = len(names) - 1
    config = MarianConfig(
        vocab_size=len(names), d_model=512, encoder_layers=6, decoder_layers=6, encoder_ffn_dim=2048,
        decoder_ffn_dim=2048, encoder_attention_heads=8, decoder_attention_heads=8,
        activation_function="swish", scale_embedding=True, max_position_embeddings=512,
        pad_token_id=last, eos_token_id=0, decoder_start_token_id=last,
    )  # fmt: skip
    torch.manual_seed(7)
    MarianMTModel(config).save_pretrained(folder)


def serve(options: argparse.Namespace) -> int:
    """Run a server until it is told to stop; its port is all that it prints."""
    from service.api.app import create_app, listening, server
    from service.api.config import ServerConfig
    from service.pool import Host
    from service.settings import Settings, home

    limits = QueueLimits()
    if options.rows:
        # A batch of one has nothing to wait for.
        limits = replace(limits, batch_rows=options.rows, parallel=options.parallel, wait_seconds=0.0)
    config = ServerConfig(
        port=0,
        # All clients have one address, and would be refused.
        requests_per_minute=10_000_000,
        queue=limits,
        deadline_seconds=options.deadline,
    )
    settings = Settings(home(os.environ), options.model, beam_size=options.beam)
    host = Host(settings, limits)
    if options.model == "marian":
        engine = marian(Path(options.folder))
        # Without repair, which would find fault with every random answer and translate again.
        host = Host(replace(settings, model=MARIAN, repair=False), limits, opener=lambda _: engine)
    # Loads the model and forks the sandbox before the port is told, so that no client pays for it.
    host.pipeline().translate_texts(SENTENCES[:2])
    host.sandbox.warm()
    running = server(create_app(host, config, page=False), config)
    with listening(config) as listener:
        # The parent waits for this line; the socket listens already, so no connection is refused from here
        # on.
        print(listener.getsockname()[1], flush=True)
        running.run([listener])
    return 0


# The clients' side.


@contextmanager
def serving(options: argparse.Namespace, folder: Path, rows: int = 0, parallel: int = 2) -> Iterator[Server]:
    """Yield a server of ``options.model``; with ``rows``, its batches hold no more than that."""
    command = [sys.executable, "-m", __spec__.name, "serve", "--model", options.model]
    command += ["--folder", str(folder), "--rows", str(rows), "--parallel", str(parallel)]
    command += ["--deadline", str(options.deadline)]
    command += ["--beam", str(options.beam)] if options.beam else []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as process:
        try:
            # An empty line is the end of its output: it died before it listened.
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise SystemExit(f"the server did not start: {' '.join(command)}")
            yield Server(process.pid, int(line))
        finally:
            process.terminate()


def connected(port: int) -> httpx2.AsyncClient:
    """Return a client that keeps one connection, and waits as long as an answer takes."""
    one = httpx2.Limits(max_connections=1, max_keepalive_connections=1)
    # What the environment says of proxies is not for this machine.
    return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=one, timeout=None, trust_env=False)


@dataclass(slots=True)
class _Seen:
    latencies: list[float]
    refused: int = 0
    errors: int = 0
    wrong: int = 0
    answers: dict[str, str] = field(default_factory=dict)


async def _client(port: int, texts: Iterator[str], until: float, seen: _Seen) -> None:
    """Be one client: ask, wait, ask again; come back when told to where the server is busy."""
    async with connected(port) as client:
        while time.perf_counter() < until:
            started = time.perf_counter()
            fields = {"q": next(texts), "source": "id", "target": "en"}
            answer = await client.post("/translate", json=fields)
            retry = answer.headers.get("retry-after", "")
            if answer.status_code == 200:
                seen.latencies.append(time.perf_counter() - started)
                made = answer.json()["translatedText"]
                # Another's answer would not be the one that the same text had before.
                seen.wrong += seen.answers.setdefault(fields["q"], made) != made
            elif answer.status_code == 503 and retry.isdigit():
                seen.refused += 1
                # No longer than the measure itself goes on.
                await asyncio.sleep(min(int(retry), max(0.0, until - time.perf_counter())))
            else:
                seen.errors += 1


def load(server: Server, clients: int, seconds: float) -> Load:
    """Run so many clients for so long, and let the requests under way end."""

    async def run() -> Load:
        mixed = SENTENCES.copy()
        random.Random(7).shuffle(mixed)  # noqa: S311 - not for secrets
        # One iterator for all clients: they never ask for the same text at once, so no batch gets it twice.
        texts, seen = itertools.cycle(mixed), _Seen([])
        before = await _batches(server.port)
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(_client(server.port, texts, started + seconds, seen))
        # Longer than ``seconds``: requests under way have ended by now.
        took = time.perf_counter() - started
        batches, rows = (now - then for now, then in zip(await _batches(server.port), before, strict=True))
        p50, p99 = _percentiles(seen.latencies)
        done = len(seen.latencies)
        mean = rows / max(1, batches)
        return Load(clients, took, done, done / took, p50, p99, seen.refused, seen.errors, mean)

    return asyncio.run(run())


async def _batches(port: int) -> tuple[float, float]:
    """Return how many batches, and rows in them, the server has run."""
    async with connected(port) as client:
        text = (await client.get("/metrics")).text
    return _metric(text, "warta_batches_total"), _metric(text, "warta_batch_rows_total")


def _metric(text: str, name: str) -> float:
    lines = [line for line in text.split("\n") if line.startswith(name) and " " in line]
    if not lines:
        raise SystemExit(f"the server has no metric {name}")
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return (values[0], values[0]) if values else (float("nan"), float("nan"))
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    # Of 99 cuts into hundredths, the 50th and the 99th.
    return cuts[49], cuts[98]


def levels(options: argparse.Namespace, folder: Path) -> list[Load]:
    """Return every number of clients against one server."""
    with serving(options, folder) as server:
        return [_told(load(server, clients, options.seconds)) for clients in options.clients]


def against(options: argparse.Namespace, folder: Path) -> dict[str, Load]:
    """Measure 32 clients: common batches, one sentence at a time, and two at a time but each by itself."""
    found = {}
    # The server batches what two workers take; "one at a time" is a plain server, "two at a time" tells what
    # the second worker alone would give.
    for name, rows, parallel in (("batches", 0, 2), ("one at a time", 1, 1), ("two at a time", 1, 2)):
        with serving(options, folder, rows, parallel) as server:
            print(name, end=": ")
            found[name] = _told(load(server, 32, options.seconds))
    for name in ("one at a time", "two at a time"):
        print(f"batches / {name}: {found['batches'].throughput / found[name].throughput:.2f}")
    return found


def _told(found: Load) -> Load:
    print(
        f"{found.clients} clients, {found.seconds:.0f} s: {found.throughput:.2f} sentences/s, "
        f"p50 {found.p50:.2f} s, p99 {found.p99:.2f} s, {found.rows:.1f} rows a batch, "
        f"{found.refused} refused, {found.errors} errors",
        flush=True,
    )
    return found


def memory(options: argparse.Namespace, folder: Path) -> list[float]:
    """Return the server's memory in MB after each tenth of ``options.requests``, made by 32 clients."""

    async def some(port: int, count: int) -> None:
        texts = itertools.islice(itertools.cycle(SENTENCES), count)

        async def client() -> None:
            async with connected(port) as session:
                # Shared by all 32: ``count`` requests in all, not each.
                for text in texts:
                    fields = {"q": text, "source": "id", "target": "en"}
                    answer = await session.post("/translate", json=fields)
                    if answer.status_code != 200:
                        raise SystemExit(f"an answer was {answer.status_code}")

        async with asyncio.TaskGroup() as group:
            for _ in range(32):
                group.create_task(client())

    with serving(options, folder) as server:
        sizes = [server.memory()]
        for _ in range(10):
            asyncio.run(some(server.port, options.requests // 10))
            sizes.append(server.memory())
            print(f"{sizes[-1]:.0f} MB", flush=True)
    return sizes


def first(options: argparse.Namespace, folder: Path) -> list[float]:
    """Return seconds from asking for an article as a stream to its first sentence, five times."""

    async def once(port: int) -> float:
        body, accept = {"text": ARTICLE}, {"Accept": "text/event-stream"}
        async with connected(port) as client:
            started = time.perf_counter()
            async with client.stream("POST", "/v1/translate", json=body, headers=accept) as answer:
                async for line in answer.aiter_lines():
                    if line == "event: segment":
                        return time.perf_counter() - started
        raise SystemExit("the stream had no sentence")

    with serving(options, folder) as server:
        seconds = []
        for _ in range(5):
            seconds.append(asyncio.run(once(server.port)))
            time.sleep(3)  # what ran for the one that hung up ends
    print(f"first sentence after {statistics.median(seconds):.2f} s (median of {len(seconds)})")
    return seconds


@dataclass(frozen=True, slots=True)
class Health:
    """Latencies of ``/health`` in seconds, asked for twenty times a second."""

    asked: int
    p50: float
    p99: float
    slowest: float


@dataclass(frozen=True, slots=True)
class Slow:
    """What went on while documents were posted that are slow to read.

    ``load`` is what the other clients saw; ``wrong`` of their answers were not what the same text had before.
    ``documents`` counts the answers to each document by status, with the longest wait in seconds.
    ``quiet`` and ``busy`` are ``/health`` before and meanwhile; ``memory`` the server's and all its
    processes', in MB, before, each tenth of the time, and after.
    """

    load: Load
    wrong: int
    documents: dict[str, dict[str, float]]
    quiet: Health
    busy: Health
    memory: list[float]


def bad_documents() -> dict[str, tuple[str, bytes]]:
    """Return documents that take long to read, or did: a name each, with its file's name and content."""
    target = io.BytesIO()
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    cells = (
        "<w:tbl><w:tr><w:tc>" * 2000
        + "<w:p><w:r><w:t>Satu.</w:t></w:r></w:p>"
        + "</w:tc></w:tr></w:tbl>" * 2000
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{cells}</w:body></w:document>'
        )
    objects = b"".join(
        b"%d 0 obj <</Type /Page /Kids [%d 0 R]>> endobj\n" % (n, n + 1) for n in range(1, 100_000)
    )
    return {
        "comments in HTML": ("a.html", b"<!---->" * 40 + b"x"),
        "elements in elements": ("a.html", b"<html><body>" + b"<div>" * 200_000 + b"Satu."),
        "open quotes in HTML": ("a.html", b"<html><body>" + b"<a href='" * 100_000),
        "a table in Markdown": ("a.md", b"a|b\n" + b" " * 40_000 + b"x|-"),
        "tables in tables": ("a.docx", target.getvalue()),
        "objects in a PDF": ("a.pdf", b"%PDF-1.7\n" + objects + b"trailer <</Root 1 0 R>>"),
        "9 MB on a line": ("a.txt", b"banjir merendam rumah " * 400_000),
    }


async def _document(port: int, name: str, data: bytes) -> int:
    """Post a document to be translated; the status of the answer."""
    async with connected(port) as client:
        fields = {"source": "id", "target": "en"}
        answer = await client.post("/translate_file", data=fields, files={"file": (name, data)})
    return answer.status_code


async def _health(port: int, until: float) -> Health:
    """Ask ``/health`` twenty times a second."""
    seen = []
    async with connected(port) as client:
        while time.perf_counter() < until:
            started = time.perf_counter()
            await client.get("/health")
            seen.append(time.perf_counter() - started)
            await asyncio.sleep(0.05)
    return Health(len(seen), *_percentiles(seen), max(seen))


async def _documents(port: int, until: float, found: dict[str, dict[str, float]]) -> None:
    """Post each bad document again and again, and count the answers into ``found``."""

    async def post(kind: str, name: str, data: bytes) -> None:
        counts = found.setdefault(kind, {})
        while (started := time.perf_counter()) < until:
            status = str(await _document(port, name, data))
            counts[status] = counts.get(status, 0) + 1
            counts["slowest"] = max(counts.get("slowest", 0.0), time.perf_counter() - started)
            await asyncio.sleep(0.5)

    async with asyncio.TaskGroup() as group:
        for kind, (name, data) in bad_documents().items():
            group.create_task(post(kind, name, data))


async def _sizes(server: Server, seconds: float, sizes: list[float]) -> None:
    """Note the server's memory after each tenth of the time."""
    for _ in range(10):
        await asyncio.sleep(seconds / 10)
        sizes.append(server.memory(below=True))


async def _meanwhile(server: Server, clients: int, seconds: float) -> Slow:
    # Three seconds of rest, to compare with.
    quiet = await _health(server.port, time.perf_counter() + 3)
    found: dict[str, dict[str, float]] = {}
    sizes, seen = [server.memory(below=True)], _Seen([])
    started = time.perf_counter()
    until = started + seconds
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_client(server.port, itertools.cycle(SENTENCES), until, seen))
        group.create_task(_documents(server.port, until, found))
        group.create_task(_sizes(server, seconds, sizes))
        busy = group.create_task(_health(server.port, until))
    took, done = time.perf_counter() - started, len(seen.latencies)
    await asyncio.sleep(3)
    sizes.append(server.memory(below=True))
    counts = Load(
        clients, took, done, done / took, *_percentiles(seen.latencies), seen.refused, seen.errors, 0.0
    )
    return Slow(counts, seen.wrong, found, quiet, busy.result(), sizes)


def slow_documents(options: argparse.Namespace, folder: Path) -> Slow:
    """Measure many clients that translate while some post documents that are slow to read."""
    with serving(options, folder) as server:
        clients = 128 if options.clients is CLIENTS else options.clients[0]
        slow = asyncio.run(_meanwhile(server, clients, options.seconds))
    _told(slow.load)
    print(json.dumps(asdict(slow), indent=2))
    return slow


def main(argv: list[str] | None = None) -> int:
    """Print what was measured, and write it with ``--json``."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("load", "against", "memory", "first", "slow-documents", "serve"))
    parser.add_argument("--model", default="gemma-3-270m", help="a preset, or marian")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--beam", type=int)
    parser.add_argument("--deadline", type=float, default=600.0, help="seconds that a request may take")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--parallel", type=int, default=2, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    if options.what == "serve":
        return serve(options)
    work = {
        "load": levels,
        "against": against,
        "memory": memory,
        "first": first,
        "slow-documents": slow_documents,
    }[options.what]
    with tempfile.TemporaryDirectory() as name:
        found = work(options, Path(name))
    if options.json:
        options.json.write_text(json.dumps(found, default=asdict, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
