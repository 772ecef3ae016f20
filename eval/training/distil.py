"""Stage 3: a small MarianMT student of the adapted model; meant for a GPU, rehearsed on a CPU.

    python -m eval.training.distil teach   --packed DIR --adapter FILE --out OUT/forward.tsv [--reverse]
    python -m eval.training.distil student --pairs FILE … --out OUT --until HH:MM     # or --steps N
    python -m eval.training.distil convert --student OUT/student --to FOLDER

``teach`` answers the packed texts (Indonesian ones, or with ``--reverse`` English ones, whose
answers are the source side) and keeps the pairs that pass the filters of ``eval.training.data``;
``student`` learns one joint vocabulary and the model, going on from ``OUT/state.pt``;
``convert`` makes the int8 folder that Warta loads, at home, where CTranslate2 is.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from eval.training.adapt import seconds_until
from eval.training.data import Pair, digits_agree, ends_agree, is_text, languages_fit, length_fits, read_pairs
from eval.training.rows import TrainingRow
from eval.training.settings import settings
from eval.training.travel import PackedCorpus

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

TEACHER = "distilled"
EOS, UNK, PAD = "</s>", "<unk>", "<pad>"
Encoded = tuple[list[int], list[int]]


def answers(
    model: Any, rows: Sequence[TrainingRow], end: int, batch: int
) -> Iterator[tuple[TrainingRow, list[int]]]:
    """Yield each prompt with its greedy answer, without the line break that ends it; longest prompts
    first.
    """
    device = model.device
    order = sorted(rows, key=lambda row: -len(row.ids))
    for at in range(0, len(order), batch):
        part = order[at : at + batch]
        width = len(part[0].ids)
        # Padded on the left, so that all answers begin in one column.
        tokens = torch.tensor([[end] * (width - len(r.ids)) + r.ids for r in part], device=device)
        mask = torch.tensor([[0] * (width - len(r.ids)) + [1] * len(r.ids) for r in part], device=device)
        with torch.inference_mode():
            made = model.generate(
                tokens,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=16 + int(1.5 * width),
                max_length=None,
                eos_token_id=end,
                pad_token_id=end,
            )
        for row, ids in zip(part, made[:, width:].tolist(), strict=True):
            yield row, ids[: ids.index(end)] if end in ids else ids


def good(pair: Pair) -> bool:
    """Return whether a taught pair is worth learning from."""
    return (
        is_text(pair)
        and length_fits(pair, (3, 90), (0.5, 1.8))
        and digits_agree(pair.indonesian, pair.english)
        and ends_agree(pair.indonesian, pair.english)
        and languages_fit(pair)  # a weak teacher copies
    )


def asked(corpus: PackedCorpus, prompt: Sequence[int]) -> str:
    """Return the text that a prompt asks about: what stands between its label and its last line break."""
    # The last line break is the one before the answer's label.
    end = len(prompt) - 1 - list(reversed(prompt)).index(corpus.pieces.index("\n"))
    start = corpus.pieces.index("<bos>")
    return corpus.text([i for i in prompt[:end] if i != start]).partition(":")[2].strip()


def teach(corpus: PackedCorpus, model: Any, *, reverse: bool, batch: int) -> Iterator[Pair]:
    """Yield the pairs that the teacher makes of the packed monolingual text, or of the English sides."""
    end = corpus.pieces.index("\n")
    rows = corpus.rows("train-reverse" if reverse else "mono")
    prompts = [TrainingRow(row.ids[: row.start], row.start) for row in rows]
    for row, ids in answers(model, prompts, end, batch):
        known, made = asked(corpus, row.ids), corpus.text(ids)
        sides = (made, known) if reverse else (known, made)
        if good(pair := Pair(TEACHER + ("-back" if reverse else ""), "", *sides)):
            yield pair


def learn_pieces(pairs: Sequence[Pair], folder: Path, count: int) -> list[str]:
    """Train one SentencePiece model for both sides, written as Marian's files; return the pieces by id."""
    import sentencepiece as spm

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "source.spm").open("wb") as file:
        spm.SentencePieceTrainer.train(
            sentence_iterator=(side for p in pairs for side in (p.indonesian, p.english)),
            model_writer=file,
            vocab_size=count,
            bos_id=-1,  # Marian has none; its padding is the last piece, added below
            eos_id=0,
            unk_id=1,
            pad_id=-1,
            hard_vocab_limit=False,
            input_sentence_size=1_000_000,
            shuffle_input_sentence=False,
            byte_fallback=True,
            minloglevel=2,
        )
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    model = spm.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    pieces = [model.id_to_piece(i) for i in range(len(model))] + [PAD]
    _write(folder / "vocab.json", {piece: i for i, piece in enumerate(pieces)})
    _write(
        folder / "tokenizer_config.json",
        {
            "source_lang": "id",
            "target_lang": "en",
            "model_max_length": 512,
            "tokenizer_class": "MarianTokenizer",
        },
    )
    return pieces


