"""What the command line shares between its commands: reading, writing, progress, interruption."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from service.document import (
    Article,
    Finding,
    Message,
    Passage,
    Reading,
    SegmentTranslation,
    Summary,
    Translation,
)
from service.errors import InputError, UsageError, WartaError
from service.intake.documents import (
    JSON,
    KINDS,
    MARKDOWN,
    PDF,
    TEXT,
    document_text,
    keeps_structure,
    read_document,
    translate_document,
)
from service.intake.documents.blocks import AS_EVER, How
from service.intake.encoding import read_text
from service.intake.fetch import article as read_url
from service.intake.plain import left_out
from service.messages import place_name, term, text
from service.models.hint import better
from service.pipeline import Pipeline, build_pipeline, to_article, warnings
from service.render import marks, schema
from service.render.text import ARTICLE, TRANSLATION, Renderer, likeness, suggestions
from service.settings import MAX_INPUT_BYTES, Settings
from service.translation.guard.check import check
from service.translation.guard.rules import check as check_rules
from service.translation.guard.rules import load as load_rules
from service.translation.memory.base import Memory

SUFFIXES = {"text": ".txt", "markdown": ".md", "json": ".json"}
DOCUMENTS = tuple(suffix for kind in KINDS if kind not in (TEXT, MARKDOWN, JSON) for suffix in kind.suffixes)
"""What an output must not be called unless it is one."""

STDIN = Path("-")
INTERRUPTED = 130
Source = Path | str
"""A file, or a URL as a string."""


def source(text: str) -> Source:
    """Return what an argument names: a file, or a URL as it is, of which a path would lose slashes."""
    return text if text.lower().startswith(("http://", "https://")) else Path(text)


@dataclass(frozen=True, slots=True)
class Job:
    """What to read and where to put it. ``files`` may hold ``-``, once."""

    files: Sequence[Source]
    format: str
    output: Path | None
    keep_furniture: bool
    keep_lines: Sequence[int] = ()

    def __post_init__(self) -> None:
        if self.format not in SUFFIXES:
            raise UsageError(
                "command.format",
                "unknown format {format!r}; there are: {known}",
                format=self.format,
                known=", ".join(SUFFIXES),
            )
        if list(self.files).count(STDIN) > 1:
            raise UsageError("command.stdin_twice", "standard input (-) can be read once only")
        if self.output and len(self.files) > 1 and self.output.is_file():
            raise UsageError(
                "command.output_file", "{path} is a file; several inputs need a folder", path=self.output
            )
        if self.output and not self.output.parent.is_dir():
            raise UsageError("file.no_folder", "{path} is not a folder", path=self.output.parent)


@dataclass(frozen=True, slots=True)
class Work:
    """What a command makes of an article.

    ``finish`` gets the translation and the seconds it took, or None where ``whole`` is false
    and only a part of the article will be translated; ``renderers`` render what it gives; ``documents``
    says what of a document is translated, and how it is written again.
    """

    finish: Callable[[Pipeline, Article, Translation | None, float], object]
    renderers: Mapping[str, Renderer]
    whole: bool = True
    documents: How = AS_EVER


class Status:
    """One line on standard error that is written over; nothing at all where nobody watches."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    @property
    def watched(self) -> bool:
        """Whether standard error is a terminal."""
        return self._shown

    def show(self, text: str) -> None:
        """Replace the line."""
        if self._shown:
            width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
            sys.stderr.write(f"\r\x1b[K{text[: width - 1]}")
            sys.stderr.flush()

    def say(self, text: str) -> None:
        """Put a line that stays in its place."""
        self.clear()
        complain(text)

    def clear(self) -> None:
        """Leave an empty line for what comes next."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def complain(message: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write("warta: " + " ".join(message.split()) + "\n")


def run(job: Job, settings: Settings, work: Work) -> int:
    """Do ``work`` on every file; the exit code. A file that fails is named and the rest go on."""
    status = Status()
    try:
        return _run_all(job, settings, work, status)
    except KeyboardInterrupt:
        status.clear()
        complain(text(Message("command.stopped", "stopped")))
        return INTERRUPTED


def _run_all(job: Job, settings: Settings, work: Work, status: Status) -> int:
    pipeline: Pipeline | None = None
    failed = 0
    for path in job.files:
        try:
            document = _document_for(path, job, work)
            article = None if document else _article(path, job, work.documents)
            if pipeline is None:
                if line := better(settings):
                    status.say(line)
                pipeline = build_pipeline(settings, status.show, warn=status.say)
                for line in pipeline.notes:
                    status.say(line)
            if document and isinstance(path, Path):
                _document(path, document, pipeline, status, work.documents)
            elif article:
                _one(article, path, pipeline, job, work, status)
        except InputError as error:
            failed += 1
            status.clear()
            complain(text(error) if str(path) in str(error) else f"{_name(path)}: {text(error)}")
    return 1 if failed else 0


def clean_files(job: Job) -> int:
    """Write the article of every file, without what stands around it; the exit code."""
    failed = 0
    for path in job.files:
        try:
            article = _article(path, job)
        except InputError as error:
            failed += 1
            complain(text(error) if str(path) in str(error) else f"{_name(path)}: {text(error)}")
            continue
        _write(job, path, _rendered(ARTICLE, job, article), ending=".article")
        if job.format == "text" and (said := left_out(article.furniture)):
            complain(f"{_name(path)}: {text(said)}")
    return 1 if failed else 0


def check_files(
    source: Path,
    target: Path,
    format: str,
    rules: Path | None = None,
    dismiss: Sequence[str] = (),
    memory: Callable[[], Memory] | None = None,
) -> None:
    """Print the findings of each pair of lines; JSON has an object for every line.

    ``dismiss`` names lines, or ``LINE:CODE``, whose findings are remembered as none in what ``memory`` opens;
    those that are remembered are left out. Raises UsageError for another format or line, InputError for files
    that cannot be paired, StoreError.
    """
    if format not in ("text", "json"):
        raise UsageError(
            "command.format_two", "unknown format {format!r}; there are: text, json", format=format
        )
    pairs = list(zip(*_equal_lines(source, target), strict=True))
    own = load_rules(rules) if rules else ()
    found = [check(ours, theirs) + check_rules(own, ours, theirs) for ours, theirs in pairs]
    if dismiss and not memory:
        raise UsageError("command.dismiss_memory", "--dismiss needs the memory, and --no-memory is given")
    if memory and (dismiss or any(found)):
        found = _undismissed(pairs, found, dismiss, memory())
    for number, of_line in enumerate(found, start=1):
        if format == "json":
            line = schema.CheckedLine.model_validate({"line": number, "findings": of_line})
            sys.stdout.write(line.dumped() + "\n")
        else:
            sys.stdout.writelines(_found_line(number, finding) + "\n" for finding in of_line)
    if format == "text":
        total = Message.of(
            "command.to_check",
            "{flagged} of {count} line to check",
            plural="{flagged} of {count} lines to check",
            flagged=sum(map(bool, found)),
            count=len(pairs),
        )
        sys.stdout.write(text(total) + "\n")


def _found_line(number: int, finding: Finding) -> str:
    said = text(finding)
    return text(
        Message.of(
            "command.line",
            "line {line}, {kind}: {finding}",
            line=number,
            kind=term(finding.kind),
            finding=said,
        )
    )


def _undismissed(
    pairs: Sequence[tuple[str, str]],
    found: Sequence[tuple[Finding, ...]],
    dismiss: Sequence[str],
    memory: Memory,
) -> list[tuple[Finding, ...]]:
    """Return the findings of each line that nobody has dismissed; ``dismiss`` is remembered first."""
    for name in dismiss:
        number, _, code = name.partition(":")
        if not number.isdecimal() or not 1 <= int(number) <= len(pairs):
            raise UsageError(
                "command.dismiss_line",
                "--dismiss {name}: a line from 1 to {count} is wanted, as 3 or 3:number.changed",
                name=name,
                count=len(pairs),
            )
        chosen = [one for one in found[int(number) - 1] if code in ("", one.code, one.kind)]
        if not chosen:
            raise UsageError(
                "command.dismiss_nothing",
                "--dismiss {name}: nothing of that is found in line {line}",
                name=name,
                line=number,
            )
        memory.dismiss(*pairs[int(number) - 1], chosen)
    left = []
    for (ours, theirs), of_line in zip(pairs, found, strict=True):
        gone = memory.dismissed(ours, theirs, of_line) if of_line else frozenset()
        left.append(tuple(one for one in of_line if one not in gone))
    return left


def _equal_lines(source: Path, target: Path) -> tuple[list[str], list[str]]:
    texts = [read_text(path, MAX_INPUT_BYTES).removesuffix("\n") for path in (source, target)]
    # Only a line feed ends a line: a text may hold U+2028.
    ours, theirs = (text.replace("\r\n", "\n").split("\n") for text in texts)
    if len(ours) != len(theirs):
        raise InputError(
            "command.uneven",
            "{source} has {count} line, {target} has {theirs}: they cannot be paired",
            plural="{source} has {count} lines, {target} has {theirs}: they cannot be paired",
            source=source,
            count=len(ours),
            target=target,
            theirs=len(theirs),
        )
    return ours, theirs


def _article(path: Source, job: Job, how: How = AS_EVER) -> Article:
    if isinstance(path, str):
        raw = read_url(path)
    elif path == STDIN:
        if sys.stdin.isatty():
            asked = Message.of(
                "command.paste", "Paste the article, then end it with Ctrl-D on a line of its own."
            )
            sys.stderr.write(text(asked) + "\n")
        data = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
        if len(data) > MAX_INPUT_BYTES:
            raise InputError(
                "command.stdin_size",
                "standard input: larger than {size} MB",
                size=MAX_INPUT_BYTES // 1_000_000,
            )
        raw = document_text(data, "", MAX_INPUT_BYTES)
    else:
        raw = read_document(path, MAX_INPUT_BYTES, how.keys)
    kept = [number - 1 for number in job.keep_lines]
    return to_article(raw, id=_name(path), keep_furniture=job.keep_furniture, restored=kept)


def _document_for(path: Source, job: Job, work: Work) -> Path | None:
    """Return where the same document goes in English: for a translation into a file of the input's type."""
    single = len(job.files) == 1 and job.format == "text" and work.renderers is TRANSLATION
    into = job.output if len(job.files) == 1 else None
    if not into or into.is_dir():
        return None
    if single and isinstance(path, Path) and keeps_structure(path, into):
        return into
    if into.suffix.lower() in PDF.suffixes:
        raise UsageError(
            "command.pdf",
            "no PDF is written; a PDF becomes {made} in both languages, and everything .txt",
            at=into,
            made=" ".join(PDF.made),
        )
    if into.suffix.lower() in DOCUMENTS:
        raise UsageError(
            "command.document",
            "only translating a {suffix} as text makes a {suffix}; choose .txt",
            at=into,
            suffix=into.suffix,
        )
    return None


