"""Documents: the same Marian packed for Argos Translate, served by LibreTranslate, and run by Warta.

``python -m eval.bench.documents [--articles 200] [--sentences 8] [--clients 1 16] [--layout 1x2 ...]
[--quick] [--peers FOLDER] [--json FILE]``. Source words a second over generated articles, no two
sentences alike: ``warta batch`` against Argos Translate in one process, ``warta serve`` against the
LibreTranslate server at so many clients, each with one article under way at ``POST /translate``.
Aims: 3 times Argos Translate, 5 times LibreTranslate at 16 clients.

The peers are installed into ``--peers``, in a virtual environment of their own, and found there the next
time; their settings are their defaults. What is made alike, and how:

- The checkpoint: random weights of opus-mt's shape that never end an answer, converted once, in int8.
  Argos Translate adds no end token to a source; its copy of the model's config has CTranslate2 add it.
- The length of answers: on every side :mod:`eval.bench.fixed_length` cuts each at ``--tokens`` and notes it.
  The table shows how many sentences a side decoded, and their shortest and longest answer.
- The beam, which is Argos Translate's 4, and the cores, ``--threads``. ``--layout 1x2`` is one batch at a
  time on two threads, which is the peers' default on two cores; ``2x1`` two batches on one thread each,
  which their users can set, and which is faster. Both are measured.
- The sentences: Argos Translate splits with a rule of spaCy, as the models of its own splitter are
  downloads. The articles are written so that both sides split them alike, and ``like ours`` is the
  part of Warta's sentences that the side decoded too. ``same`` is the part of those whose answers are
  equal, piece for piece: rounding in int8 depends on what shares a batch.

Warta runs with ``--no-repair``, as it would decode nonsense again, and ``--no-memory``; its guard is on. For
the same reason no sentence holds a name of its glossary, which is decoded again where it was not copied.
Loading and a first article are not in the figures but in ``start``, with the start of the process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from eval.bench.fixed_length import EOS, JOINT
from eval.bench.fresh_process import in_fresh_process
from eval.bench.marian import FULL, NAME, TINY, install
from eval.bench.serve import SENTENCES, connected
from service.text import segment
from service.translation.glossary import Glossary
from service.translation.terms import ArticleTerms

ROOT = Path(__file__).parents[2]
BEAM = 4
PARAGRAPH = 3
"""Sentences in a paragraph."""

_NUMBER = re.compile(r"(?<![\d.,])[1-9]\d*")
_SAYS = ("kata", "ujar", "tutur", "demikian keterangan", "menurut catatan", "sebut")
_WHO = ("Camat Bojong", "juru bicara dinas", "Bupati", "kepala desa", "para pedagang", "petugas posko")
_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")

Decoded = dict[str, str]
"""Source pieces -> target pieces."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side at one task. ``decoded`` counts sentences; ``shortest`` and ``longest`` are tokens.

    ``core_seconds`` are processor time: where other work shares the machine they compare better than
    ``seconds``. ``like_ours`` is None where there is nothing to compare with; ``wait`` is the median of an
    article.
    """

    task: str
    side: str
    layout: str
    clients: int
    words: int
    seconds: float
    core_seconds: float
    start: float
    wait: float = 0.0
    decoded: int = 0
    shortest: int = 0
    longest: int = 0
    like_ours: float | None = None
    same: float | None = None

    @property
    def speed(self) -> float:
        """Source words a second."""
        return self.words / self.seconds


# What all sides are given.


def templates() -> list[str]:
    """Return sentences that any splitter leaves whole, without their full stop."""
    parts = [
        part.text
        for path in sorted((ROOT / "examples").glob("*.txt"))
        for part in segment.split(path.read_text("utf-8")).segments
    ]
    # Without quotation marks, dashes and full stops inside, at which the splitters differ.
    whole = (text for text in parts if text.endswith(".") and not re.search(r'["–:]|\.\s', text))
    return [text.removesuffix(".") for text in (*whole, *SENTENCES)]


def articles(count: int, sentences: int, seed: int = 7) -> list[str]:
    """Return ``count`` articles of so many sentences, in paragraphs; no two sentences are alike."""
    chance, bodies, seen = random.Random(seed), templates(), set[str]()  # noqa: S311 - not for secrets
    terms = ArticleTerms(Glossary.load(), "")
    made = []
    for _ in range(count):
        texts: list[str] = []
        while len(texts) < sentences:
            body = _NUMBER.sub(lambda found: _other(found[0], chance), chance.choice(bodies))
            day = f"{chance.choice(_DAYS)} ({chance.randint(1, 28)}/{chance.randint(1, 12)})"
            text = f"{body}, {chance.choice(_SAYS)} {chance.choice(_WHO)} pada {day}."
            if text not in seen and terms.inject(text) == text:
                seen.add(text)
                texts.append(text)
        parts = (" ".join(texts[i : i + PARAGRAPH]) for i in range(0, sentences, PARAGRAPH))
        made.append("\n\n".join(parts))
    return made


def _other(number: str, chance: random.Random) -> str:
    """Return a number of as many digits."""
    return str(chance.randint(10 ** (len(number) - 1), 10 ** len(number) - 1))


def words(texts: Sequence[str]) -> int:
    """Return words of the source, by white space."""
    return sum(len(text.split()) for text in texts)


# The peers.


def environment(folder: Path) -> Path:
    """Return the peers' Python, installed into ``folder`` where it is not there yet."""
    python = folder / "venv" / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"installing the peers into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        wanted = ["libretranslate", "spacy"]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        (folder / "installed").touch()
    return python


