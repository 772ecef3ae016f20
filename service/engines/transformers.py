"""Marian and mT5 through transformers and torch: any device, the reference for the fast engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from service.context import unwanted
from service.document import Decoding, Output
from service.engines.base import check_architecture, token_batches
from service.engines.tokenizer import EOS, PAD, Pieces, start_token
from service.errors import Cancelled, EngineError
from service.presets import Preset

if TYPE_CHECKING:
    import torch
    import transformers

BATCH_TOKENS = 2048


class TransformersEngine:
    """One checkpoint folder in torch; float32 on a CPU, bfloat16 on a GPU (mT5 is not safe in float16).

    One generation runs at a time: torch already uses every core for it.
    """

    def __init__(
        self,
        folder: Path,
        preset: Preset,
        *,
        device: str = "cpu",
        dtype: str = "auto",
        threads: int | None = None,
    ) -> None:
        """Load the weights. ``threads`` bounds the cores that torch uses, in the whole process.

        Raises EngineError if the folder is not the checkpoint the preset asks for.
        """
        import torch
        import transformers

        if threads:
            torch.set_num_threads(threads)

        # Kept, so that the library is imported only where an engine is made.
        self._generation_config: type[transformers.GenerationConfig] = transformers.GenerationConfig
        dtype = ("float32" if device == "cpu" else "bfloat16") if dtype == "auto" else dtype
        self._torch: ModuleType = torch
        self._preset = preset
        self._device = device
        self._pieces = Pieces(folder)
        self._lock = threading.Lock()
        try:
            self._model = load_checkpoint(folder, dtype).to(device).eval()
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineError(
                "engine.load", "cannot be loaded: {reason}", at=preset.name, reason=_first_line(error)
            ) from error
        check_architecture(preset, self._model.config.model_type)
        # Transformers fills what a request leaves open from the checkpoint's own settings, such as
        # Marian's forced end token, which would hide a target cut short.
        self._model.generation_config = self._generation_config()
        self._start = self._decoder_start()
        self.signature = f"transformers-{transformers.__version__}/{self._model.device.type}/{dtype}"

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """See :class:`service.engines.base.Engine`."""
        return [outputs[0] for outputs in self._search(texts, decoding, 1)]

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        """See :class:`service.engines.base.Engine`. The beam is widened to ``count`` where narrower."""
        wide = replace(decoding, beam_size=max(decoding.beam_size, count))
        return self._search([text], wide, count)[0]

    def count_tokens(self, text: str) -> int:
        """See :class:`service.engines.base.Engine`."""
        return len(self._pieces.encode(text))

    def likelihoods(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See :class:`service.engines.base.Likelihood`."""
        limit = self._preset.max_input_tokens - 1
        found = []
        for source, target in pairs:
            pieces = self._pieces.encode(self._preset.prompt.replace("{source}", source))[:limit]
            ids = self._pieces.ids([*pieces, EOS])
            wanted = self._pieces.ids([*self._pieces.encode_target(target), EOS])
            with self._lock, self._torch.inference_mode():
                found.append(self._likelihood(ids, wanted))
        return found

    def _likelihood(self, source: list[int], target: list[int]) -> float:
        torch = self._torch
        inputs = torch.tensor([source], device=self._device)
        # The decoder is fed the target shifted by one: at each place it predicts the token that comes next.
        before = torch.tensor([[self._start, *target[:-1]]], device=self._device)
        try:
            logits = self._model(input_ids=inputs, decoder_input_ids=before).logits[0].float()
        except RuntimeError as error:
            raise EngineError(
                "engine.scoring", "scoring failed: {reason}", at=self._preset.name, reason=_first_line(error)
            ) from error
        # Generation never writes the padding token, so its probability is none here either.
        logits[:, self._pieces.ids([PAD])[0]] = -torch.inf
        chosen = torch.log_softmax(logits, dim=-1)[range(len(target)), target]
        return float(chosen.mean())

    def _decoder_start(self) -> int:
        if self._preset.start_language:
            piece = start_token(self._model.config.to_dict(), self._preset.start_language, self._pieces)
            return self._pieces.ids([piece])[0]
        start = self._model.config.decoder_start_token_id
        return int(start if start is not None else self._pieces.ids([PAD])[0])

    def _search(self, texts: Sequence[str], decoding: Decoding, count: int) -> list[list[Output]]:
        limit = self._preset.max_input_tokens - 1
        rows = [self._pieces.encode(self._preset.prompt.replace("{source}", text)) for text in texts]
        found: list[list[Output]] = [[] for _ in texts]
        for batch in token_batches([len(row) for row in rows], BATCH_TOKENS):
            ids = [self._pieces.ids([*rows[i][:limit], EOS]) for i in batch]
            # Held for one batch, so that another caller gets its turn between two.
            with self._lock, self._torch.inference_mode():
                answers = self._batch(ids, decoding, count)
            for index, outputs in zip(batch, answers, strict=True):
                cut = len(rows[index]) > limit
                found[index] = [replace(o, truncated=o.truncated or cut) for o in outputs]
        return found

    def _batch(self, ids: list[list[int]], decoding: Decoding, count: int) -> list[list[Output]]:
        torch = self._torch
        width = max(map(len, ids))
        pad, eos = self._pieces.ids([PAD, EOS])
        tokens = torch.tensor([row + [pad] * (width - len(row)) for row in ids], device=self._device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids], device=self._device)
        greedy = _GreedyScores(torch) if decoding.beam_size == 1 else None
        processors: list[Any] = [_until_unwanted, *([greedy] if greedy else [])]
        try:
            result = self._model.generate(
                input_ids=tokens,
                attention_mask=mask,
                generation_config=self._generation(decoding, count),
                logits_processor=processors,
            )
        except RuntimeError as error:
            raise EngineError(
                "engine.generation",
                "generation failed: {reason}",
                at=self._preset.name,
                reason=_first_line(error),
            ) from error
        sequences = result.sequences[:, 1:].tolist()  # without the start token
        lengths = [_length(row, eos, pad) for row in sequences]
        if greedy:
            totals = greedy.totals(lengths)
        else:
            scores = result.sequences_scores.tolist()
            totals = [s * n**decoding.length_penalty for s, n in zip(scores, lengths, strict=True)]
        outputs = [
            self._output(row[:n], total, eos)
            for row, n, total in zip(sequences, lengths, totals, strict=True)
        ]
        # The rows of one source follow each other, best first.
        return [outputs[i : i + count] for i in range(0, len(outputs), count)]

    def _generation(self, decoding: Decoding, count: int) -> transformers.GenerationConfig:
        """Return the settings of the whole search.

        ``early_stopping`` and ``renormalize_logits`` are what CTranslate2 does: both engines search alike.
        """
        pad, eos = self._pieces.ids([PAD, EOS])
        beam = {"early_stopping": True, "length_penalty": decoding.length_penalty, "output_scores": True}
        return self._generation_config(
            decoder_start_token_id=self._start,
            pad_token_id=pad,
            eos_token_id=eos,
            bad_words_ids=[[pad]],
            do_sample=False,
            num_beams=decoding.beam_size,
            num_return_sequences=count,
            max_length=None,
            max_new_tokens=decoding.max_new_tokens,
            repetition_penalty=decoding.repetition_penalty,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            renormalize_logits=True,
            return_dict_in_generate=True,
            **(beam if decoding.beam_size > 1 else {}),
        )

    def _output(self, ids: list[int], total: float, eos: int) -> Output:
        ended = bool(ids) and ids[-1] == eos
        # mT5's embedding has more rows than its tokenizer has pieces; such an id is no text.
        pieces = [self._pieces.tokens[i] if i < len(self._pieces.tokens) else PAD for i in ids]
        text = self._pieces.decode(pieces)
        return Output(text, total / max(1, len(ids)), len(ids), truncated=not ended)


