"""Put what was made elsewhere beside a system's answers: segment scores and the errors raters marked."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval import spans
from eval.metrics import Better
from eval.scoring import Answer, Output
from eval.tables import read_lines
from service.errors import InputError, UsageError

# The lines of `comet-score`: "file.txt	Segment 0	score: 0.8123", the system's own mean last.
_NUMBER = re.compile(r"(?:\bscore:\s*+)?(-?[0-9]++(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|nan)\s*+\Z")
_SYSTEM_LINE = re.compile(r"\bscore:", re.IGNORECASE)
_LOWER = ":lower"


@dataclass(frozen=True, slots=True)
class Given:
    """One metric's files of segment scores, one a system in the order of the systems."""

    metric: str
    better: Better
    files: tuple[Path, ...]


def parse(options: Sequence[str], systems: int) -> list[Given]:
    """Read ``METRIC=FILE`` and ``METRIC:lower=FILE``, as often for a metric as there are systems.

    Raises :class:`UsageError`.
    """
    files: dict[str, list[Path]] = defaultdict(list)
    for option in options:
        name, _, path = option.partition("=")
        if not name or not path:
            raise UsageError(
                "score.scores_option", "--scores takes METRIC=FILE, not {option!r}", option=option
            )
        files[name].append(Path(path))
    for name, paths in files.items():
        if len(paths) != systems:
            raise UsageError(
                "score.scores_count",
                "--scores {name}=FILE must be given once for every --hyp ({systems})",
                name=name,
                systems=systems,
            )
    return [
        Given(name.removesuffix(_LOWER), "lower" if name.endswith(_LOWER) else "higher", tuple(paths))
        for name, paths in files.items()
    ]


def read_scores(path: Path, segments: int) -> list[float]:
    """Return a file's segment scores: a JSON list, or a number at the end of each line.

    ``comet-score`` adds a line for the whole system, which is left out, and writes JSON as
    ``{system: [{"COMET": score}, …]}``. Raises :class:`InputError` for another count than ``segments``.
    """
    lines = [line for line in read_lines(path) if line.strip()]
    numbers = _from_json("\n".join(lines), path) if lines and lines[0].lstrip()[:1] in "[{" else None
    if numbers is None:
        if len(lines) == segments + 1 and _SYSTEM_LINE.search(lines[-1]) and "egment" not in lines[-1]:
            lines.pop()
        found = [_NUMBER.search(line) for line in lines]
        if None in found:
            raise InputError(
                "score.no_number", "line {line} ends with no number", at=path, line=found.index(None) + 1
            )
        numbers = [float(match[1]) for match in found if match]
    if len(numbers) != segments:
        raise InputError(
            "score.scores_for",
            "{count} score for {segments} segments",
            plural="{count} scores for {segments} segments",
            at=path,
            count=len(numbers),
            segments=segments,
        )
    if any(math.isinf(number) for number in numbers):
        raise InputError("score.infinite", "a score is infinite", at=path)
    return numbers


def _from_json(text: str, path: Path) -> list[float]:
    try:
        record = json.loads(text)
        if isinstance(record, dict):
            (record,) = (value for value in record.values() if isinstance(value, list))
        return [float(row["COMET"] if isinstance(row, dict) else row) for row in record]
    except (ValueError, TypeError, KeyError):
        raise InputError("score.no_score_list", "no list of scores", at=path) from None


def with_scores(outputs: Sequence[Output], given: Sequence[Given]) -> list[Output]:
    """Return the outputs with the scores of the files beside each answer."""
    done = list(outputs)
    for one in given:
        for place, path in enumerate(one.files):
            answers = done[place].answers
            values = read_scores(path, len(answers))
            scored = [
                answer if math.isnan(value) else replace(answer, scores=(*answer.scores, (one.metric, value)))
                for answer, value in zip(answers, values, strict=True)
            ]
            done[place] = replace(done[place], answers=tuple(scored))
    return done


def with_spans(outputs: Sequence[Output], rated: Sequence[spans.Rated]) -> list[Output]:
    """Return the outputs with the errors that raters marked, and their MQM or ESA score.

    A rating belongs to the system of its name and to every segment with exactly its target text. Raises
    :class:`InputError` for a rating that finds no such segment: it was made of another output.
    """
    by_place: dict[tuple[str, str], list[spans.Rated]] = defaultdict(list)
    for one in rated:
        by_place[one.system, _plain(one.target)].append(one)
    names = {output.name for output in outputs}
    unused = {key for key in by_place if key[0] in names}
    if not unused:
        listed = ", ".join(sorted({one.system for one in rated})) or "none"
        raise InputError(
            "score.other_ratings",
            "the ratings are of other systems ({systems}); name yours with --name",
            systems=listed,
        )
    done = []
    for output in outputs:
        answers = []
        for answer in output.answers:
            key = (output.name, _plain(answer.text))
            answers.append(_marked(answer, by_place.get(key, ())))
            unused.discard(key)
        done.append(replace(output, answers=tuple(answers)))
    if unused:
        name, text = min(unused)
        raise InputError(
            "score.other_rated",
            "a rating of {name} is of a text that it did not write: {text!r}",
            name=name,
            text=text[:60],
        )
    return done


def _marked(answer: Answer, rated: Sequence[spans.Rated]) -> Answer:
    if not rated:
        return answer
    marked = tuple(span for one in rated for span in one.spans)
    raters = tuple((one.rater, one.score) for one in rated)
    return replace(answer, spans=marked, scores=(*answer.scores, spans.score(rated)), raters=raters)


def _plain(text: str) -> str:
    return " ".join(text.split())


def better_sides(outputs: Sequence[Output], given: Sequence[Given]) -> dict[str, Better]:
    """Return the metrics that came with the outputs, and which side of each is better."""
    named = {name for output in outputs for answer in output.answers for name, _ in answer.scores}
    known: Mapping[str, Better] = {"MQM": "lower", **{one.metric: one.better for one in given}}
    return {name: known.get(name, "higher") for name in sorted(named)}