def versions(python: Path) -> dict[str, str]:
    """Return the peers' releases, and CTranslate2's."""
    names = ["argos-translate-lt", "libretranslate", "ctranslate2", "spacy"]
    code = f"import importlib.metadata as m; print(*map(m.version, {names}))"
    made = subprocess.check_output([str(python), "-c", code], text=True)
    return dict(zip(names, made.split(), strict=True))


def package(home: Path, weights: Path, python: Path) -> dict[str, str]:
    """Lay the model out as Argos Translate has its packages; the environment that finds it.

    There is one for each direction, as LibreTranslate looks for downloads while there are fewer than two.
    """
    packages = home / "argos-translate" / "packages"
    for source, target in (("id", "en"), ("en", "id")):
        folder = packages / f"translate-{source}_{target}"
        shutil.copytree(weights, folder / "model")
        config = folder / "model" / "config.json"
        stated = json.loads(config.read_text("utf-8"))
        config.write_text(json.dumps({**stated, "add_source_eos": True}), "utf-8")
        shutil.copyfile(weights / "source.spm", folder / "sentencepiece.model")
        about = {"type": "translate", "package_version": "1.0", "argos_version": "1.9"}
        about |= {"from_code": source, "from_name": source, "to_code": target, "to_name": target}
        (folder / "metadata.json").write_text(json.dumps(about), "utf-8")
        blank = "import spacy, sys; spacy.blank('id').to_disk(sys.argv[1])"
        subprocess.run([str(python), "-c", blank, str(folder / "spacy")], check=True)
    # Without this file a multilingual model would be downloaded; the package's own is read.
    cached = home / "argos-translate" / "spacy" / "senter" / "model"
    cached.parent.mkdir(parents=True)
    cached.touch()
    names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    return {"ARGOS_CHUNK_TYPE": "SPACY", **dict.fromkeys(names, str(home))}