def _document(path: Path, into: Path, pipeline: Pipeline, status: Status, how: How) -> None:
    """Translate a document and keep its structure; what to check is named on standard error."""
    model, similar = pipeline.signature.preset, list[str]()

    done = list[SegmentTranslation]()

    def translate(passage: Passage) -> Iterator[SegmentTranslation]:
        for number, part in enumerate(pipeline.stream(passage), start=1):
            done.append(part)
            status.show(_progress(path, model, number, len(passage.sentences)))
            similar.extend(likeness(f"“{part.source}”", part))
            yield part

    found = translate_document(path, into, translate, MAX_INPUT_BYTES, replace(how, notes=marks.notes))
    status.clear()
    for item in found:
        note = Message.of(
            "command.check",
            "check {place}, {kind}: {finding}",
            at=_name(path),
            place=place_name(item.place),
            kind=term(item.finding.kind),
            finding=text(item.finding),
        )
        complain(text(note))
    for line in similar:
        complain(f"{_name(path)}: {line}")
    complain(marks.progress(done, model, _name(path)))


def _progress(path: Source, model: str, done: int, total: int) -> str:
    """Return how far a translation is, in a line."""
    return text(
        Message.of(
            "progress.sentences",
            "{model}, {done} of {count} sentence",
            plural="{model}, {done} of {count} sentences",
            at=_name(path),
            model=model,
            done=done,
            count=total,
        )
    )


