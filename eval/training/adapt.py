"""Stage 2: train the adapter further, by the clock or by steps.

    python -m eval.training.adapt --data OUT --out OUT --until 20:10        # or --steps N

reads ``OUT/train.tsv`` and ``held.tsv``; starts from the adapter that ships, or goes on from
``OUT/state.pt`` if a run was interrupted; writes ``OUT/curve.tsv`` (step, minutes, pairs, rate,
loss) as it goes and ``OUT/snapshot-N.safetensors`` near the end. ``eval.training.export`` follows.

Set before starting it, or it takes eleven times as long on small machines (README):
GLIBC_TUNABLES, MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_, MALLOC_TOP_PAD_.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from eval.training.data import Pair, read_pairs
from eval.training.gemma import Gemma, target_losses
from eval.training.rows import PRESET, TrainingRow, encode, tokenizer
from eval.training.settings import settings
from service import presets
from service.models.gemma import build as embedded
from service.models.gemma.gguf import GgufFile
from service.runtime.parent import end_with_parent

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

STATE, CURVE, BOARD = "state.pt", "curve.tsv", "board"
PATIENCE = 3600
"""Seconds that a process waits for the others at a step."""
STRETCH = 1024
"""Rows among which those of like length are looked for."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a run trains on: rows of small ids, and the pieces that the small ids stand for."""

    rows: list[TrainingRow]
    held: list[TrainingRow]
    pieces: list[int]


def task(
    train: Sequence[Pair], held: Sequence[Pair], spm: SentencePieceProcessor, prompt: str, limit: int
) -> Task:
    """Encode both, and renumber the pieces to those that occur, most frequent or not."""
    # A row beyond the limit is left out, not cut: half a translation teaches stopping early.
    rows = [[r for p in part if len((r := encode(p, spm, prompt)).ids) <= limit] for part in (train, held)]
    # The output layer is cut to the pieces that occur, which is most of the work of a step.
    pieces = sorted({i for part in rows for row in part for i in row.ids})
    small = {piece: place for place, piece in enumerate(pieces)}
    cut = [[TrainingRow([small[i] for i in row.ids], row.start) for row in part] for part in rows]
    return Task(cut[0], cut[1], pieces)


def batches(
    rows: Sequence[TrainingRow], tokens: int, seed: int, *, ordered: bool = False
) -> list[list[TrainingRow]]:
    """Return all rows once; rows of like length together, at most ``tokens`` with padding.

    Shuffled, or, if ``ordered``, shuffled only within each :data:`STRETCH` of rows.
    """
    dice = random.Random(seed)  # noqa: S311 - an order, not a secret
    order = list(range(len(rows))) if ordered else dice.sample(range(len(rows)), len(rows))
    made: list[list[TrainingRow]] = []
    for at in range(0, len(order), STRETCH):
        stretch: list[list[TrainingRow]] = []
        batch: list[TrainingRow] = []
        # By length within a stretch only, so that the order of the whole stays that of a shuffle.
        for row in sorted((rows[i] for i in order[at : at + STRETCH]), key=lambda r: len(r.ids)):
            if batch and (len(batch) + 1) * len(row.ids) > tokens:
                stretch.append(batch)
                batch = []
            batch.append(row)
        stretch.append(batch)
        dice.shuffle(stretch)
        made += stretch
    if not ordered:
        dice.shuffle(made)
    return made


def padded(batch: Sequence[TrainingRow]) -> tuple[Tensor, Tensor]:
    """Return token ids and labels (rows, length - 1), labels -100 where no loss is."""
    width = max(len(row.ids) for row in batch)
    tokens = torch.zeros(len(batch), width, dtype=torch.long)
    labels = torch.full((len(batch), width), -100)
    for n, row in enumerate(batch):
        tokens[n, : len(row.ids)] = torch.tensor(row.ids)
        labels[n, row.start : len(row.ids)] = torch.tensor(row.ids[row.start :])
    # Each token is to predict the next; -100 is what torch leaves out of a loss.
    return tokens[:, :-1], labels[:, 1:]


def losses(model: Gemma, batch: Sequence[TrainingRow]) -> tuple[Tensor, Tensor]:
    """Return the summed loss of each row in nats, and each row's number of target tokens."""
    tokens, labels = (side.to(model.embedding.device) for side in padded(batch))
    wanted = labels != -100
    # Only the places that have a target meet the vocabulary.
    each = target_losses(model(tokens)[wanted], model.embedding, labels[wanted])
    owner = wanted.nonzero()[:, 0]
    # Summed up by the row that each token is of.
    return each.new_zeros(len(batch)).index_add(0, owner, each), wanted.sum(1)