def _write(path: Path, value: Mapping[str, object]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")


def new_student(pieces: int, config: Mapping[str, Any]) -> Any:
    """Return a MarianMT model of the size that the settings give, seeded."""
    from transformers import MarianConfig, MarianMTModel

    torch.manual_seed(config["seed"])
    sides = {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("ffn_dim", config["feed_forward"]), ("attention_heads", config["heads"]))
    }
    return MarianMTModel(
        MarianConfig(
            vocab_size=pieces,
            d_model=config["model"],
            encoder_layers=config["encoder_layers"],
            decoder_layers=config["decoder_layers"],
            activation_function="swish",
            scale_embedding=True,
            max_position_embeddings=512,
            pad_token_id=pieces - 1,
            eos_token_id=0,
            decoder_start_token_id=pieces - 1,
            dropout=config["dropout"],
            attention_dropout=0.0,
            activation_dropout=0.0,
            **sides,
        )
    )


def encoded(pairs: Sequence[Pair], spm: SentencePieceProcessor, longest: int) -> list[Encoded]:
    """Return both sides as ids with ``</s>`` (0) at the end; pairs too long on a side go."""
    ids = [([*spm.encode(p.indonesian), 0], [*spm.encode(p.english), 0]) for p in pairs]
    return [pair for pair in ids if max(map(len, pair)) <= longest]


def student_batches(pairs: Sequence[Encoded], tokens: int, seed: int) -> list[list[Encoded]]:
    """Return all pairs once, shuffled, like lengths together, at most ``tokens`` with padding on the target
    side.
    """
    dice = random.Random(seed)  # noqa: S311 - an order, not a secret
    order = dice.sample(range(len(pairs)), len(pairs))
    made: list[list[Encoded]] = []
    for at in range(0, len(order), 50_000):
        batch: list[Encoded] = []
        for pair in sorted((pairs[i] for i in order[at : at + 50_000]), key=lambda p: max(map(len, p))):
            if batch and (len(batch) + 1) * max(map(len, pair)) > tokens:
                made.append(batch)
                batch = []
            batch.append(pair)
        made.append(batch)
    dice.shuffle(made)
    return made


def _padded(rows: Sequence[list[int]], fill: int, device: torch.device) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([row + [fill] * (width - len(row)) for row in rows], device=device)


def student_loss(model: Any, batch: Sequence[Encoded], smoothing: float) -> Tensor:
    """Return label-smoothed cross-entropy in nats a target token."""
    pad = model.config.pad_token_id
    sources, targets = (_padded([p[side] for p in batch], pad, model.device) for side in (0, 1))
    # Marian's decoder starts with the padding token.
    begun = torch.cat((torch.full_like(targets[:, :1], pad), targets[:, :-1]), dim=1)
    with torch.autocast(model.device.type, torch.bfloat16):
        logits = model(input_ids=sources, attention_mask=sources != pad, decoder_input_ids=begun).logits
    loss: Tensor = torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=pad, label_smoothing=smoothing
    )
    return loss


