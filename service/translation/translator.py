"""Segments in, translated and checked segments out, in reading order, as they are ready."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from service import __version__
from service.document import Decoding, Finding, Output, SegmentTranslation, Signature
from service.engines.base import Engine
from service.intake import segment
from service.intake.language import is_english
from service.presets import Preset
from service.translation.confidence import band, confidence
from service.translation.glossary import Glossary
from service.translation.guard import check
from service.translation.normalise import Normalised, learn_casing, normalise
from service.translation.repair import repair
from service.translation.terms import ArticleTerms

FIRST_WINDOW = 2
LARGEST_WINDOW = 512
WINDOW_GROWTH = 4


@dataclass(frozen=True, slots=True)
class Care:
    """What is done around the engine: which glossary, whether terms are spelled out, and repair.

    ``glossary`` None does without one.
    """

    glossary: Glossary | None = None
    expand: bool = False
    repair: bool = True


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A source and what the engine gets for it; ``parts`` and ``gaps`` where it is over the limit."""

    source: str
    normalised: Normalised
    given: str
    parts: tuple[str, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the engine, after repair, made of a prepared source."""

    output: Output
    repaired: bool


class Translator:
    """One engine, and what is done to each segment before and after it."""

    def __init__(
        self,
        engine: Engine,
        preset: Preset,
        revision: str,
        *,
        beam_size: int | None = None,
        care: Care | None = None,
    ) -> None:
        """``revision`` is the installed one; ``beam_size`` overrides the preset's."""
        self._engine = engine
        self._preset = preset
        self._care = care or Care()
        self._decoding = replace(preset.decoding, beam_size=beam_size) if beam_size else preset.decoding
        self.signature = Signature(
            preset=preset.name,
            model=preset.model,
            revision=revision,
            engine=engine.signature,
            decoding=self._decoding,
            version=__version__,
            glossary=_glossary_signature(self._care),
            repair=self._care.repair,
        )

    @property
    def decoding(self) -> Decoding:
        """What the engine is asked for."""
        return self._decoding

    def translate(
        self, sources: Sequence[str], *, article: str = "", headline: bool = False
    ) -> Iterator[SegmentTranslation]:
        """One translation a source, in order; equal sources are translated once.

        ``article`` is the text around the sources, from which the case of names and the meaning
        of acronyms are learnt; ``headline`` says that the first source is one. Work is done in
        windows that grow, so that the first answer comes soon and the rest in full batches, with
        memory bounded however many sources there are. Raises EngineError.
        """
        glossary = self._care.glossary
        terms = ArticleTerms(glossary, article, expand=self._care.expand) if glossary else None
        casing = learn_casing(article, glossary.acronyms if glossary else ()) if article else {}
        known: dict[str, _Answer] = {}
        start, size = 0, FIRST_WINDOW
        while start < len(sources):
            window = [
                self._prepared(source, casing, terms, headline=headline and start + offset == 0)
                for offset, source in enumerate(sources[start : start + size])
            ]
            fresh = list({p.source: p for p in window if p.source not in known}.values())
            known.update(zip((p.source for p in fresh), self._answers(fresh, terms), strict=True))
            for prepared in window:
                yield self._finished(prepared, known[prepared.source], terms)
            start, size = start + size, min(size * WINDOW_GROWTH, LARGEST_WINDOW)

    def _prepared(
        self, source: str, casing: Mapping[str, str], terms: ArticleTerms | None, *, headline: bool
    ) -> _Prepared:
        normalised = normalise(source, casing=casing, headline=headline)
        whole = _Prepared(source, normalised, "", (), ())
        return self._parted(whole, terms.inject(normalised.text) if terms else normalised.text)

    def _parted(self, prepared: _Prepared, given: str) -> _Prepared:
        """``prepared`` with ``given`` for the engine, in parts where it is over the model's limit."""
        if self._fits(given):
            return replace(prepared, given=given, parts=(given,), gaps=("",))
        split = segment.split_long(given, self._fits).segments
        return replace(
            prepared, given=given, parts=tuple(p.text for p in split), gaps=tuple(p.gap for p in split)
        )

    def _answers(self, prepared: Sequence[_Prepared], terms: ArticleTerms | None) -> list[_Answer]:
        asked = [p for p in prepared if not is_english(p.source)]
        outputs = self._decoded(asked)
        if terms:
            asked, outputs = self._plain_where_better(asked, outputs, terms)
        answers = {p.source: self._repaired(p, output) for p, output in zip(asked, outputs, strict=True)}
        return [answers.get(p.source) or _Answer(Output(p.normalised.text, 0.0, 0), False) for p in prepared]

    def _decoded(self, prepared: Sequence[_Prepared]) -> list[Output]:
        outputs = iter(self._engine.generate([part for p in prepared for part in p.parts], self._decoding))
        return [_joined([next(outputs) for _ in p.parts], p.gaps) for p in prepared]

    def _plain_where_better(
        self, prepared: Sequence[_Prepared], outputs: Sequence[Output], terms: ArticleTerms
    ) -> tuple[list[_Prepared], list[Output]]:
        """The source without the English names, where the model did not copy them and that is better."""
        best, chosen = list(prepared), list(outputs)
        missed = [
            index
            for index, (p, output) in enumerate(zip(prepared, outputs, strict=True))
            if p.given != p.normalised.text and terms.check(p.normalised.text, output.text).misses
        ]
        plain = [self._parted(prepared[index], prepared[index].normalised.text) for index in missed]
        for index, other, output in zip(missed, plain, self._decoded(plain), strict=True):
            if terms.choose(other.normalised.text, (outputs[index].text, output.text)):
                best[index], chosen[index] = other, output
        return best, chosen

    def _repaired(self, prepared: _Prepared, first: Output) -> _Answer:
        if not self._care.repair or len(prepared.parts) > 1:
            return _Answer(first, False)
        text = prepared.normalised.text
        done = repair(
            text, first, self._engine, self._decoding, given=prepared.given, split=segment.split_long
        )
        return _Answer(done.output, done.output is not first)

    def _finished(
        self, prepared: _Prepared, answer: _Answer, terms: ArticleTerms | None
    ) -> SegmentTranslation:
        source, output = prepared.source, answer.output
        target = terms.edit(prepared.normalised.text, output.text) if terms else output.text
        target = prepared.normalised.restore(target)
        findings: tuple[Finding, ...] = ()
        if output.tokens or not is_english(source):
            findings = check(source, target, truncated=output.truncated)
        value = confidence(source, target, output.score, findings)
        return SegmentTranslation(
            source,
            target,
            output.score,
            findings,
            confidence=value,
            band=band(value),
            repaired=answer.repaired,
            truncated=output.truncated,
        )

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


def _glossary_signature(care: Care) -> str:
    if not care.glossary:
        return ""
    content = sha256(repr(care.glossary.terms).encode()).hexdigest()[:12]
    return f"{len(care.glossary.terms)}@{content}" + ("+expanded" if care.expand else "")