class Bench:
    """One checkpoint and its articles, and what runs on them."""

    def __init__(self, root: Path, options: argparse.Namespace) -> None:
        self.options = options
        self.root = root
        self.python = environment(options.peers)
        made = articles(options.articles + 1, options.sentences)
        self.first, self.articles = made[0], made[1:]
        weights = in_fresh_process(_install, root / "home", made, TINY if options.tiny else FULL)
        self._peers = package(root / "peers", weights, self.python)
        (root / "patch").mkdir()
        shutil.copyfile(Path(__file__).with_name("fixed_length.py"), root / "patch" / "sitecustomize.py")
        self._ours: Decoded = {}
        self._logs = 0

    def process_values(self, *, layout: str = "") -> tuple[dict[str, str], Path]:
        """Return the environment of a process, the peers' where a ``layout`` is given, and what it logs
        to.
        """
        self._logs += 1
        log = self.root / f"{self._logs}.log"
        log.touch()
        own = {"PYTHONPATH": str(self.root / "patch"), "FIXED_LENGTH_LOG": str(log)}
        own["FIXED_LENGTH_TOKENS"] = str(self.options.tokens)
        if layout:
            inter, intra = layout.split("x")
            own |= {**self._peers, "ARGOS_INTER_THREADS": inter, "ARGOS_INTRA_THREADS": intra}
        else:
            own["PYTHONPATH"] += os.pathsep + str(ROOT)
            own["WARTA_HOME"] = str(self.root / "home")
        return {**os.environ, "OMP_NUM_THREADS": str(self.options.threads), **own}, log

    def judged(self, row: Side, decoded: list[tuple[str, str]]) -> Side:
        """Return ``row`` with what was decoded, compared with the first that Warta decoded."""
        lengths = [len(made.split(JOINT)) for _, made in decoded]
        row = replace(row, decoded=len(decoded), shortest=min(lengths), longest=max(lengths))
        if not self._ours:
            self._ours = dict(decoded)
            return told(row)
        theirs, ours = dict(decoded), self._ours
        common = ours.keys() & theirs.keys()
        same = sum(ours[source] == theirs[source] for source in common) / max(1, len(common))
        return told(replace(row, like_ours=len(common) / len(ours), same=same))

    def batch(self) -> Side:
        """Measure ``warta batch``'s own code."""
        values, log = self.process_values()
        kept = os.environ.copy()
        os.environ.update(values)
        try:
            began = time.perf_counter()
            texts = [self.first, *self.articles]
            seconds, cores, skipped = in_fresh_process(_batch, self.root, texts, log, self.options.threads)
            start = time.perf_counter() - began - seconds
        finally:
            os.environ.clear()
            os.environ.update(kept)
        layout = f"{self.options.threads} threads"
        row = Side("batch", "warta batch", layout, 0, words(self.articles), seconds, cores, start)
        return self.judged(row, read(log, skipped))

    def argos(self, layout: str) -> Side:
        """Measure Argos Translate in one process, text after text."""
        values, log = self.process_values(layout=layout)
        source, target = self.root / "texts.json", self.root / "answers.json"
        source.write_text(json.dumps([self.first, *self.articles]), "utf-8")
        script = Path(__file__).with_name("argos.py")
        began = time.perf_counter()
        # -P: or modules beside the script would stand before the peers'.
        subprocess.run([self.python, "-P", script, source, target], env=values, check=True)
        whole = time.perf_counter() - began
        made = json.loads(target.read_text("utf-8"))
        seconds, cores, total = made["seconds"], made["core_seconds"], words(self.articles)
        row = Side("batch", "Argos Translate", layout, 0, total, seconds, cores, whole - seconds)
        decoded = read(log, 0)
        sentences = self.options.sentences * len(self.articles)
        # Without those of the first article, which warms up.
        return self.judged(row, decoded[-sentences:])

    def server(self, layout: str) -> list[Side]:
        """Return a server at every number of clients; Warta's without a ``layout``, else LibreTranslate's."""
        port, threads = free_port(), str(self.options.threads)
        if layout:
            command = [str(self.python.with_name("libretranslate")), "--port", str(port)]
            command += ["--host", "127.0.0.1", "--load-only", "id,en", "--disable-web-ui"]
        else:
            command = [sys.executable, "-m", "warta", "serve", "--port", str(port), "--model", NAME]
            command += ["--no-memory", "--beam", str(BEAM), "--threads", threads, "--no-repair"]
            command += ["--rate", "1000000", "--deadline", "600"]
        values, log = self.process_values(layout=layout)
        name = "LibreTranslate" if layout else "warta serve"
        rows = []
        began = time.perf_counter()
        with running(command, values, self.root, port) as pid:
            asyncio.run(_ask(port, [self.first], 1))
            start = time.perf_counter() - began
            for clients in self.options.clients:
                before, used = log.stat().st_size, core_seconds(pid)
                seconds, waits = asyncio.run(_ask(port, self.articles, clients))
                used = core_seconds(pid) - used
                total, wait = words(self.articles), statistics.median(waits)
                shown = layout or f"{threads} threads"
                row = Side("serve", name, shown, clients, total, seconds, used, start, wait)
                rows.append(self.judged(row, read(log, before)))
        return rows


def _install(home: Path, texts: Sequence[str], shape: dict[str, int]) -> Path:
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return install(home, texts, shape, endless=True)


def _batch(root: Path, texts: Sequence[str], log: Path, threads: int) -> tuple[float, float, int]:
    """Return seconds and processor time of a batch over all but the first text; what the log held before."""
    from service.batch.run import Job, run
    from service.pipeline import build_pipeline
    from service.settings import Settings

    inputs = []
    for name, some in (("first", texts[:1]), ("rest", texts[1:])):
        inputs.append(root / f"{name}.jsonl")
        lines = (json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(some))
        inputs[-1].write_text("".join(lines), "utf-8")
    settings = Settings(root / "home", NAME, threads=threads, beam_size=BEAM, repair=False)
    pipeline = build_pipeline(settings, lambda _: None)
    run(Job([inputs[0]], root / "warm.jsonl"), pipeline)
    before = log.stat().st_size
    began, used = time.perf_counter(), time.process_time()
    run(Job([inputs[1]], root / "out.jsonl"), pipeline)
    return time.perf_counter() - began, time.process_time() - used, before


