"""What the HTTP service holds: clients at once, batching against one at a time, memory, the first sentence.

``python -m eval.bench.serve load [--model marian] [--clients 1 8 32 128] [--seconds 15] [--beam 4]
[--json FILE]`` · ``against`` · ``memory [--requests 20000]`` · ``first``.

The server is a process of its own; the clients are connections from this one, on the loopback interface, each
with one request under way: POST /translate with one sentence of 4 to 22 words. ``marian`` is a model of
opus-mt's shape with random weights, whose every answer is 24 tokens long.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

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
SENTENCES = [" ".join(parts) for parts in itertools.product(_WHO, _DOES, _WHEN)]

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

    def memory(self) -> float:
        """Its resident memory, in MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


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
    """opus-mt's shape with random weights, in int8."""
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
    """Runs a server until it is told to stop; its port is all that it prints."""
    from service.api.app import create_app, listening, server
    from service.api.config import ServerConfig
    from service.pool import Host
    from service.settings import Settings, home

    limits = QueueLimits()
    if options.rows:
        limits = replace(limits, batch_rows=options.rows, parallel=options.parallel, wait_seconds=0.0)
    config = ServerConfig(port=0, requests_per_minute=10_000_000, queue=limits, deadline_seconds=600.0)
    settings = Settings(home(os.environ), options.model, beam_size=options.beam)
    host = Host(settings, limits)
    if options.model == "marian":
        engine = marian(Path(options.folder))
        host = Host(replace(settings, model=MARIAN, repair=False), limits, opener=lambda _: engine)
    host.pipeline().translate_plain(SENTENCES[:2])
    running = server(create_app(host, config, page=False), config)
    with listening(config) as listener:
        print(listener.getsockname()[1], flush=True)
        running.run([listener])
    return 0


# The clients' side.


@contextmanager
def serving(options: argparse.Namespace, folder: Path, rows: int = 0, parallel: int = 2) -> Iterator[Server]:
    """A server of ``options.model``; with ``rows``, its batches hold no more than that."""
    command = [sys.executable, "-m", "eval.bench.serve", "serve", "--model", options.model]
    command += ["--folder", str(folder), "--rows", str(rows), "--parallel", str(parallel)]
    command += ["--beam", str(options.beam)] if options.beam else []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise SystemExit(f"the server did not start: {' '.join(command)}")
            yield Server(process.pid, int(line))
        finally:
            process.terminate()


class Connection:
    """One HTTP connection that is kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connects."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 20))

    async def post(self, path: str, fields: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        body = json.dumps(fields).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return await self._answer()

    async def get(self, path: str) -> bytes:
        """The body of the answer."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return (await self._answer())[2]

    def close(self) -> None:
        """Hangs up."""
        self._writer.close()

    async def _answer(self) -> tuple[int, dict[str, str], bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        return int(first.split()[1]), headers, await self._reader.readexactly(length)


@dataclass(slots=True)
class _Seen:
    latencies: list[float]
    refused: int = 0
    errors: int = 0


async def _client(port: int, texts: Iterator[str], until: float, seen: _Seen) -> None:
    """One client: asks, waits, asks again; comes back when it is told to where the server is busy."""
    connection = await Connection.open(port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        fields = {"q": next(texts), "source": "id", "target": "en"}
        status, headers, _ = await connection.post("/translate", fields)
        if status == 200:
            seen.latencies.append(time.perf_counter() - started)
        elif status == 503 and headers.get("retry-after", "").isdigit():
            seen.refused += 1
            await asyncio.sleep(min(int(headers["retry-after"]), max(0.0, until - time.perf_counter())))
        else:
            seen.errors += 1
    connection.close()


def load(server: Server, clients: int, seconds: float) -> Load:
    """Runs so many clients for so long, and lets the requests under way end."""

    async def run() -> Load:
        mixed = SENTENCES.copy()
        random.Random(7).shuffle(mixed)  # noqa: S311 - not for secrets
        texts, seen = itertools.cycle(mixed), _Seen([])
        before = await _batches(server.port)
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(_client(server.port, texts, started + seconds, seen))
        took = time.perf_counter() - started
        batches, rows = (now - then for now, then in zip(await _batches(server.port), before, strict=True))
        p50, p99 = _percentiles(seen.latencies)
        done = len(seen.latencies)
        mean = rows / max(1, batches)
        return Load(clients, took, done, done / took, p50, p99, seen.refused, seen.errors, mean)

    return asyncio.run(run())


async def _batches(port: int) -> tuple[float, float]:
    """How many batches, and rows in them, the server has run."""
    connection = await Connection.open(port)
    text = (await connection.get("/metrics")).decode()
    connection.close()
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
    return cuts[49], cuts[98]


def levels(options: argparse.Namespace, folder: Path) -> list[Load]:
    """Every number of clients against one server."""
    with serving(options, folder) as server:
        return [_told(load(server, clients, options.seconds)) for clients in options.clients]


def against(options: argparse.Namespace, folder: Path) -> dict[str, Load]:
    """32 clients: common batches, one sentence at a time, and two at a time but each by itself."""
    found = {}
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
    """The server's memory in MB after each tenth of ``options.requests``, made by 32 clients."""

    async def some(port: int, count: int) -> None:
        texts = itertools.islice(itertools.cycle(SENTENCES), count)

        async def client() -> None:
            connection = await Connection.open(port)
            for text in texts:
                status, _, _ = await connection.post(
                    "/translate", {"q": text, "source": "id", "target": "en"}
                )
                if status != 200:
                    raise SystemExit(f"an answer was {status}")
            connection.close()

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
    """Seconds from asking for an article as a stream to its first sentence, five times."""

    async def once(port: int) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        body = json.dumps({"text": ARTICLE}).encode()
        head = "POST /v1/translate HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        started = time.perf_counter()
        writer.write(head.encode() + body)
        await reader.readuntil(b"event: segment")
        writer.close()
        return time.perf_counter() - started

    with serving(options, folder) as server:
        seconds = []
        for _ in range(5):
            seconds.append(asyncio.run(once(server.port)))
            time.sleep(3)  # what ran for the one that hung up ends
    print(f"first sentence after {statistics.median(seconds):.2f} s (median of {len(seconds)})")
    return seconds


def main(argv: list[str] | None = None) -> int:
    """Prints what was measured, and writes it with ``--json``."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("load", "against", "memory", "first", "serve"))
    parser.add_argument("--model", default="gemma-3-270m", help="a preset, or marian")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--beam", type=int)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--parallel", type=int, default=2, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    if options.what == "serve":
        return serve(options)
    work = {"load": levels, "against": against, "memory": memory, "first": first}[options.what]
    with tempfile.TemporaryDirectory() as name:
        found = work(options, Path(name))
    if options.json:
        options.json.write_text(json.dumps(found, default=asdict, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
