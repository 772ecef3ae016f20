"""``warta models compare``: the same articles through every installed model."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.comparison import scores
from service.cli.articles import Status, complain
from service.comparison import able, compare
from service.document import Article, Message
from service.errors import NotInstalled, UsageError
from service.intake.documents import read_document
from service.intake.encoding import read_text
from service.messages import text
from service.models.store import Store
from service.pipeline import Pipeline, build_pipeline, to_article
from service.render.comparison import RENDERERS, Compared
from service.settings import MAX_INPUT_BYTES, Settings


def run(
    files: Sequence[Path], names: Sequence[str], references: Sequence[Path], format: str, settings: Settings
) -> int:
    """Translate the files with every model and print what came of it; return the exit code.

    ``names`` empty takes all that are installed. ``references`` are English texts in the order of the files.
    Raises UsageError, InputError, NotInstalled, UnknownModel.
    """
    _check(files, references, format)
    articles = [_article(path) for path in files]
    english = [read_text(path, MAX_INPUT_BYTES) for path in references]
    chosen = list(names) or able(Store(settings.home / "models"))
    if not chosen:
        raise NotInstalled(
            "models.none_pull", "no model is installed; get one with: warta models pull recommended"
        )
    status = Status()

    def opener(name: str) -> Pipeline:
        count = Message.of(
            "progress.articles", "{count} article", plural="{count} articles", at=name, count=len(articles)
        )
        status.show(text(count))
        # What is remembered would be as fast as no model is.
        return build_pipeline(replace(settings, model=name, memory=False), status.show, warn=status.say)

    found = [replace(one, scores=scores(one, english)) for one in compare(articles, chosen, opener)]
    status.clear()
    sys.stdout.write(_rendered(found, format))
    for one in found:
        if one.error:
            complain(one.error if one.model in one.error else f"{one.model}: {one.error}")
    return 1 if all(one.error for one in found) else 0


def _check(files: Sequence[Path], references: Sequence[Path], format: str) -> None:
    """Raise UsageError for a format that there is not, or references that do not go with the files."""
    if format not in RENDERERS:
        raise UsageError(
            "command.format",
            "unknown format {format!r}; there are: {known}",
            format=format,
            known=", ".join(RENDERERS),
        )
    if references and len(references) != len(files):
        raise UsageError(
            "command.references",
            "{files} files need as many references, not {count}",
            files=len(files),
            count=len(references),
        )


def _rendered(found: Sequence[Compared], format: str) -> str:
    rendered = RENDERERS[format](found)
    if isinstance(rendered, str):
        return rendered
    return json.dumps(rendered, ensure_ascii=False, indent=2) + "\n"


def _article(path: Path) -> Article:
    return to_article(read_document(path, MAX_INPUT_BYTES), id=str(path))