def load_checkpoint(folder: Path, dtype: str) -> Any:
    """Return the model in ``folder``: local files only, no remote code, no advice on the terminal.

    ``.bin`` weights are read with torch's ``weights_only`` unpickler.
    """
    import torch
    import transformers

    with _quiet(transformers.utils.logging):
        return transformers.AutoModelForSeq2SeqLM.from_pretrained(
            folder, dtype=getattr(torch, dtype), local_files_only=True, trust_remote_code=False
        )


def _until_unwanted(_input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return a logits processor that changes nothing, and ends a search for whose end nobody waits."""
    if unwanted():
        raise Cancelled("engine.nobody_waits", "nobody waits for it any more")
    return scores


class _GreedyScores:
    """A logits processor that changes nothing and notes each step's best log-probability.

    ``output_scores`` would keep rows x steps x vocabulary floats; this keeps rows x steps.
    """

    def __init__(self, torch_module: ModuleType) -> None:
        self._torch = torch_module
        self._steps: list[torch.Tensor] = []

    def __call__(self, _input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        # In float32: half precision is too coarse for a sum of logarithms. The best of a step is the one
        # taken.
        self._steps.append(self._torch.log_softmax(scores.float(), dim=-1).amax(dim=-1))
        return scores

    def totals(self, lengths: Sequence[int]) -> list[float]:
        """Return the sum of the first ``length`` steps of each row."""
        steps = self._torch.stack(self._steps, dim=1).tolist()
        return [sum(row[:n]) for row, n in zip(steps, lengths, strict=True)]


def _length(row: Sequence[int], eos: int, pad: int) -> int:
    """Return target tokens of a padded row, the end token included."""
    if eos in row:
        return row.index(eos) + 1
    return next((i for i, token in enumerate(row) if token == pad), len(row))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]


@contextmanager
def _quiet(logging: ModuleType) -> Iterator[None]:
    """Switch progress bars and advice of transformers off, then as they were."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
