"""Marian, mT5, T5 and quickmt through CTranslate2: int8 on a CPU, several times faster than torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.document import Decoding, Output
from service.engines.base import check_architecture, thread_layout
from service.engines.tokenizer import EOS, Pieces
from service.errors import EngineError
from service.presets import Preset

BATCH_TOKENS = 1024


class CTranslate2Engine:
    """One folder in CTranslate2's format: converted (see :mod:`service.models.convert`), or published so."""

    def __init__(
        self,
        folder: Path,
        preset: Preset,
        *,
        device: str = "cpu",
        compute_type: str = "default",
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        """Load the weights. ``threads`` bounds the cores used; None takes those this process may use.

        Raises EngineError.
        """
        import ctranslate2

        self._preset = preset
        self._pieces = Pieces(folder)
        self._batch_tokens = batch_tokens
        workers, inner = thread_layout(threads)
        try:
            self._translator = ctranslate2.Translator(
                str(folder),
                device=device,
                compute_type=compute_type,
                inter_threads=workers if device == "cpu" else 1,
                intra_threads=inner,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                "engine.load", "cannot be loaded: {reason}", at=preset.name, reason=error
            ) from error
        config = json.loads((folder / "config.json").read_text("utf-8"))
        # Some models stored in CTranslate2's format have it append the end token by itself.
        self._end = [] if config.get("add_source_eos") else [EOS]
        # As quickmt's own library searches; the checkpoints of other kinds are searched as transformers does.
        self._no_unknown = preset.architecture == "ct2"
        # Conversion writes the key (service/models/convert.py); folders that are published so have none.
        check_architecture(preset, config.get("warta_architecture", preset.architecture))
        self.signature = f"ctranslate2-{ctranslate2.__version__}/{device}/{self._translator.compute_type}"

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
        # One place is the end token's.
        limit = self._preset.max_input_tokens - 1
        prompts = [self._preset.prompt.replace("{source}", source) for source, _ in pairs]
        try:
            scored = self._translator.score_batch(
                [[*self._pieces.encode(prompt)[:limit], *self._end] for prompt in prompts],
                [self._pieces.encode_target(target) for _, target in pairs],
                max_batch_size=self._batch_tokens,
                batch_type="tokens",
                # 0 is no limit: CTranslate2 would cut at 1,024 without a word, and what was cut is said here.
                max_input_length=0,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                "engine.scoring", "scoring failed: {reason}", at=self._preset.name, reason=error
            ) from error
        return [sum(one.log_probs) / max(1, len(one.log_probs)) for one in scored]

    def _search(self, texts: Sequence[str], decoding: Decoding, count: int) -> list[list[Output]]:
        # One place is the end token's.
        limit = self._preset.max_input_tokens - 1
        rows = [self._pieces.encode(self._preset.prompt.replace("{source}", text)) for text in texts]
        try:
            results = self._translator.translate_batch(
                [[*row[:limit], *self._end] for row in rows],
                max_batch_size=self._batch_tokens,
                batch_type="tokens",
                beam_size=decoding.beam_size,
                num_hypotheses=count,
                length_penalty=decoding.length_penalty,
                repetition_penalty=decoding.repetition_penalty,
                no_repeat_ngram_size=decoding.no_repeat_ngram_size,
                disable_unk=self._no_unknown,
                # As above: the cut is made, and noted, before.
                max_input_length=0,
                max_decoding_length=decoding.max_new_tokens,
                return_scores=True,
                # An answer without its end token ran into the limit: that is how a cut target is told.
                return_end_token=True,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                "engine.generation", "generation failed: {reason}", at=self._preset.name, reason=error
            ) from error
        return [
            [
                self._output(pieces, score, decoding, cut=len(row) > limit)
                for pieces, score in zip(result.hypotheses, result.scores, strict=True)
            ]
            for row, result in zip(rows, results, strict=True)
        ]

    def _output(self, pieces: list[str], score: float, decoding: Decoding, *, cut: bool) -> Output:
        ended = bool(pieces) and pieces[-1] == EOS
        tokens = max(1, len(pieces))
        # CTranslate2 divides the sum by length**length_penalty; ours is always per token.
        score = score * tokens ** (decoding.length_penalty - 1)
        return Output(self._pieces.decode(pieces), score, len(pieces), truncated=cut or not ended)