def _one(article: Article, path: Source, pipeline: Pipeline, job: Job, work: Work, status: Status) -> None:
    started = time.perf_counter()
    translation = _translated(article, path, pipeline, job, status) if work.whole else None
    status.show(text(Message.of("progress.finishing", "finishing", at=_name(path))))
    result = work.finish(pipeline, article, translation, time.perf_counter() - started)
    status.clear()
    for warning in warnings(article):
        complain(f"{_name(path)}: {text(warning)}")
    if work.renderers is TRANSLATION and job.format == "text" and translation:
        for line in suggestions(translation):
            complain(f"{_name(path)}: {line}")
    _write(job, path, _rendered(work.renderers, job, result))
    _say_marked(result, path)


def _say_marked(result: object, path: Source) -> None:
    """Say on standard error how many sentences of a translation, summary or reading are to be checked."""
    if isinstance(result, Reading):
        result = result.translation
    if isinstance(result, Translation) or (isinstance(result, Summary) and result.language == "en"):
        complain(marks.progress(result.sentences, result.signature.preset, _name(path)))


def _translated(article: Article, path: Source, pipeline: Pipeline, job: Job, status: Status) -> Translation:
    """Return the whole translation; if it is stopped or fails, what was done is written and named."""
    total, model = len(article.sources), pipeline.signature.preset
    done: list[SegmentTranslation] = []
    try:
        status.show(_progress(path, model, 0, total))
        for part in pipeline.stream(article.passage()):
            done.append(part)
            status.show(_progress(path, model, len(done), total))
    except (KeyboardInterrupt, WartaError) as error:
        status.clear()
        if done:
            rendered = _rendered(TRANSLATION, job, pipeline.assemble(article, done))
            where = _write(job, path, rendered, suffix=".partial")
            note = Message.of(
                "command.stopped_after",
                "stopped after {count} of {total} sentence; it is in {path}",
                plural="stopped after {count} of {total} sentences; these are in {path}",
                at=_name(path),
                count=len(done),
                total=total,
                path=where,
            )
            complain(text(note))
        if isinstance(error, KeyboardInterrupt):
            raise SystemExit(INTERRUPTED) from None
        raise
    return pipeline.assemble(article, done)