def read(log: Path, offset: int) -> list[tuple[str, str]]:
    """Return what was decoded since the log had ``offset`` bytes: source pieces and answer."""
    with log.open(encoding="utf-8") as file:
        file.seek(offset)
        rows = [row for line in file for row in json.loads(line)]
    # Warta puts the end token there itself.
    return [(source.removesuffix(JOINT + EOS), made) for source, made in rows]


# The clients.


def free_port() -> int:
    """Return a port of loopback that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], values: dict[str, str], folder: Path, port: int) -> Iterator[int]:
    """Yield a server's process id, once it takes connections; in a folder of its own, for what it
    leaves there.
    """
    place = folder / f"server{port}"
    place.mkdir()
    with (
        (place / "log").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, env=values, cwd=place, stdout=log, stderr=log) as process,
    ):
        try:
            for _ in range(1200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if process.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                process.kill()
            if process.poll() is not None:
                raise SystemExit(
                    f"{command[0]} did not start:\n" + (place / "log").read_text("utf-8")[-2000:]
                )
            yield process.pid
        finally:
            process.terminate()


def core_seconds(pid: int) -> float:
    """Return the processor time that a process has used; on Linux."""
    # The name, in brackets, may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    # Fields 14 and 15 of the file: time in the program and in the system.
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _ask(port: int, texts: Sequence[str], clients: int) -> tuple[float, list[float]]:
    """Return seconds that the clients took for all texts, and what each text took."""
    waiting, waits = iter(texts), list[float]()

    async def client() -> None:
        async with connected(port) as session:
            for text in waiting:
                began = time.perf_counter()
                fields = {"q": text, "source": "id", "target": "en", "format": "text"}
                answer = await session.post("/translate", json=fields)
                if answer.status_code != 200:
                    raise SystemExit(f"an answer was {answer.status_code}: {answer.text[:200]!r}")
                waits.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return time.perf_counter() - began, waits


# The table.


def told(row: Side) -> Side:
    """Print a line."""
    name = row.side + (f", {row.clients} clients" if row.clients else "")
    parts = [f"{name:27} {row.layout:9} {row.speed:7.1f} words/s {row.seconds:6.1f} s"]
    parts.append(f"{row.words / row.core_seconds:.1f} words/core-s")
    parts.append(f"start {row.start:4.1f} s, {row.decoded} sentences of {row.shortest}-{row.longest} tokens")
    if row.wait:
        parts.append(f"median wait {row.wait:.2f} s")
    if row.like_ours is not None:
        parts.append(f"like ours {row.like_ours:.1%}, same {row.same:.1%}")
    print(", ".join(parts), flush=True)
    return row


def ratios(rows: Sequence[Side]) -> dict[str, float]:
    """Return our speed over each peer's, for each task and number of clients."""
    found = {}
    for row in rows:
        peers = [r for r in rows if (r.task, r.clients) == (row.task, row.clients) and r.side != row.side]
        if row.side.startswith("warta"):
            for peer in peers:
                name = f"{row.side} / {peer.side} {peer.layout}"
                found[name + (f", {row.clients} clients" if row.clients else "")] = row.speed / peer.speed
    return found


def main(argv: list[str] | None = None) -> int:
    """Print the table and the ratios; ``--json`` also writes them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--sentences", type=int, default=8, help="in each article")
    parser.add_argument("--tokens", type=int, default=30, help="in each answer")
    parser.add_argument("--clients", type=int, nargs="+", default=(1, 16))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--layout", nargs="+", help="batches at once x threads, of the peers; both ways by default"
    )
    parser.add_argument("--tiny", action="store_true", help="a tiny model, to try the bench itself")
    parser.add_argument("--quick", action="store_true", help="20 articles of 4 sentences")
    cache = Path(tempfile.gettempdir()) / "warta-bench-peers"
    parser.add_argument("--peers", type=Path, default=cache, help="where they are installed")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args(argv)
    if options.quick:
        options.articles, options.sentences = 20, 4
    options.peers = options.peers.absolute()
    options.layout = options.layout or [f"1x{options.threads}", f"{options.threads}x1"]
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), options)
        rows = [bench.batch(), *(bench.argos(layout) for layout in options.layout)]
        for layout in ("", *options.layout):
            rows += bench.server(layout)
    found = ratios(rows)
    for what, ratio in found.items():
        print(f"{what}: {ratio:.2f}")
    if options.json:
        about = {"articles": options.articles, "sentences": options.sentences, "tokens": options.tokens}
        about |= {"threads": options.threads, "beam": BEAM}
        made: dict[str, object] = {**about, "versions": versions(bench.python), "ratios": found}
        made["rows"] = [{**asdict(row), "words_a_second": row.speed} for row in rows]
        options.json.write_text(json.dumps(made, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
