"""Segments in, translated and checked segments out, in reading order, as they are ready."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Protocol

from service.context import checkpoint
from service.document import Decoding, Finding, Output, Passage, SegmentTranslation, Signature, Suggestion
from service.engines.base import Engine
from service.presets import Preset
from service.text import numbers, segment
from service.text.language import is_english
from service.translation.aside import Aside, set_aside
from service.translation.confidence import band, confidence
from service.translation.glossary import Glossary
from service.translation.guard import rules
from service.translation.guard.check import check
from service.translation.guard.consistency import Consistency
from service.translation.guard.rules import Rule
from service.translation.memory.base import Remembered
from service.translation.normalise import Normalised, learn_casing, normalise, reads_as_headline
from service.translation.repair import repair
from service.translation.terms import ArticleTerms
from service.version import __version__

# Sentences: 1, 4, 16, 64, 256, 512, 512 ...
# The first alone, for it is what a reader waits for.
FIRST_WINDOW = 1
LARGEST_WINDOW = 512
WINDOW_GROWTH = 4

NO_SCORES = (
    '{name} gives no scores: confidence is "no score", there are no alternatives, and suspicious sentences '
    "are not decoded again"
)

_Key = tuple[str, str, str]

Draft = Callable[[SegmentTranslation], None]
"""Told what a segment's first decoding gave, before it is decoded again."""


class Recall(Protocol):
    """What translating asks of a memory: see :class:`service.translation.memory.sqlite.Memory`."""

    def own(self, sources: Iterable[str]) -> dict[str, str]: ...

    def get(self, signature: str, keys: Iterable[str]) -> dict[str, Remembered]: ...

    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None: ...

    def suggest(self, sources: Iterable[str], least: float) -> dict[str, tuple[Suggestion, ...]]: ...

    def stamp(self) -> str: ...

    def dismissed(self, source: str, target: str, findings: Sequence[Finding]) -> frozenset[Finding]: ...


class Pronouns(Protocol):
    """What an article says of he and she: see :class:`service.facts.pronouns.Pronouns`."""

    def put_right(self, source: str, target: str) -> str: ...

    def doubted(self, source: str, target: str) -> tuple[Finding, ...]: ...


@dataclass(frozen=True, slots=True)
class Care:
    """What is done around the engine: which glossary, whether terms are spelled out, check and repair.

    ``glossary`` None does without one. ``check`` False is for an engine that does not translate;
    ``memory`` is asked before the engine and told after it; ``fuzzy`` is how alike one's own
    translations in it must be to be suggested, 0 for none. ``rules`` are checks of the user's own.
    ``words`` is the glossary with ordinary words, for a model that does not know them: it is what is put
    into the source, while the target is held to ``glossary`` alone. ``pronouns`` reads a passage for what it
    says of he and she, where ``check`` is on.
    """

    glossary: Glossary | None = None
    expand: bool = False
    repair: bool = True
    check: bool = True
    memory: Recall | None = None
    fuzzy: float = 0.0
    rules: tuple[Rule, ...] = ()
    words: Glossary | None = None
    pronouns: Callable[[Passage, Glossary], Pronouns] | None = None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A source and what the engine gets for it; ``parts`` and ``gaps`` where it is over the limit.

    ``normalised`` is of ``aside.text``: addresses are marks in it, and notes' numbers are gone.
    """

    source: str
    aside: Aside
    normalised: Normalised
    terms: ArticleTerms | None
    given: str = ""
    parts: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    pronouns: Pronouns | None = None

    @property
    def key(self) -> _Key:
        """All that the answer depends on."""
        return self.source, self.given, self.normalised.text


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the engine, after repair, made of a prepared source; ``final`` is one's own, left as it is."""

    output: Output
    repaired: bool
    cached: bool = False
    final: bool = False