class Lesson:
    """The student's training: resumable as :class:`eval.training.adapt.Run` is."""

    def __init__(self, model: Any, pairs: Sequence[Encoded], config: Mapping[str, Any]) -> None:
        self.model, self.pairs, self.config = model, pairs, config
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
        self.step, self.progress = 0, 0.0

    def rate(self) -> float:
        warm = self.config["warm_up"]
        share = min(self.progress / warm, (1 - self.progress) / (1 - warm))
        return float(self.config["peak_rate"] * max(share, 0.0))

    def learn(self, batch: Sequence[Encoded]) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        self.optimiser.zero_grad()
        loss = student_loss(self.model, batch, self.config["smoothing"])
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())

    def run(self, out: Path, progress: Callable[[], float]) -> None:
        """Learn until ``progress`` says 1; write ``curve.tsv`` and, now and then, ``state.pt``."""
        self.model.train()
        past, saved = 0, time.monotonic()
        with (out / "curve.tsv").open("a", encoding="utf-8") as curve:
            for epoch in range(self.config["epochs"]):
                for batch in student_batches(
                    self.pairs, self.config["batch_tokens"], self.config["seed"] + epoch
                ):
                    past += 1
                    # As in adapt.Run: the order follows from the seed.
                    if past <= self.step:
                        continue
                    self.progress = progress()
                    if self.progress >= 1:
                        break
                    print(self.step, f"{self.rate():.2e}", f"{self.learn(batch):.4f}", sep="\t", file=curve)
                    if time.monotonic() - saved > 60 * self.config["checkpoint_minutes"]:
                        self.save(out / "state.pt")
                        saved = time.monotonic()
        self.progress = progress()
        self.save(out / "state.pt")

    def save(self, path: Path) -> None:
        state = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save({**state, "step": self.step, "progress": self.progress}, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True, map_location=self.model.device)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.progress = state["step"], state["progress"]


def _teach(options: argparse.Namespace) -> None:
    from safetensors.torch import load_file

    config = settings(options.settings)
    corpus = PackedCorpus(options.packed)
    adapter = {name: side.float() for name, side in load_file(options.adapter).items()}
    rank = len(next(side for name, side in adapter.items() if name.endswith("lora_A")))
    gemma = corpus.model(rank, config["adapt"]["scale"], fused=False)
    gemma.load_adapter(adapter)
    model = gemma.stock().to(options.device)
    began, count = time.monotonic(), 0
    with options.out.open("w", encoding="utf-8", newline="\n") as file:
        for pair in teach(corpus, model, reverse=options.reverse, batch=config["distil"]["teach_rows"]):
            file.write(pair.line)
            count += 1
    print(f"{count} pairs in {time.monotonic() - began:.0f} s")


def _student(options: argparse.Namespace) -> None:
    import sentencepiece

    from eval.training.adapt import clock, counter

    config = settings(options.settings)["distil"]
    folder: Path = options.out / "student"
    pairs = [pair for path in options.pairs for pair in read_pairs(path)]
    if not (folder / "vocab.json").exists():
        learn_pieces(pairs, folder, config["pieces"])
    spm = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    model = new_student(len(json.loads((folder / "vocab.json").read_text("utf-8"))), config).to(
        options.device
    )
    lesson = Lesson(model, encoded(pairs, spm, config["longest"]), config)
    if (options.out / "state.pt").exists():
        lesson.load(options.out / "state.pt")
    print(f"{len(lesson.pairs)} pairs, {sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters")
    steady = counter(lesson, options.steps) if options.steps else clock(lesson, seconds_until(options.until))
    lesson.run(options.out, steady)
    model.half().save_pretrained(folder, max_shard_size="14MB")


def _convert(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from service import presets
    from service.models.convert import convert

    preset = replace(presets.get("opus-mt-id-en"), name="student", model=str(options.student))
    convert(options.student, options.to, preset)
    size = sum(path.stat().st_size for path in options.to.iterdir())
    print(f"{options.to}: {size / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    stages = parser.add_subparsers(required=True)
    teaching = stages.add_parser("teach")
    teaching.add_argument("--packed", type=Path, required=True, help="folder that eval.training.travel wrote")
    teaching.add_argument("--adapter", type=Path, required=True)
    teaching.add_argument("--out", type=Path, required=True)
    teaching.add_argument("--reverse", action="store_true", help="English text to Indonesian")
    teaching.set_defaults(stage=_teach)
    learning = stages.add_parser("student")
    learning.add_argument("--pairs", type=Path, nargs="+", required=True)
    learning.add_argument("--out", type=Path, required=True)
    end = learning.add_mutually_exclusive_group(required=True)
    end.add_argument("--until", help="HH:MM at which the rate reaches zero")
    end.add_argument("--steps", type=int)
    learning.set_defaults(stage=_student)
    for stage in (teaching, learning):
        stage.add_argument("--device", default="cpu")
        stage.add_argument("--settings", type=Path, help="a file of changes to settings.toml")
    converting = stages.add_parser("convert")
    converting.add_argument("--student", type=Path, required=True)
    converting.add_argument("--to", type=Path, required=True)
    converting.set_defaults(stage=_convert)
    options = parser.parse_args()
    options.stage(options)


if __name__ == "__main__":
    main()