@torch.no_grad()
def held_loss(model: Gemma, rows: Sequence[TrainingRow], tokens: int) -> float:
    """Return mean loss in nats a target token."""
    sums = [losses(model, batch) for batch in batches(rows, tokens, 0)]
    return float(sum(s.sum() for s, _ in sums) / sum(c.sum() for _, c in sums))


class Paced(Protocol):
    """What goes on from step to step."""

    step: int
    progress: float


@dataclass(frozen=True, slots=True)
class Team:
    """Processes that share the rows of every step and take it together, each with its own model.

    On a machine with other work this is faster than threads in one process: those wait for one
    another after every operation, whoever is held up, and these once a step. ``board`` (members,
    numbers) is memory that all share; all add up its rows in the same order, so that their models
    stay equal to the bit.
    """

    member: int = 0
    count: int = 1
    board: Tensor | None = None
    gate: Any = None

    def share(self, batch: Sequence[TrainingRow]) -> Sequence[TrainingRow]:
        return batch[self.member :: self.count]

    def total(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Add up over all members, in place; return the first two, the loss and its tokens."""
        if self.board is not None:
            with torch.no_grad():
                # Each member writes its own row of the board; after the gate all add up the same numbers.
                torch.cat([v.detach().flatten() for v in values], out=self.board[self.member])
                self.gate.wait(PATIENCE)
                whole = self.board.sum(0)
                self.gate.wait(PATIENCE)  # nobody writes the next step's before all have read
                for value, part in zip(values, torch.split(whole, [v.numel() for v in values]), strict=True):
                    value.detach().copy_(part.view_as(value))
        return [v.detach() for v in values[:2]]

    def agreed(self, value: float) -> float:
        """Return the first member's value: clocks differ, and the rate follows from them."""
        if self.board is None:
            return value
        if self.member == 0:
            self.board[0, 0] = value
        self.gate.wait(PATIENCE)
        agreed = float(self.board[0, 0])
        self.gate.wait(PATIENCE)
        return agreed


class Run:
    """A training run: model, optimiser, how far it is, and how to keep all that in a file.

    ``progress`` is 0 at the start and 1 at the end; the rate rises over the first ``warm_up``
    of it and falls linearly to zero. What is trained on next follows from seed and step alone.
    """

    def __init__(self, model: Gemma, work: Task, config: Mapping[str, Any], team: Team | None = None) -> None:
        self.model, self.work, self.config = model, work, config
        self.team = team or Team()
        # The rate is set at each step, by ``rate``.
        self.optimiser = torch.optim.AdamW(
            model.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.0, fused=True
        )
        self.step = self.pairs = 0
        self.progress = self.seconds = 0.0

    def upcoming(self) -> Iterator[list[TrainingRow]]:
        """Yield the batches from the present step on, epoch after epoch; the first in the order of the
        rows.
        """
        past, tokens, seed = 0, self.config["batch_tokens"], self.config["seed"]
        for epoch in range(self.config["epochs"]):
            for batch in batches(self.work.rows, tokens, seed + epoch, ordered=not epoch):
                past += 1
                # Gone over again, not kept in the state: the order follows from the seed.
                if past > self.step:
                    yield batch

    def rate(self) -> float:
        warm = self.config["warm_up"]
        share = min(self.progress / warm if warm else 1.0, (1 - self.progress) / (1 - warm), 1.0)
        return float(self.config["peak_rate"] * max(share, 0.0))

    def learn(self, batch: Sequence[TrainingRow]) -> float:
        """Take one step on ``batch``; return its mean loss in nats a token, rows taken for noise
        left out.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        # Sums over all members, divided once: every token weighs alike, whoever had it.
        loss, tokens = (float(sum_) for sum_ in self.team.total(self._gradients(self.team.share(batch))))
        if tokens:
            for side in self.model.parameters():
                side.grad = side.grad / tokens if side.grad is not None else None
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config["clip"])
            self.optimiser.step()
            # The forward pass uses the merged weights, which are of the step before until now.
            self.model.merge()
        self.step += 1
        self.pairs += len(batch)
        return loss / tokens if tokens else float("nan")

    def _gradients(self, rows: Sequence[TrainingRow]) -> list[Tensor]:
        """Return summed loss and number of the target tokens of ``rows`` that teach; then the loss's
        gradients.
        """
        for side in self.model.parameters():
            # Of a member without a row too, as its part of the board is read in any case.
            side.grad = torch.zeros_like(side)
        found = [torch.zeros(()), torch.zeros(())]
        if rows:
            sums, counts = losses(self.model, rows)
            # Rows that are this improbable are taken for wrong translations.
            good = (sums / counts).detach() < self.config["noise"]
            found = [sums[good].sum(), counts[good].sum().float()]
            found[0].backward()  # type: ignore[no-untyped-call]
        return [*found, *(side.grad for side in self.model.parameters() if side.grad is not None)]

    def save(self, path: Path) -> None:
        """Replace ``path`` with the whole state, in one move."""
        state = {
            "adapter": self.model.adapter(),
            "optimiser": self.optimiser.state_dict(),
            **{name: getattr(self, name) for name in ("step", "pairs", "progress", "seconds")},
        }
        # Beside it first: a run that is killed has the old state or the new one, whole.
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.model.load_adapter(state["adapter"])
        self.optimiser.load_state_dict(state["optimiser"])
        for name in ("step", "pairs", "progress", "seconds"):
            setattr(self, name, state[name])


def clock(run: Paced, seconds: float, now: Callable[[], float] = time.monotonic) -> Callable[[], float]:
    """Return progress by time: from where ``run`` stands to 1 in ``seconds`` from now, stopped or not."""
    start, done = now(), run.progress
    return lambda: min(1.0, done + (1 - done) * (now() - start) / seconds)


def counter(run: Paced, steps: int) -> Callable[[], float]:
    """Return progress by steps: repeatable."""
    return lambda: min(1.0, run.step / steps)


def train(run: Run, out: Path, progress: Callable[[], float]) -> list[Path]:
    """Learn until ``progress`` says 1 or the epochs are over; return the snapshots' files.

    The first of a team writes; the others only learn.
    """
    began, before = time.monotonic(), run.seconds
    saved = began
    for batch in run.upcoming():
        run.progress = run.team.agreed(progress())
        if run.progress >= 1:
            break
        rate, loss = run.rate(), run.learn(batch)
        run.seconds = before + time.monotonic() - began
        if run.team.member == 0:
            _note(run, out, rate, loss)
            if time.monotonic() - saved > 60 * run.config["checkpoint_minutes"]:
                run.save(out / STATE)
                saved = time.monotonic()
    run.progress = run.team.agreed(progress())
    if run.team.member == 0:
        run.save(out / STATE)
        _keep(run, out / "final.safetensors")
    return sorted(out.glob("snapshot-*.safetensors"))


def _note(run: Run, out: Path, rate: float, loss: float) -> None:
    """Add a line to the curve, and take a snapshot when one is due."""
    columns = (run.step, f"{run.seconds / 60:.2f}", run.pairs, f"{rate:.2e}", f"{loss:.4f}")
    with (out / CURVE).open("a", encoding="utf-8") as curve:
        print(*columns, sep="\t", file=curve)
    since = run.config["snapshots_from"]
    # From 0 to 1 over the part of the run in which snapshots are taken.
    late = (run.progress - since) / (1 - since)
    snapshot = out / f"snapshot-{int(late * run.config['snapshots']) + 1}.safetensors"
    if late >= 0 and not snapshot.exists():
        _keep(run, snapshot)


def _keep(run: Run, path: Path) -> None:
    from safetensors.torch import save_file

    save_file(run.model.adapter(), path)


def shipped(rank: int, scale: float, *, fused: bool = True) -> tuple[Gemma, Any, str]:
    """Return the embedded model with the adapter that ships, its tokenizer, and its prompt."""
    preset = presets.get(PRESET)
    gguf = GgufFile(embedded.weights(preset))
    model = Gemma(gguf, rank, scale, fused=fused)
    model.load_adapter(shipped_adapter())
    return model, tokenizer(gguf), preset.prompt


def shipped_adapter() -> dict[str, Tensor]:
    """Return the adapter that ships, in float32."""
    from safetensors.torch import load

    path = files("service.models") / "data" / "gemma-3-270m-id-en" / "adapter.safetensors"
    return {name: side.float() for name, side in load(path.read_bytes()).items()}


def prepared(data: Path, config: Mapping[str, Any], *, fused: bool = True) -> tuple[Gemma, Task]:
    """Return the shipped model, its layers cut to the pieces of the rows that :mod:`eval.training.data`
    wrote.
    """
    model, spm, prompt = shipped(config["rank"], config["scale"], fused=fused)
    train_pairs, held_pairs = (read_pairs(data / f"{name}.tsv") for name in ("train", "held"))
    work = task(train_pairs, held_pairs, spm, prompt, min(model.window, config["batch_tokens"]))
    model.use_pieces(work.pieces)
    return model, work


def packed(
    folder: Path, config: Mapping[str, Any], *, reverse: bool, fused: bool = True
) -> tuple[Gemma, Task]:
    """Return the same from the files of :mod:`eval.training.travel`; ``reverse`` is English to Indonesian."""
    from eval.training.travel import PackedCorpus

    corpus, end = PackedCorpus(folder), "-reverse" if reverse else ""
    model = corpus.model(config["rank"], config["scale"], fused=fused)
    limit = min(model.window, config["batch_tokens"])
    rows = [[r for r in corpus.rows(name + end) if len(r.ids) <= limit] for name in ("train", "held")]
    return model, Task(rows[0], rows[1], list(range(len(corpus.pieces))))


def seconds_until(moment: str) -> float:
    """Return the seconds from now to the next ``HH:MM``. Raises ValueError for anything else."""
    now = datetime.now().astimezone()
    wanted = datetime.strptime(moment, "%H:%M").time()  # noqa: DTZ007 - a time of day, local as the clock is
    at = now.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return ((at if at > now else at + timedelta(days=1)) - now).total_seconds()


def take_part(member: int, options: argparse.Namespace, gate: Any) -> None:
    """Do the work of one process: all of it, or a share of every step."""
    from safetensors.torch import load_file

    config = settings(options.settings)["adapt"]
    torch.manual_seed(config["seed"])
    torch.set_num_threads(max(1, options.threads // options.processes))
    if options.packed:
        model, work = packed(options.packed, config, reverse=options.reverse)
    else:
        model, work = prepared(options.data, config)
    if options.start:
        model.load_adapter(load_file(options.start))
    model.to(options.device)
    run = Run(model, work, config, join(member, options.processes, model, options.out / BOARD, gate))
    if (options.out / STATE).exists():
        run.load(options.out / STATE)
    if member == 0:
        print(f"{len(work.rows)} pairs, {len(work.pieces)} pieces, from step {run.step}", flush=True)
    steady = counter(run, options.steps) if options.steps else clock(run, seconds_until(options.until))
    train(run, options.out, steady)
    if member == 0:
        print(f"held-out loss {held_loss(model, work.held, config['batch_tokens']):.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--data", type=Path, help="folder that eval.training.data wrote")
    start.add_argument("--packed", type=Path, help="folder that eval.training.travel wrote, instead")
    parser.add_argument("--reverse", action="store_true", help="English to Indonesian; with --packed")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--start", type=Path, help="adapter to start from, instead of the one that ships")
    parser.add_argument("--out", type=Path, required=True)
    end = parser.add_mutually_exclusive_group(required=True)
    end.add_argument("--until", help="HH:MM at which the rate reaches zero")
    end.add_argument("--steps", type=int, help="number of steps instead")
    parser.add_argument("--threads", type=int, default=2, help="of all processes together")
    parser.add_argument("--processes", type=int, default=1, help="that share every step, on the CPU")
    parser.add_argument("--settings", type=Path)
    options = parser.parse_args()
    if options.processes < 1 or (options.processes > 1 and options.device != "cpu"):
        parser.error("--processes is for the CPU, and at least 1")
    options.out.mkdir(parents=True, exist_ok=True)
    if options.processes == 1:
        take_part(0, options, None)
    else:
        side_by_side(options.processes, take_part, options)
        (options.out / BOARD).unlink()


def join(member: int, count: int, model: Gemma, board: Path, gate: object) -> Team:
    """Return the team of ``count`` processes, which meet at ``gate`` and share the memory of the file
    ``board``.
    """
    if count == 1:
        return Team()
    # The loss, its tokens, and all gradients.
    numbers = 2 + sum(side.numel() for side in model.parameters())
    # A file mapped into the memory of every process.
    shared = torch.from_file(str(board), shared=True, size=count * numbers, dtype=torch.float32)
    return Team(member, count, shared.view(count, numbers), gate)


def side_by_side(count: int, work: Callable[..., None], options: object) -> None:
    """Run ``work(member, options, gate)`` in ``count`` processes; return when all have ended.

    If one fails, the others are stopped and its error is raised. If this process ends, so do they: a run
    that went on unseen would write over the one that is started in its place.
    """
    from torch.multiprocessing.spawn import spawn

    gate = multiprocessing.get_context("spawn").Barrier(count)
    spawn(_led, (work, options, gate), nprocs=count)  # type: ignore[no-untyped-call]


def _led(member: int, work: Callable[..., None], options: object, gate: object) -> None:
    end_with_parent()
    work(member, options, gate)


if __name__ == "__main__":
    main()