def _rendered(renderers: Mapping[str, Renderer], job: Job, result: object) -> str:
    rendered = renderers[job.format](result)
    if isinstance(rendered, str):
        return rendered
    # Several JSON results are one a line, so that they can be told apart.
    return rendered.dumped(indent=2 if len(job.files) == 1 else None) + "\n"


def _write(job: Job, path: Source, text: str, suffix: str = "", ending: str = ".en") -> str:
    """Write to the file asked for, by way of a ``.partial`` one, or to standard output."""
    if job.output is None:
        if len(job.files) > 1 and job.format != "json":
            text = f"==> {_name(path)} <==\n\n{text}\n"
        sys.stdout.write(_folded(text) if sys.stdout.isatty() and job.format == "text" else text)
        sys.stdout.flush()
        return "standard output"
    target = job.output
    if len(job.files) > 1 or target.is_dir():
        target.mkdir(exist_ok=True)
        target = target / (_stem(path) + ending + SUFFIXES[job.format])
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_text(text, "utf-8")
        if suffix:
            return str(partial)
        partial.replace(target)
    except OSError as error:
        raise WartaError(
            "file.unwritable", "cannot be written: {reason}", at=target, reason=error.strerror
        ) from error
    return str(target)


def _folded(text: str) -> str:
    """Return ``text`` with its long lines broken between words, for a terminal; a list item hangs."""
    width = min(shutil.get_terminal_size().columns, 100)
    lines = []
    for line in text.split("\n"):
        indent = "  " if line.startswith("* ") else ""
        lines += textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [""]
    return "\n".join(lines)


def _stem(path: Source) -> str:
    """Return what an output in a folder is called after; for a URL its last word, or its host."""
    if isinstance(path, Path):
        return "stdin" if path == STDIN else path.stem
    parts = urlsplit(path)
    return Path(unquote(parts.path).replace("\\", "/")).stem or parts.hostname or "page"


def _name(path: Source) -> str:
    return "standard input" if path == STDIN else str(path)
