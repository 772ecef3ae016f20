"""Stage 4: from snapshots to the adapter that ships.

    python -m eval.training.export --data OUT --run OUT --to adapter.safetensors [--dev FILE] [--rank 16]

compares the run's end, the mean of its snapshots, and mixtures of what the run started from and
its end, takes the best, if asked brings it to a lower rank (the best in the least-squares
sense), and writes bfloat16 with its SHA-256 on standard output.

They are compared on the held-out rows, or on a development set: a TSV file whose last two
columns are Indonesian and English. Where the start has learnt from these data before, the
held-out rows favour it, and only a development set is fair.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from eval.training.adapt import Task, held_loss, packed, prepared, shipped, task
from eval.training.data import Pair
from eval.training.gemma import Gemma
from eval.training.settings import settings

DEV_LINES = 300
MIXTURES = (0.3, 0.5, 0.7)
"""Shares of the run's end; the rest is its start."""

Adapter = Mapping[str, Tensor]


def updates(adapter: Adapter) -> dict[str, Tensor]:
    """The change of each weight matrix, before scaling, by projection."""
    names = [name.removesuffix(".lora_A") for name in adapter if name.endswith(".lora_A")]
    return {name: adapter[f"{name}.lora_B"] @ adapter[f"{name}.lora_A"] for name in names}


def factored(changes: Adapter, rank: int) -> dict[str, Tensor]:
    """The adapter of rank ``rank`` nearest to ``changes``, both sides of like size."""
    adapter = {}
    for name, change in changes.items():
        left, values, right = torch.linalg.svd(change, full_matrices=False)
        root = values[:rank].sqrt()
        adapter[f"{name}.lora_A"] = (root[:, None] * right[:rank]).contiguous()
        adapter[f"{name}.lora_B"] = (left[:, :rank] * root).contiguous()
    return adapter


def mean(adapters: Sequence[Adapter], rank: int) -> dict[str, Tensor]:
    """The mean of what the adapters do to the weights, which is not the mean of their sides."""
    all_changes = [updates(adapter) for adapter in adapters]
    changes = {n: torch.stack([c[n] for c in all_changes]).mean(0) for n in all_changes[0]}
    return factored(changes, rank)


def rounded(adapter: Adapter) -> bytes:
    """The adapter as the product reads it: bfloat16, keys in order, the same bytes every time."""
    from safetensors.torch import save

    return bytes(save({name: adapter[name].bfloat16().contiguous() for name in sorted(adapter)}))


def candidates(run: Path, rank: int) -> dict[str, dict[str, Tensor]]:
    """The run's end, and the mean of its snapshots and its end."""
    from safetensors.torch import load_file

    end = load_file(run / "final.safetensors")
    others = [load_file(path) for path in sorted(run.glob("snapshot-*.safetensors"))]
    found = {"end": end if len(next(iter(end.values()))) <= rank else factored(updates(end), rank)}
    if others:
        found[f"mean of {len(others) + 1}"] = mean([*others, end], rank)
    return found


def mixtures(start: Adapter, end: Adapter, rank: int) -> dict[str, dict[str, Tensor]]:
    """What lies between two adapters of any rank, in steps."""
    one, other = updates(start), updates(end)
    return {
        f"{share:.0%} of the end": factored({name: one[name].lerp(other[name], share) for name in one}, rank)
        for share in MIXTURES
    }


def development(path: Path, rank: int, scale: float, limit: int) -> tuple[Gemma, Task]:
    """The shipped model, and the first rows of a development set as what it is compared on."""
    model, spm, prompt = shipped(rank, scale, fused=False)
    lines = path.read_text("utf-8").splitlines()[:DEV_LINES]
    pairs = [Pair("development", "", *line.split("\t")[-2:]) for line in lines]
    work = task(pairs, pairs, spm, prompt, min(model.window, limit))
    model.use_pieces(work.pieces)
    return model, work


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--data", type=Path, help="folder that eval.training.data wrote")
    start.add_argument("--packed", type=Path, help="folder that eval.training.travel wrote, instead")
    parser.add_argument("--run", type=Path, required=True, help="folder that eval.training.adapt wrote")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rank", type=int, help="by default the run's")
    parser.add_argument("--dev", type=Path, help="development set to choose by, instead of the held-out rows")
    parser.add_argument("--settings", type=Path)
    options = parser.parse_args()
    config = settings(options.settings)["adapt"]
    rank = options.rank or config["rank"]
    if options.dev:
        model, work = development(options.dev, rank, config["scale"], config["batch_tokens"])
    elif options.packed:
        model, work = packed(options.packed, config, reverse=False, fused=False)
    else:
        model, work = prepared(options.data, config, fused=False)
    model.to(options.device)
    scored = {"start": held_loss(model, work.held, config["batch_tokens"])}
    began, found = model.adapter(), candidates(options.run, rank)
    found |= mixtures(began, found["end"], rank)
    for name, adapter in found.items():
        model.load_adapter(adapter)
        scored[name] = held_loss(model, work.held, config["batch_tokens"])
    for name, loss in scored.items():
        print(f"loss {loss:.4f} nats a token: {name}")
    best = min(found, key=lambda name: scored[name])
    if scored[best] >= scored["start"]:
        print("nothing is better than the start")
    data = rounded(found[best])
    options.to.write_bytes(data)
    print(f"{options.to}: {best}, rank {rank}, {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
