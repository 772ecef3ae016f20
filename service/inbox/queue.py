"""Headlines first: every new article gets an English headline and a one-sentence brief; the rest waits.

Reading a headline and a brief costs two sentences, an article about twenty. So everything that came can be
looked through soon, and whole articles are translated when somebody opens one, or by a feed's rule.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from service.context import checkpoint
from service.document import Article as Text
from service.document import Passage, Reading, SegmentTranslation
from service.errors import Busy, Cancelled, DeadlinePassed, EngineError, WartaError
from service.inbox.grouping import Place
from service.inbox.records import Article
from service.inbox.store import Made, Store
from service.pipeline import Pipeline
from service.summary.extractive import rank
from service.text import segment
from service.translation.confidence import is_marked
from service.validation import plain

AT_ONCE = 16
"""Articles whose headlines are translated together: enough to fill the engine's batches."""


def headlines(
    store: Store,
    pipeline: Pipeline,
    tell: Callable[[int], None] = lambda _: None,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Translate headline and brief of every article that has none; return how many.

    ``tell`` is told after each batch how many are done, and ``enough`` asked whether to leave the others for
    another time. Raises Cancelled, DeadlinePassed, StoreError.
    """
    count = 0
    # Asked for anew each time, so that what comes meanwhile is next, the newest first. It ends, because each
    # batch changes the state of its articles or counts a try.
    while articles := store.english.untranslated(AT_ONCE):
        checkpoint()
        count += _together(store, pipeline, articles)
        tell(count)
        if enough():
            break
    return count


def whole(
    store: Store,
    pipeline: Pipeline,
    tell: Callable[[int], None] = lambda _: None,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Translate whole the articles of feeds that ask for that; return how many. Raises as above."""
    count = 0
    while articles := store.english.unread(1):
        checkpoint()
        try:
            store.english.put([read(articles[0], pipeline)[1]])
            count += 1
        except (Busy, Cancelled, DeadlinePassed):
            raise
        except WartaError as problem:
            # After one try, unlike a headline: the next look would give the same article again.
            store.english.failed([articles[0].id], str(problem), most=1)
        tell(count)
        if enough():
            break
    return count


def text_of(article: Article) -> Text:
    """Return a kept article as the pipeline takes it."""
    return Text(
        str(article.id), segment.split(article.text or article.title), article.title if article.text else ""
    )


def read(article: Article, pipeline: Pipeline) -> tuple[Reading, Made]:
    """Translate an article whole; return the reading, and what of it is kept."""
    return (reading := pipeline.read(text_of(article))), made_of(article, reading)


def sentences(
    pipeline: Pipeline, places: Sequence[Place], articles: Sequence[Article]
) -> dict[Place, SegmentTranslation]:
    """Translate sentences of several articles, each with its article as context, in common batches."""
    texts = {article.id: article.text for article in articles}
    groups: dict[int, list[Place]] = {}
    for place in places:
        groups.setdefault(place.article, []).append(place)
    passages = [
        Passage(
            tuple(place.text for place in group),
            texts.get(article, ""),
            # A sentence below 0 is the headline.
            frozenset(n for n, place in enumerate(group) if place.sentence < 0),
        )
        for article, group in groups.items()
    ]
    done = pipeline.translate_all(passages) if passages else []
    return {
        place: part
        for group, parts in zip(groups.values(), done, strict=True)
        for place, part in zip(group, parts, strict=True)
    }


def made_of(article: Article, reading: Reading) -> Made:
    """Return what is kept of a reading: its English, its findings, and all of it as JSON."""
    translation, at = reading.translation, _brief_of(reading.article)
    brief = translation.segments[at].target if 0 <= at < len(translation.segments) else ""
    found = _findings(-1, translation.title) if translation.title else []
    for place, part in enumerate(translation.segments):
        found += _findings(place, part)
    return Made(
        article.id, reading.headline, brief if article.text else "", at, found, translation.text,
        json.dumps(plain(reading), ensure_ascii=False),
        _doubted([part for part in (translation.title, *translation.segments) if part]),
    )  # fmt: skip


def _together(store: Store, pipeline: Pipeline, articles: Sequence[Article]) -> int:
    """Translate the headlines of several articles in common batches; one at a time where that fails."""
    try:
        store.english.put(_made(pipeline, articles))
    except (Busy, Cancelled, DeadlinePassed):
        raise
    # One by one, to find the article that fails; the others are kept.
    except (EngineError, ValueError) as problem:
        if len(articles) == 1:
            store.english.failed([articles[0].id], str(problem))
            return 0
        return sum(_together(store, pipeline, [article]) for article in articles)
    return len(articles)


def _made(pipeline: Pipeline, articles: Sequence[Article]) -> list[Made]:
    texts = [text_of(article) for article in articles]
    places = [_brief_of(text) if article.text else -1 for text, article in zip(texts, articles, strict=True)]
    passages = []
    for article, text, at in zip(articles, texts, places, strict=True):
        brief = (text.body.sentences[at],) if at >= 0 else ()
        # The first sentence is a headline, translated as one.
        passages.append(Passage((article.title, *brief), article.text, frozenset((0,))))
    done = pipeline.translate_all(passages)
    return [_kept(a, at, parts) for a, at, parts in zip(articles, places, done, strict=True)]


def _brief_of(text: Text) -> int:
    """Return the sentence that says most of an article, from 0; -1 where it has none."""
    found = rank(text.body.sentences, 1, text.title, paragraphs=text.body.paragraphs())
    return found[0] if found else -1


def _kept(article: Article, at: int, parts: Sequence[SegmentTranslation]) -> Made:
    found = _findings(-1, parts[0])
    if at >= 0:
        found += _findings(at, parts[1])
    brief, doubted = parts[1].target if at >= 0 else "", _doubted(parts)
    return Made(article.id, parts[0].target, brief, at, found, doubted=doubted)


def _doubted(parts: Sequence[SegmentTranslation]) -> int:
    """Return how many sentences are marked though nothing was found in them: they are likely wrong."""
    return sum(is_marked(part) and not part.findings for part in parts)


def _findings(at: int, part: SegmentTranslation) -> list[dict[str, object]]:
    """Return what was found in a sentence; its words are made where it is shown."""
    return [
        {"at": at, "code": found.code, "severity": found.severity, "values": dict(found.values)}
        for found in part.findings
    ]
