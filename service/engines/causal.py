"""A prompted causal model through CTranslate2 and SentencePiece; neither torch nor transformers is loaded."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from service.document import Decoding, Output
from service.engines.base import thread_layout, token_batches
from service.errors import EngineError
from service.presets import Preset
from service.text.coverage import coverage

TOKENIZER_FILE = "tokenizer.spm"
# At 1,024 a batch took 3 GB for no more speed; at 256 an eighth of the speed went.
BATCH_TOKENS = 512
# A row costs memory for its scores over the vocabulary, however short its prompt is.
ROW_TOKENS = 32
# Prompts that differ in length by less than this share a batch. Each token of the
# difference is a step of its own; 8 was measured ahead of 4 and of 1 (docs/benchmarks/embedded-speed.md).
STRIDE = 8
# What the stop row shows the model: an answer that is complete.
STOP = "Indonesian: Ya.\nEnglish: Yes."
# English is rarely longer than its Indonesian; what runs past this is a loop.
NEW_TOKENS_BASE, NEW_TOKENS_FACTOR = 16, 2


@dataclass(frozen=True, slots=True)
class _Prompt:
    """One text, ready to run: where it stands in the request, its prompt, and whether it was cut."""

    index: int
    prompt: list[str]
    cut: bool


class CausalEngine:
    """One converted folder: a CTranslate2 generator and ``tokenizer.spm``.

    The target is at most ``16 + 2 x prompt`` tokens, the prompt rounded up by less than a
    stride, whatever ``max_new_tokens`` allows, so that a loop on a long source ends. White
    space in a source is collapsed: a line break would end the prompt's line.

    A prompt longer than the model's sliding window is cut to it: CTranslate2 4.8 fills its cache
    in slices of one window, and all after the first come out wrong (an answer may go beyond).

    int8 rounding makes the model's scores depend a little on the shapes that are computed
    together, and CTranslate2 computes a prompt in two parts: as much as the shortest of the
    batch has in one go, the rest token by token. So that the cut depends on the text alone,
    prompts share a batch when it falls at the same multiple of ``STRIDE``, and a short stop row,
    which ends at once, puts it there. A text's output in int8 is then the same, bit for bit,
    whatever runs beside it, and a batch has several times the rows that it would have if
    only prompts of one length shared it.
    """

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
        """Load the weights. The preset's examples are shown before each source.

        ``threads`` bounds the cores used; None takes those this process may use.
        ``batch_tokens`` bounds rows x prompt length. Raises EngineError.
        """
        import ctranslate2
        import sentencepiece

        self._preset, self._batch_tokens = preset, batch_tokens
        workers, inner = thread_layout(threads)
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / TOKENIZER_FILE))
            self._generator = ctranslate2.Generator(
                str(folder),
                device=device,
                compute_type=compute_type,
                inter_threads=workers if device == "cpu" else 1,
                intra_threads=inner,
            )
            window = json.loads((folder / "config.json").read_text("utf-8"))["sliding_window"]
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise EngineError(
                "engine.load", "cannot be loaded: {reason}", at=preset.name, reason=error
            ) from error
        self._ends = _end_tokens(self._pieces)
        self._start = self._static_prompt()  # computed once by CTranslate2, which keeps its state
        self._stop: list[str] = self._pieces.encode(STOP, out_type=str)
        self._window, self._room = window, window - len(self._start)
        self._check_room()
        self.signature = f"ctranslate2-{ctranslate2.__version__}/{device}/{self._generator.compute_type}"
        if preset.coverage:
            self.signature += f"/coverage {preset.coverage:g}"

    def _check_room(self) -> None:
        """Raise EngineError where the prompt and its examples leave no room for a source."""
        if len(self._prompt("")) >= self._room:
            raise EngineError(
                "engine.window",
                "prompt and examples fill the model's window of {tokens} tokens",
                at=self._preset.name,
                tokens=self._window,
            )

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """See :class:`service.engines.base.Engine`.

        Of the beam's answers the one with the best score, less the preset's ``coverage`` for each word that
        is missing or strange (:mod:`service.text.coverage`). The search takes no longer for it.
        """
        if not self._preset.coverage:
            return [answers[0] for answers in self._search(texts, decoding, 1)]
        found = self._search(texts, decoding, decoding.beam_size)
        return [self._choice(text, answers) for text, answers in zip(texts, found, strict=True)]

    def _choice(self, text: str, answers: list[Output]) -> Output:
        def worth(answer: Output) -> float:
            unlike = coverage(text, answer.text)
            lost = self._preset.coverage * (len(unlike.missing) + len(unlike.strange))
            return -math.inf if answer.truncated else answer.score - lost

        return max(answers, key=worth) if len(answers) > 1 else answers[0]

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        """See :class:`service.engines.base.Engine`. The beam is widened to ``count`` where narrower."""
        wide = replace(decoding, beam_size=max(decoding.beam_size, count))
        best: dict[str, Output] = {}
        # Different pieces may spell the same text; only the likeliest spelling of each is kept.
        for answer in sorted(self._search([text], wide, count)[0], key=lambda output: -output.score):
            best.setdefault(answer.text, answer)
        return list(best.values())

    def likelihoods(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See :class:`service.engines.base.Likelihood`. The line break that ends an answer is its end."""
        return [self._likelihood(_one_line(source), _one_line(target)) for source, target in pairs]

    def _likelihood(self, source: str, target: str) -> float:
        import ctranslate2
        import numpy as np

        start = [*self._start, *self._prompt(source)]
        # As in the examples: a space after "English:", and the line break at which the answer ends.
        answer = self._pieces.encode(f" {target}\n", out_type=str)
        if len(start) + len(answer) > self._window:
            raise EngineError(
                "engine.window_both",
                "source and target together fill the model's window",
                at=self._preset.name,
            )
        try:
            # Row by row, as the shapes computed together change int8 scores; and CTranslate2 4.8's own
            # score_batch fails for this architecture.
            told = self._generator.forward_batch([[*start, *answer]], return_log_probs=True)
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                "engine.scoring", "scoring failed: {reason}", at=self._preset.name, reason=error
            ) from error
        table = np.asarray(told.to_device(ctranslate2.Device.cpu))[0]
        ids = [self._pieces.piece_to_id(piece) for piece in answer]
        # What a position says is of the token after it.
        return float(table[range(len(start) - 1, len(start) - 1 + len(ids)), ids].mean())

    def count_tokens(self, text: str) -> int:
        """See :class:`service.engines.base.Engine`."""
        return len(self._pieces.encode(_one_line(text)))

    def batch_class(self, text: str, decoding: Decoding) -> int:
        """Return a number that is equal for texts that can share a batch, for a queue that brings them
        together.
        """
        row = self._row(0, text)
        return _cut(len(row.prompt), _stride(decoding)) if row else 0

    def _static_prompt(self) -> list[str]:
        shown = "".join(f"{self._fill(e.source)} {e.target}\n\n" for e in self._preset.examples)
        # SentencePiece adds no ``<bos>`` by itself.
        return [self._pieces.id_to_piece(self._pieces.bos_id()), *self._pieces.encode(shown, out_type=str)]

    def _fill(self, source: str) -> str:
        # Not str.format: a source may hold braces of its own.
        return self._preset.prompt.replace("{source}", source)

    def _prompt(self, source: str) -> list[str]:
        prompt: list[str] = self._pieces.encode(self._fill(source), out_type=str)
        return prompt

    def _search(self, texts: Sequence[str], decoding: Decoding, count: int) -> list[list[Output]]:
        # What an empty text is answered with: it gets no row.
        answers: list[list[Output]] = [[Output("", 0.0, 0)] for _ in texts]
        rows = [row for index, text in enumerate(texts) if (row := self._row(index, text))]
        try:
            # All batches are handed over before the first answer is waited for, so that all workers are busy.
            running = [
                (batch, self._submit(batch, cut, decoding, count))
                for cut, batch in self._batches(rows, _stride(decoding))
            ]
            for batch, futures in running:
                for row, future in zip(batch, futures, strict=False):  # the stop row's is not wanted
                    answers[row.index] = self._outputs(future.result(), row, decoding)
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                "engine.generation", "generation failed: {reason}", at=self._preset.name, reason=error
            ) from error
        return answers

    def _row(self, index: int, text: str) -> _Prompt | None:
        source = _one_line(text)
        if not source:
            return None
        ids = self._pieces.encode(source)
        keep = min(len(ids), self._preset.max_input_tokens)
        # Cut text is cut into pieces anew, which may give more of them than were kept: so it is tried again.
        while len(prompt := self._prompt(self._first(ids, keep, source))) > self._room:
            keep -= len(prompt) - self._room
        return _Prompt(index, prompt, keep < len(ids))

    def _first(self, ids: list[int], keep: int, source: str) -> str:
        """Return ``source``, or the text of its first ``keep`` tokens."""
        if keep >= len(ids):
            return source
        # A cut may fall between the bytes of one character, which leaves a replacement character.
        return str(self._pieces.decode(ids[: max(keep, 0)])).rstrip("\ufffd ")

    def _batches(self, rows: Sequence[_Prompt], stride: int) -> Iterator[tuple[int, list[_Prompt]]]:
        """Yield rows that share a batch, longest first, and how many tokens of each are computed in one
        go.
        """
        by_cut = defaultdict(list)
        for row in rows:
            by_cut[_cut(len(row.prompt), stride)].append(row)
        for cut in sorted(by_cut, reverse=True):
            same = by_cut[cut]
            # Each row counts as the longest that its cut allows: how many share a batch depends on the cut
            # alone.
            for batch in token_batches([max(cut + stride, ROW_TOKENS)] * len(same), self._batch_tokens):
                yield cut, [same[index] for index in batch]

    def _submit(self, batch: Sequence[_Prompt], cut: int, decoding: Decoding, count: int) -> list[Any]:
        prompts = [row.prompt for row in batch]
        longest = max(map(len, prompts))
        # With a stride of 1 all rows are cut + 1 long, and the cut falls there without help.
        if cut + 1 < longest:
            prompts.append(self._stop_row(cut + 1))
            # Of the cut, not of the batch: the limit of a text's answer must not depend on its company.
            longest = cut + STRIDE + 1
        bound = NEW_TOKENS_BASE + NEW_TOKENS_FACTOR * longest
        futures: list[Any] = self._generator.generate_batch(
            prompts,
            asynchronous=True,
            static_prompt=self._start,
            include_prompt_in_result=False,
            beam_size=decoding.beam_size,
            num_hypotheses=count,
            length_penalty=decoding.length_penalty,
            repetition_penalty=decoding.repetition_penalty,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            max_length=min(decoding.max_new_tokens, bound),
            end_token=self._ends,
            return_end_token=True,
            return_scores=True,
        )
        return futures

    def _stop_row(self, length: int) -> list[str]:
        """Return a prompt of ``length`` tokens after which the next is an end."""
        # Line breaks fill it up on the left, where they matter least to what comes next.
        return ([*["\n"] * length, *self._stop])[-length:]

    def _outputs(self, result: Any, row: _Prompt, decoding: Decoding) -> list[Output]:
        return [
            self._output(ids, score, decoding, cut=row.cut)
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]

    def _output(self, ids: list[int], score: float, decoding: Decoding, *, cut: bool) -> Output:
        # A beam now and then runs on past the line that ends its answer, into a second answer.
        text, *more = self._pieces.decode(ids).strip().split("\n", 1)
        ended = bool(more) or (bool(ids) and ids[-1] in self._ends)
        # CTranslate2 divides the sum by length**length_penalty; ours is always per token.
        score *= max(1, len(ids)) ** (decoding.length_penalty - 1)
        return Output(text.strip(), score, len(ids), truncated=cut or not ended)


def _stride(decoding: Decoding) -> int:
    """Return 1 where a rule of the decoding looks back: it would see the prompt tokens that have a step
    each.
    """
    free = decoding.repetition_penalty == 1 and decoding.no_repeat_ngram_size == 0
    return STRIDE if free else 1


def _cut(length: int, stride: int) -> int:
    """Return how many of ``length`` prompt tokens are computed in one go; the last is always a step of its
    own.

    Above a stride of 1 at least two are left: CTranslate2 treats the first free step
    differently in a batch without any forced ones. And it is at least one: where the stop row
    has nothing before its last token, CTranslate2 4.8 gives back the prompts as answers.
    """
    return length - 1 if stride == 1 else max((length - 2) // stride * stride, 1)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _end_tokens(pieces: Any) -> list[int]:
    """Return what ends the answer, the end of a line: every piece of line breaks only, its byte, and
    ``<eos>``.
    """
    breaks = [
        i
        for i in range(len(pieces))
        if not pieces.id_to_piece(i).strip("\n") or pieces.id_to_piece(i) == "<0x0A>"
    ]
    return [*breaks, pieces.eos_id()]
