"""Stage 4: from snapshots to the adapter that ships.

    python -m eval.training.export --data OUT --run OUT --to adapter.safetensors [--rank 16]
    python -m eval.training.export --run OUT --to adapter.safetensors --dev FILE --dev FILE [--mix ADAPTER]

compares the run's end, the mean of its snapshots, and mixtures of what the run started from (and
of other adapters) with its best so far, takes the best, if asked brings it to a lower rank (the
best in the least-squares sense), and writes bfloat16 with its SHA-256 on standard output.

They are compared by their loss on the held-out rows, or, better, by what they translate: BLEU
and chrF2 on development sets (TSV files whose last two columns are Indonesian and English),
through the engine and with the search that ship. The loss misleads where the style of the
text that was learnt differs from that of the development set: it rose while BLEU rose.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from eval.training.adapt import held_loss, packed, prepared, shipped_adapter
from eval.training.rows import PRESET
from eval.training.settings import settings
from service import presets
from service.models.gemma import build as embedded
from service.models.store import Store
from service.presets import Preset

DEV_LINES = 100
SHARES = (0.5, 0.75)
"""How much of the run is in its mixtures with other adapters."""

Adapter = Mapping[str, Tensor]


def updates(adapter: Adapter) -> dict[str, Tensor]:
    """Return the change of each weight matrix, before scaling, by projection."""
    names = [name.removesuffix(".lora_A") for name in adapter if name.endswith(".lora_A")]
    # (out, rank) @ (rank, in)
    return {name: adapter[f"{name}.lora_B"] @ adapter[f"{name}.lora_A"] for name in names}


def factored(changes: Adapter, rank: int) -> dict[str, Tensor]:
    """Return the adapter of rank ``rank`` nearest to ``changes``, both sides of like size."""
    adapter = {}
    for name, change in changes.items():
        # The best of its rank in the least-squares sense (Eckart and Young).
        left, values, right = torch.linalg.svd(change, full_matrices=False)
        # The root of the values on both sides, so that neither is much larger than the other.
        root = values[:rank].sqrt()
        adapter[f"{name}.lora_A"] = (root[:, None] * right[:rank]).contiguous()
        adapter[f"{name}.lora_B"] = (left[:, :rank] * root).contiguous()
    return adapter


def mean(adapters: Sequence[Adapter], rank: int) -> dict[str, Tensor]:
    """Return the mean of what the adapters do to the weights, which is not the mean of their sides."""
    # Of the products: two adapters may have the same effect with other sides.
    all_changes = [updates(adapter) for adapter in adapters]
    changes = {n: torch.stack([c[n] for c in all_changes]).mean(0) for n in all_changes[0]}
    return factored(changes, rank)


def rounded(adapter: Adapter) -> bytes:
    """Return the adapter as the product reads it: bfloat16, keys in order, the same bytes every time."""
    from safetensors.torch import save

    # Sorted, as safetensors writes in the order that it is given, and the digest is to depend on the weights
    # alone.
    return bytes(save({name: adapter[name].bfloat16().contiguous() for name in sorted(adapter)}))


def candidates(run: Path, rank: int) -> dict[str, dict[str, Tensor]]:
    """Return the run's end, and the mean of its snapshots and its end."""
    from safetensors.torch import load_file

    end = load_file(run / "final.safetensors")
    others = [load_file(path) for path in sorted(run.glob("snapshot-*.safetensors"))]
    # The first tensor in any file is a lora_A, of shape (rank, in).
    found = {"end": end if len(next(iter(end.values()))) <= rank else factored(updates(end), rank)}
    if others:
        found[f"mean of {len(others) + 1}"] = mean([*others, end], rank)
    return found


def mixtures(
    start: Adapter, end: Adapter, rank: int, shares: Sequence[float] = SHARES
) -> dict[str, dict[str, Tensor]]:
    """Return what lies between two adapters of any rank, in steps."""
    one, other = updates(start), updates(end)
    return {
        f"{share:.0%}": factored({name: one[name].lerp(other[name], share) for name in one}, rank)
        for share in shares
    }


@dataclass(frozen=True, slots=True)
class Development:
    """A development set: lines to translate, and how they should read."""

    name: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]


def development(path: Path, lines: int = DEV_LINES) -> Development:
    """Return the first lines of a TSV file whose last two columns are Indonesian and English."""
    rows = [line.split("\t")[-2:] for line in path.read_text("utf-8").split("\n") if line][:lines]
    return Development(path.stem, tuple(row[0] for row in rows), tuple(row[1] for row in rows))


def translated(
    adapter: Adapter, preset: Preset, sources: Sequence[str], threads: int | None = None
) -> list[str]:
    """Return what the product's engine says with ``adapter``: int8, the cut vocabulary, the preset's
    search.
    """
    from service.engines.causal import CausalEngine

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "models")
        embedded.prepare(store, preset, lambda _: None, rounded(adapter))
        engine = CausalEngine(store.folder(preset), preset, threads=threads)
        return [output.text for output in engine.generate(list(sources), preset.decoding)]