class Tally:
    """Segments finished and findings by kind, since it was made. Safe from several threads."""

    def __init__(self) -> None:
        # A Counter's += reads and writes in two steps.
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, findings: Sequence[Finding]) -> None:
        """Count one segment with its findings."""
        with self._lock:
            # The empty kind counts the segments themselves.
            self._counts[""] += 1
            for finding in findings:
                self._counts[finding.kind] += 1

    def merge(self, segments: int, findings: Mapping[str, int]) -> None:
        """Count what was counted elsewhere."""
        with self._lock:
            self._counts.update({"": segments, **findings})

    def counts(self) -> tuple[int, dict[str, int]]:
        """Return segments, and findings by kind."""
        with self._lock:
            counts = dict(self._counts)
        return counts.pop("", 0), counts


_NO_TERMS = Glossary(())


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
        """Keep the parts; ``revision`` is the installed one, ``beam_size`` overrides the preset's."""
        self._engine = engine
        self._preset = preset
        care = care or Care()
        # What a repair chooses by, and what it asks of a decoder, an engine without scores has not.
        self._care = care if preset.scored else replace(care, repair=False)
        self.tally = Tally()
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
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the model's answers, in a line each."""
        return () if self._preset.scored else (NO_SCORES.format(name=self._preset.name),)

    @property
    def decoding(self) -> Decoding:
        """What the engine is asked for."""
        return self._decoding

    @property
    def glossary(self) -> Glossary:
        """The glossary at work; one without terms where there is none."""
        return self._care.glossary or _NO_TERMS

    @property
    def own_translations(self) -> str:
        """The memory's :meth:`Memory.stamp`."""
        return self._care.memory.stamp() if self._care.memory else "none"

    def stream(
        self, passage: Passage, draft: Draft | None = None, largest: int = LARGEST_WINDOW
    ) -> Iterator[SegmentTranslation]:
        """Translate a passage lazily: one translation a sentence, in order, each as soon as it is ready.

        Work is done in windows that grow, so that the first answer comes soon and the rest in full
        batches, with memory bounded however many sentences there are; equal sentences are translated
        once. A window has ``largest`` sentences at most: fewer tell sooner how far it is, more are
        quicker. ``draft`` is told of the first sentence if it is about to be decoded again, so that a reader
        need not wait for that. Raises EngineError.
        """
        prepare, count = self._preparer(passage), len(passage.sentences)
        known: dict[_Key, _Answer] = {}
        said = Consistency()
        start, size = 0, FIRST_WINDOW
        while start < count:
            window = [prepare(index) for index in range(start, min(start + size, count))]
            self._learn(known, window, draft if start == 0 else None)
            yield from self._with_suggestions([self._finished(p, known[p.key], said) for p in window])
            start, size = start + size, min(size * WINDOW_GROWTH, largest)

    def translate_all(self, passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        """Translate passages eagerly: what :meth:`stream` gives for each, the engine's batches filled across
        them. Raises EngineError.
        """
        # Prepared by passage, as terms and capitals are learnt of each article; decoded all together.
        prepared = [list(map(self._preparer(passage), range(len(passage.sentences)))) for passage in passages]
        known: dict[_Key, _Answer] = {}
        self._learn(known, [p for of_passage in prepared for p in of_passage])
        return [self._compared(of_passage, known) for of_passage in prepared]

    def alternatives(self, passage: Passage, count: int) -> list[tuple[SegmentTranslation, list[str]]]:
        """Return each sentence's translation, and with it up to ``count`` others of the beam, best first.

        A sentence over the model's limit, and what is not translated at all, has no others.
        """
        best = self.translate_all([passage])[0]
        prepare = self._preparer(passage)
        return [(done, self._others(prepare(i), done.target, count)) for i, done in enumerate(best)]

    def own(self, source: str, target: str) -> SegmentTranslation:
        """Return the user's translation of a sentence: left as it is, and checked like any other."""
        prepared = self._preparer(Passage((source,)))(0)
        return self._segment(prepared, _Answer(Output(target, 0.0, 0), False, final=True))

    def _others(self, prepared: _Prepared, best: str, count: int) -> list[str]:
        if len(prepared.parts) > 1 or not count or is_english(prepared.source):
            return []
        # One more, since the best is among them; equal ones, after editing, are dropped.
        outputs = self._engine.alternatives(prepared.given, self._decoding, count + 1)
        targets = (self._finished(prepared, _Answer(output, False)).target for output in outputs)
        return [target for target in dict.fromkeys(targets) if target != best][:count]

    def _learn(
        self, known: dict[_Key, _Answer], wanted: Sequence[_Prepared], draft: Draft | None = None
    ) -> None:
        known.update(self._recalled({p.key: p for p in wanted if p.key not in known}.values()))
        fresh = {p.key: p for p in wanted if p.key not in known}
        # A dict by what the answer depends on: equal sentences are decoded once.
        made = dict(zip(fresh, self._answers(list(fresh.values()), draft), strict=True))
        known.update(made)
        if memory := self._care.memory:
            # NUL is in no text, so no two keys join to the same string.
            kept = {"\0".join(key): Remembered(key[0], a.output, a.repaired) for key, a in made.items()}
            memory.put(str(self.signature), kept)

    def _recalled(self, wanted: Collection[_Prepared]) -> Iterator[tuple[_Key, _Answer]]:
        """Yield what the memory knows: the user's own translations, else what this model made of the same."""
        if not (memory := self._care.memory):
            return
        # By the source alone: the user's translation holds whatever model and terms are used.
        own = memory.own(p.source for p in wanted)
        made = memory.get(str(self.signature), ("\0".join(p.key) for p in wanted))
        for p in wanted:
            if p.source in own:
                yield p.key, _Answer(Output(own[p.source], 0.0, 0), False, cached=True, final=True)
            elif found := made.get("\0".join(p.key)):
                yield p.key, _Answer(found.output, found.repaired, cached=True)

    def _with_suggestions(self, parts: list[SegmentTranslation]) -> list[SegmentTranslation]:
        """Return the parts, with the user's translations of sentences like theirs."""
        if not self._care.memory or not self._care.fuzzy:
            return parts
        found = self._care.memory.suggest((part.source for part in parts), self._care.fuzzy)
        return [replace(part, suggestions=found.get(part.source, ())) for part in parts] if found else parts

    def _preparer(self, passage: Passage) -> Callable[[int], _Prepared]:
        """Return what prepares the sentences of a passage by their index."""
        glossary = self._care.glossary
        terms = ArticleTerms(glossary, passage.context, expand=self._care.expand) if glossary else None
        words = self._care.words
        given = ArticleTerms(words, passage.context) if words else terms
        casing = _Casing(passage.context, glossary.acronyms if glossary else ())
        read = self._care.pronouns if self._care.check else None
        pronouns = read(passage, glossary or _NO_TERMS) if read else None
        return lambda index: replace(
            self._prepared(
                passage.sentences[index],
                casing,
                (terms, given),
                headline=index in passage.headlines or reads_as_headline(passage.sentences[index]),
            ),
            pronouns=pronouns,
        )

    def _prepared(
        self,
        source: str,
        casing: Mapping[str, str],
        both: tuple[ArticleTerms | None, ArticleTerms | None],
        *,
        headline: bool,
    ) -> _Prepared:
        """Return a sentence ready for the engine; ``both`` are the terms to hold to and those to put in."""
        checkpoint()
        terms, put = both
        aside = set_aside(source)
        normalised = normalise(aside.text, casing=casing, headline=headline)
        given = put.inject(normalised.text) if put else normalised.text
        if self._fits(given):
            return _Prepared(source, aside, normalised, terms, given, (given,), ("",))
        return self._parted(_Prepared(source, aside, normalised, terms), given)

    def _parted(self, prepared: _Prepared, given: str) -> _Prepared:
        """Return ``prepared`` with ``given`` for the engine, in parts where it is over the model's limit."""
        if self._fits(given):
            return replace(prepared, given=given, parts=(given,), gaps=("",))
        split = segment.split_long(given, self._fits).segments
        return replace(
            prepared, given=given, parts=tuple(p.text for p in split), gaps=tuple(p.gap for p in split)
        )

    def _answers(self, prepared: Sequence[_Prepared], draft: Draft | None = None) -> list[_Answer]:
        asked = [p for p in prepared if not is_english(p.source)]
        firsts = self._decoded(asked)
        if draft:
            for p, output in zip(asked, firsts, strict=True):
                doubted = check(p.normalised.text, output.text, truncated=output.truncated)
                if (doubted and self._care.repair) or _missed(p, output):
                    draft(self._segment(p, _Answer(output, False)))
        chosen, outputs = self._plain_where_better(asked, firsts)
        repaired = self._with_addresses(chosen, map(self._repaired, chosen, outputs))
        answers = dict(zip((p.key for p in asked), repaired, strict=True))
        # What is English already is given back.
        return [answers.get(p.key) or _Answer(Output(p.normalised.text, 0.0, 0), False) for p in prepared]

    def _decoded(self, prepared: Sequence[_Prepared]) -> list[Output]:
        if not prepared:
            return []
        # All parts of all sentences in one call, so that the engine can fill its batches, and then dealt out
        # again in the same order.
        outputs = iter(self._engine.generate([part for p in prepared for part in p.parts], self._decoding))
        return [_joined([next(outputs) for _ in p.parts], p.gaps) for p in prepared]

    def _plain_where_better(
        self, prepared: Sequence[_Prepared], outputs: Sequence[Output]
    ) -> tuple[list[_Prepared], list[Output]]:
        """Return the source without the English names, where the model did not copy them and that is
        better."""
        best, chosen = list(prepared), list(outputs)
        missed = [
            index
            for index, (p, output) in enumerate(zip(prepared, outputs, strict=True))
            if _missed(p, output)
        ]
        plain = [self._parted(prepared[index], prepared[index].normalised.text) for index in missed]
        for index, other, output in zip(missed, plain, self._decoded(plain), strict=True):
            if other.terms and other.terms.choose(other.normalised.text, (outputs[index].text, output.text)):
                best[index], chosen[index] = other, output
        return best, chosen

    def _repaired(self, prepared: _Prepared, first: Output) -> _Answer:
        # A sentence that was cut for its length is not decoded again: the rungs are for whole ones.
        if not self._care.repair or len(prepared.parts) > 1:
            return _Answer(first, False)
        checkpoint()
        text = prepared.normalised.text
        done = repair(
            text, first, self._engine, self._decoding, given=prepared.given, split=segment.split_long
        )
        return _Answer(done.output, done.output is not first)

    def _with_addresses(self, prepared: Sequence[_Prepared], answers: Iterable[_Answer]) -> list[_Answer]:
        """Return the answers; where a mark was lost, the sentence once more with its addresses as they
        are."""
        done = list(answers)
        lost = [
            i for i, (p, a) in enumerate(zip(prepared, done, strict=True)) if p.aside.missing(a.output.text)
        ]
        plain = [self._parted(p, normalise(p.source).text) for p in (prepared[i] for i in lost)]
        for i, output in zip(lost, self._decoded(plain), strict=True):
            # Only where the second try has every address: one that loses others gains nothing.
            if all(address in output.text for _, address in prepared[i].aside.held):
                done[i] = _Answer(output, True)
        return done

    def _compared(
        self, prepared: Sequence[_Prepared], known: Mapping[_Key, _Answer]
    ) -> list[SegmentTranslation]:
        """Return the sentences of one passage, each compared with those before it."""
        said = Consistency()
        return self._with_suggestions([self._finished(p, known[p.key], said) for p in prepared])

    def _finished(
        self, prepared: _Prepared, answer: _Answer, said: Consistency | None = None
    ) -> SegmentTranslation:
        done = self._segment(prepared, answer)
        # No tokens: nothing was decoded, so there is nothing to compare.
        if said and self._care.check and (answer.output.tokens or answer.final):
            terms = prepared.terms.said(prepared.source, done.target) if prepared.terms else ()
            if unlike := said.see(done.source, done.target, terms):
                done = replace(done, findings=done.findings + unlike)
        self.tally.add(done.findings)
        return done

    def _segment(self, prepared: _Prepared, answer: _Answer) -> SegmentTranslation:
        checkpoint()
        source, terms, output = prepared.source, prepared.terms, answer.output
        target = output.text
        if not answer.final:
            # In the reverse order of its preparation.
            target = terms.edit(prepared.normalised.text, target) if terms else target
            target = prepared.aside.restore(prepared.normalised.restore(target))
            target = numbers.with_points(source, target) if self._care.check else target
            target = prepared.pronouns.put_right(source, target) if prepared.pronouns else target
        findings: tuple[Finding, ...] = ()
        if self._care.check and (output.tokens or not is_english(source)):
            findings = check(source, target, truncated=output.truncated)
            findings += () if answer.final else _misplaced(prepared.aside, output.text)
            findings += prepared.pronouns.doubted(source, target) if prepared.pronouns else ()
            findings += rules.check(self._care.rules, source, target)
            findings = self._undismissed(source, target, findings)
        score = output.score if self._preset.scored else None
        value = None if score is None else confidence(source, target, score, findings)
        return SegmentTranslation(
            source,
            target,
            score,
            findings,
            confidence=value,
            band=band(value),
            repaired=answer.repaired,
            cached=answer.cached,
            truncated=output.truncated,
            own=answer.final,
        )

    def _undismissed(self, source: str, target: str, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Return the findings that nobody has dismissed for this sentence and this translation."""
        if not findings or not (memory := self._care.memory):
            return findings
        gone = memory.dismissed(source, target, findings)
        return tuple(finding for finding in findings if finding not in gone)

    def _fits(self, text: str) -> bool:
        # Two less, for the marks of start and end that an engine may add.
        limit = self._preset.max_input_tokens - 2
        # A token is at least one byte, a letter at most four; counting tokens takes far longer.
        if len(text) * 4 <= limit or len(text.encode()) <= limit:
            return True
        return self._engine.count_tokens(text) <= limit


class _Casing(Mapping[str, str]):
    """:func:`learn_casing` of an article, which only a line in capitals needs: learnt when first asked."""

    def __init__(self, article: str, acronyms: Iterable[str]) -> None:
        self._article = article
        self._acronyms = acronyms

    @cached_property
    def _learnt(self) -> dict[str, str]:
        return learn_casing(self._article, self._acronyms) if self._article else {}

    def __getitem__(self, word: str) -> str:
        return self._learnt[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._learnt)

    def __len__(self) -> int:
        return len(self._learnt)


def _misplaced(aside: Aside, text: str) -> tuple[Finding, ...]:
    """Return the addresses that the engine left out, which stand at the end now."""
    lost = (address for address in aside.missing(text) if address not in text)
    return tuple(Finding.of("address.moved", address=address) for address in lost)


def _missed(prepared: _Prepared, output: Output) -> bool:
    """Return whether the source held English names that the model did not copy."""
    text, terms = prepared.normalised.text, prepared.terms
    return bool(terms and prepared.given != text and terms.check(text, output.text).misses)


def _joined(outputs: Sequence[Output], gaps: Sequence[str]) -> Output:
    if len(outputs) == 1:
        return outputs[0]
    tokens = sum(output.tokens for output in outputs)
    text = "".join(output.text + (gap or " ") for output, gap in zip(outputs, gaps, strict=True)).strip()
    # The mean over all tokens, as the score of one part is that over its own.
    score = sum(output.score * output.tokens for output in outputs) / max(1, tokens)
    return Output(text, score, tokens, any(output.truncated for output in outputs))


def _glossary_signature(care: Care) -> str:
    used = care.words or care.glossary
    if not used:
        return ""
    # Part of the signature, so that a changed glossary makes the memory's old answers void.
    content = sha256(repr(used.terms).encode()).hexdigest()[:12]
    return f"{len(used.terms)}@{content}" + ("+expanded" if care.expand else "")
