"""Segments in, translated segments out, in reading order, as they are ready."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from service import __version__
from service.document import Decoding, Output, SegmentTranslation, Signature
from service.engines.base import Engine
from service.intake import segment
from service.presets import Preset

FIRST_WINDOW = 2
LARGEST_WINDOW = 512
WINDOW_GROWTH = 4


class Translator:
    """One engine, and what is done to each segment before and after it."""

    def __init__(self, engine: Engine, preset: Preset, revision: str, beam_size: int | None = None) -> None:
        """``revision`` is the installed one; ``beam_size`` overrides the preset's."""
        self._engine = engine
        self._preset = preset
        self._decoding = replace(preset.decoding, beam_size=beam_size) if beam_size else preset.decoding
        self.signature = Signature(
            preset=preset.name,
            model=preset.model,
            revision=revision,
            engine=engine.signature,
            decoding=self._decoding,
            version=__version__,
        )

    @property
    def decoding(self) -> Decoding:
        """What the engine is asked for."""
        return self._decoding

    def translate(self, sources: Sequence[str]) -> Iterator[SegmentTranslation]:
        """One translation a source, in order; equal sources are translated once.

        Work is done in windows that grow, so that the first answer comes soon and the rest in
        full batches, with memory bounded however many sources there are. Raises EngineError.
        """
        known: dict[str, SegmentTranslation] = {}
        start, size = 0, FIRST_WINDOW
        while start < len(sources):
            window = sources[start : start + size]
            fresh = [source for source in dict.fromkeys(window) if source not in known]
            known.update(zip(fresh, self._window(fresh), strict=True))
            for source in window:
                yield known[source]
            start, size = start + size, min(size * WINDOW_GROWTH, LARGEST_WINDOW)

    def _window(self, sources: Sequence[str]) -> list[SegmentTranslation]:
        pieces = [self._pieces(source) for source in sources]
        outputs = iter(self._engine.generate([text for parts, _ in pieces for text in parts], self._decoding))
        answers = [_joined([next(outputs) for _ in parts], gaps) for parts, gaps in pieces]
        return [
            SegmentTranslation(source, answer.text, answer.score, truncated=answer.truncated)
            for source, answer in zip(sources, answers, strict=True)
        ]

    def _pieces(self, source: str) -> tuple[list[str], list[str]]:
        """The source, or its parts and the gaps after them where it is over the model's limit."""
        if self._fits(source):
            return [source], [""]
        parts = segment.split_long(source, self._fits).segments
        return [part.text for part in parts], [part.gap for part in parts]

    def _fits(self, text: str) -> bool:
        limit = self._preset.max_input_tokens - 2
        # A token is at least one byte, and counting tokens takes far longer than counting bytes.
        return len(text.encode()) <= limit or self._engine.count_tokens(text) <= limit


def _joined(outputs: Sequence[Output], gaps: Sequence[str]) -> Output:
    if len(outputs) == 1:
        return outputs[0]
    tokens = sum(output.tokens for output in outputs)
    text = "".join(output.text + (gap or " ") for output, gap in zip(outputs, gaps, strict=True)).strip()
    score = sum(output.score * output.tokens for output in outputs) / max(1, tokens)
    return Output(text, score, tokens, any(output.truncated for output in outputs))