def marks(adapter: Adapter, preset: Preset, sets: Sequence[Development]) -> list[tuple[float, float]]:
    """Return BLEU and chrF2 on each set, all translated by one engine."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    answers = iter(translated(adapter, preset, [source for d in sets for source in d.sources]))
    found = []
    for d in sets:
        own = [next(answers) for _ in d.sources]
        scores = [metric.corpus_score(own, [list(d.targets)]).score for metric in (BLEU(), CHRF())]
        found.append((scores[0], scores[1]))
    return found


class Choice:
    """Candidates in the order they were tried, each with its score: the higher, the better."""

    def __init__(self, judge: Callable[[Adapter], tuple[float, str]]) -> None:
        self._judge = judge
        self.scored: dict[str, tuple[float, dict[str, Tensor]]] = {}

    def weigh(self, found: Mapping[str, dict[str, Tensor]]) -> None:
        for name, adapter in found.items():
            score, words = self._judge(adapter)
            self.scored[name] = score, adapter
            print(f"{words}: {name}", flush=True)

    @property
    def best(self) -> str:
        return max(self.scored, key=lambda name: self.scored[name][0])


def by_translation(preset: Preset, sets: Sequence[Development]) -> Callable[[Adapter], tuple[float, str]]:
    """Judge by the mean of BLEU and chrF2 over ``sets``."""

    def judge(adapter: Adapter) -> tuple[float, str]:
        found = marks(adapter, preset, sets)
        score = sum(bleu + chrf for bleu, chrf in found) / (2 * len(found))
        rows = ", ".join(
            f"{d.name} {bleu:.1f} {chrf:.1f}" for d, (bleu, chrf) in zip(sets, found, strict=True)
        )
        return score, f"mean {score:.2f} ({rows})"

    return judge


def by_loss(options: argparse.Namespace, config: Mapping[str, Any]) -> Callable[[Adapter], tuple[float, str]]:
    """Judge by the loss on the rows that the data stage held out."""
    if options.packed:
        model, work = packed(options.packed, config, reverse=False, fused=False)
    else:
        model, work = prepared(options.data, config, fused=False)
    model.to(options.device)

    def judge(adapter: Adapter) -> tuple[float, str]:
        model.load_adapter(adapter)
        loss = held_loss(model, work.held, config["batch_tokens"])
        # Turned round, for the higher is the better.
        return -loss, f"loss {loss:.4f} nats a token"

    return judge


def chosen(options: argparse.Namespace, config: Mapping[str, Any], choice: Choice) -> dict[str, Tensor]:
    """Try the candidates one stage after the other: the run's own, then mixtures with its best."""
    rank = options.rank or config["rank"]
    begun = options.start or (options.packed and options.packed / "adapter.safetensors")
    start = adapter_of(begun) if begun else shipped_adapter()
    choice.weigh({"start": start})
    choice.weigh(candidates(options.run, rank))
    # Mixtures are made with the run's own best, even where the start is better still: between the two there
    # may be something better than both.
    own = max((name for name in choice.scored if name != "start"), key=lambda name: choice.scored[name][0])
    for name, other in {"start": start, **{path.stem: adapter_of(path) for path in options.mix}}.items():
        mixed = mixtures(other, choice.scored[own][1], rank, options.share or SHARES)
        choice.weigh({f"{share} {own}, the rest {name}": adapter for share, adapter in mixed.items()})
    if choice.best == "start":
        print("nothing is better than the start")
    best = choice.scored[choice.best][1]
    return best if len(next(iter(best.values()))) <= rank else factored(updates(best), rank)


def adapter_of(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return {name: side.float() for name, side in load_file(path).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    judged = parser.add_mutually_exclusive_group(required=True)
    judged.add_argument(
        "--data", type=Path, help="folder that eval.training.data wrote: choose by the loss on its rows"
    )
    judged.add_argument("--packed", type=Path, help="folder that eval.training.travel wrote, instead")
    judged.add_argument(
        "--dev", type=Path, action="append", help="development set to choose by; again for more"
    )
    parser.add_argument("--lines", type=int, default=DEV_LINES, help="so many lines of each")
    parser.add_argument("--run", type=Path, required=True, help="folder that eval.training.adapt wrote")
    parser.add_argument("--start", type=Path, help="what the run started from, if not the adapter that ships")
    parser.add_argument("--mix", type=Path, action="append", default=[], help="another adapter to mix with")
    parser.add_argument(
        "--share", type=float, action="append", help="share of the run in mixtures; again for more"
    )
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rank", type=int, help="by default the run's")
    parser.add_argument("--settings", type=Path)
    options = parser.parse_args()
    config = settings(options.settings)["adapt"]
    if options.dev:
        sets = [development(path, options.lines) for path in options.dev]
        choice = Choice(by_translation(presets.get(PRESET), sets))
    else:
        choice = Choice(by_loss(options, config))
    adapter = chosen(options, config, choice)
    data = rounded(adapter)
    options.to.write_bytes(data)
    rank = len(next(iter(adapter.values())))
    digest = hashlib.sha256(data).hexdigest()
    print(f"{options.to}: {choice.best}, rank {rank}, {len(data)} bytes, SHA-256 {digest}")


if __name__ == "__main__":
    main()
