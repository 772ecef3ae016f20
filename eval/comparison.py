"""Scores of compared models where the articles have an English reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.metrics import Corpus, Options, build
from service.render.comparison import Compared, parts

METRICS = ("chrF2", "BLEU")


def scores(compared: Compared, references: Sequence[str]) -> Mapping[str, float]:
    """Return BLEU and chrF of whole articles, an article a segment; none without references or translations.

    ``references`` are English texts in the articles' order. Raises UsageError where sacrebleu is not
    installed.
    """
    if not references or compared.error:
        return {}
    texts = [" ".join(part.target for part in parts(made)) for made in compared.translations]
    corpus = Corpus(texts, [" ".join(text.split()) for text in references])
    return {m.name: float(m.score(m.statistics(corpus).sum(axis=0))) for m in build(METRICS, Options())}
