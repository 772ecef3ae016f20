"""The report as one self-contained HTML page: no script, no request, light and dark, fit to print."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Callable, Iterator, Sequence
from html import escape
from importlib.resources import files

import numpy as np

from eval.report import formats as report
from eval.report import plots, sections
from eval.scoring import Evaluation, Scored
from eval.significance import Array
from eval.spans import Span
from eval.subsets import by_size
from eval.text import sentences

_EXAMPLES = 5


def shown_metric(system: Scored) -> str:
    """Return the metric shown segment by segment: chrF2, steadier on one sentence than BLEU, else the
    first.
    """
    return "chrF2" if system.score("chrF2") else system.scores[0].name


def segment_scores(system: Scored) -> Array:
    """Return the shown metric of every segment by itself; 0 where it is undefined."""
    score = system.score(shown_metric(system))
    if score is None:
        return np.zeros(len(system.output.answers))
    return np.nan_to_num(score.formula(score.statistics))


def render(evaluation: Evaluation, segments: str) -> str:
    """Return the page; ``segments`` is the JSONL offered for download."""
    name = escape(evaluation.dataset.name)
    sections = [
        ("scores", "Scores", _scores(evaluation)),
        ("problems", "Problems in the text", _problems(evaluation)),
        ("differences", "Which differences are real", _comparisons(evaluation)),
        ("plots", "Where the systems differ", _plots(evaluation)),
        ("examples", "Largest wins and losses", _examples(evaluation)),
        ("parts", "Parts of the data, and confidence", _extra_tables(evaluation)),
        ("spans", "Errors that raters marked", _spans(evaluation)),
        ("findings", "What the guard found", _findings(evaluation)),
        ("cost", "Speed and cost", _cost(evaluation)),
        ("downloads", "Downloads and signatures", _downloads(evaluation, segments)),
    ]
    present = [(key, title, body) for key, title, body in sections if body]
    contents = "".join(f'<li><a href="#{key}">{title}</a></li>' for key, title, _ in present)
    bodies = "".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{title}</h2>{body}</section>'
        for key, title, body in present
    )
    style = (files("eval") / "data" / "page.css").read_text("utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>Evaluation on {name}</title><style>{style}</style></head><body>"
        f"<header><h1>Evaluation on {name}</h1>{_about(evaluation)}"
        f'<nav aria-label="Contents"><ul>{contents}</ul></nav></header><main>{bodies}</main></body></html>\n'
    )


def _about(evaluation: Evaluation) -> str:
    dataset = evaluation.dataset
    facts = [f"{len(dataset.references):,} segments", f"SHA-256 {dataset.sha256[:12]}…"]
    facts += [text for text in (dataset.licence, dataset.citation) if text]
    return f"<p>{escape(' · '.join(facts))}</p>"


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; cells are HTML already, the first of a row is its header.

    Wide tables scroll by themselves.
    """
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


# --- tables ------------------------------------------------------------------------------------


def _scores(evaluation: Evaluation) -> str:
    names = report.metric_names(evaluation)
    tops = {name: report.best(evaluation, name) for name in names}
    ties = {name: report.tied(evaluation, name) for name in names}
    better = {s.name: s.better for system in evaluation.systems for s in system.scores}

    def cell(system: Scored, name: str, ranked: bool) -> str:
        score = system.score(name)
        if score is None:
            return "–"
        places = sections.digits(name)
        low, high = (f"{bound:.{places}f}" for bound in score.interval)
        value = f"{score.score:.{places}f}"
        if ranked and tops[name] == system.output.name:
            value = f'<strong title="best">{value}</strong>'
        elif ranked and system.output.name in ties[name]:
            value += f'<sup title="not significantly different from the best">{report.TIED}</sup>'
        return f'{value}<span class="range">{low} to {high}</span>'

    rows = [[escape(s.output.name), *(cell(s, n, True) for n in names)] for s in evaluation.systems]
    rows += [
        [f"{escape(b.output.name)} <i>baseline</i>", *(cell(b, n, False) for n in names)]
        for b in evaluation.baselines
    ]
    for name in dict.fromkeys(p.system for p in evaluation.published):
        figures = {p.metric: f"{p.score:g}" for p in evaluation.published if p.system == name}
        rows.append([f"{escape(name)} <i>published</i>", *(figures.get(n, "–") for n in names)])
    header = ["system", *(escape(f"{n} {report.ARROWS[better[n]]}".strip()) for n in names)]
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes(evaluation))
    caption = "Scores with their 95 % bootstrap intervals; the best in bold, ↑ more is better, ↓ less is"
    return f'{_table(caption, header, rows)}<ul class="notes">{notes}</ul>'


def _problems(evaluation: Evaluation) -> str:
    problems = [*evaluation.problems, *(p for s in evaluation.systems for p in s.problems)]
    items = "".join(f"<li>{escape(str(problem))}</li>" for problem in problems)
    return f"<ul>{items}</ul>" if items else ""


def _comparisons(evaluation: Evaluation) -> str:
    parts = []
    header = ["pair", "difference", "95 % interval", "bootstrap p", "randomisation p", "Holm p", "verdict"]
    for i, name in enumerate(report.metric_names(evaluation)):
        rows = [
            [
                escape(f"{c.a} − {c.b}"),
                f"{c.difference:+.2f}",
                f"{c.interval[0]:+.2f} to {c.interval[1]:+.2f}",
                *(f"{p:.4f}" for p in (c.p_bootstrap, c.p_randomisation, c.p_holm)),
                "<strong>significant</strong>" if c.significant else "not significant",
            ]
            for c in evaluation.comparisons
            if c.metric == name
        ]
        if rows:
            table = _table(f"{name}: every pair of systems", header, rows)
            opened = " open" if i == 0 else ""
            parts.append(f"<details{opened}><summary>{escape(name)}</summary>{table}</details>")
    return "".join(parts)


def _findings(evaluation: Evaluation) -> str:
    counts = {s.output.name: report.kinds(s) for s in evaluation.systems if s.findings}
    found = list(dict.fromkeys(kind for kinds in counts.values() for kind in kinds))
    if not found:
        return "<p>Nothing, in any line.</p>" if counts else ""
    rows = [[escape(name), *(str(kinds.get(kind, 0)) for kind in found)] for name, kinds in counts.items()]
    return _table("Findings by kind", ["system", *map(escape, found)], rows)


def _cost(evaluation: Evaluation) -> str:
    header = [
        "system",
        "words/s",
        "tokens/s (13a)",
        "p50 s",
        "p95 s",
        "batch",
        "load s",
        "peak MB",
        "hardware",
    ]
    rows = [
        [
            escape(s.output.name),
            f"{c.words_per_second:.1f}",
            f"{c.tokens_per_second:.1f}",
            f"{c.p50_seconds:.3f}",
            f"{c.p95_seconds:.3f}",
            str(c.batch),
            f"{c.load_seconds:.1f}",
            f"{c.peak_megabytes:.0f}" if c.peak_megabytes is not None else "–",
            escape(c.hardware),
        ]
        for s in evaluation.systems
        if (c := s.output.cost) is not None
    ]
    return (
        _table("Measured in the run; a segment's seconds are its batch's share", header, rows) if rows else ""
    )


def _extra_tables(evaluation: Evaluation) -> str:
    return "".join(
        _table(table.caption, [escape(c) for c in table.header], [[escape(c) for c in r] for r in table.rows])
        for table in sections.tables(evaluation)
    )


def _spans(evaluation: Evaluation) -> str:
    articles = [_marked_segment(one) for one in sections.marked_segments(evaluation)]
    legend = "".join(f'<mark class="{name}">{name}</mark> ' for name in ("minor", "major", "critical"))
    return f"<p>{legend}The worst segments first.</p>{''.join(articles)}" if articles else ""


def _marked_segment(one: sections.Marked) -> str:
    scores = " · ".join(f"{name} {value:g}" for name, value in one.scores)
    whole = "".join(
        f'<li><mark class="{_severity(s)}">{escape(_named(s))}</mark>, the whole segment</li>'
        for s in one.whole
    )
    source = f'<dt>source</dt><dd lang="id" dir="auto">{_in_pieces(one.source)}</dd>' if one.source else ""
    return (
        f"<article><h4>Line {one.line}, {escape(one.system)} <span>{escape(scores)}</span></h4><dl>{source}"
        f'<dt>translation</dt><dd dir="auto">{_in_pieces(one.target)}</dd></dl>'
        f"{f'<ul>{whole}</ul>' if whole else ''}</article>"
    )


def _in_pieces(pieces: Sequence[tuple[str, Span | None]]) -> str:
    return "".join(
        f'<mark class="{_severity(span)}" title="{escape(_named(span))}">{escape(text)}</mark>'
        if span
        else escape(text)
        for text, span in pieces
    )


def _severity(span: Span) -> str:
    return span.severity if span.severity in ("minor", "major", "critical") else "neutral"


def _named(span: Span) -> str:
    return ", ".join(filter(None, (span.category, span.severity, span.rater)))


# --- plots -------------------------------------------------------------------------------------


def _grouped(system: Scored, groups: Sequence[Sequence[int]]) -> list[float]:
    """Return the shown metric of each group of segments, from the sums of its rows."""
    score = system.score(shown_metric(system))
    if score is None:
        return [float("nan")] * len(groups)
    return [
        float(score.formula(score.statistics[list(g)].sum(axis=0))) if g else float("nan") for g in groups
    ]


def _plots(evaluation: Evaluation) -> str:
    systems, dataset = evaluation.systems, evaluation.dataset
    metric = shown_metric(systems[0])
    key = plots.legend([s.output.name for s in systems])
    texts = dataset.sources or dataset.references
    side = "source" if dataset.sources else "reference"
    figures: list[tuple[str, str]] = []

    def over(
        caption: str,
        labels: Sequence[str],
        groups: Sequence[Sequence[int]],
        draw: Callable[..., str],
        axes: object,
    ) -> None:
        kept = [(label, group) for label, group in zip(labels, groups, strict=True) if group]
        series = [plots.Series(s.output.name, _grouped(s, [g for _, g in kept])) for s in systems]
        if len(kept) > 1:
            figures.append((caption, draw(caption, [label for label, _ in kept], series, axes) + key))

    measures = (
        (f"{side} length", "words", by_size([len(text.split()) for text in texts])),
        (f"number of {side} sentences", "sentences", by_size([len(sentences(text)) for text in texts])),
    )
    for measure, unit, ranges in measures:
        labels = [f"{label} ({len(members)})" for label, members in ranges]
        groups = [members for _, members in ranges]
        over(f"{metric} by {measure}", labels, groups, plots.lines, (f"{unit} (segments)", metric))
    topics = list(dict.fromkeys(dataset.topics))
    groups = [[i for i, t in enumerate(dataset.topics) if t == topic] for topic in topics]
    over(f"{metric} by topic", topics, groups, plots.rows, metric)
    figures += _histograms(systems, metric)
    figures += _speed(systems)
    figures += _calibration(systems, metric, key)
    return (
        '<div class="figures">'
        + "".join(
            f"<figure><figcaption>{escape(caption)}</figcaption>{body}</figure>" for caption, body in figures
        )
        + "</div>"
    )


def _histograms(systems: Sequence[Scored], metric: str) -> Iterator[tuple[str, str]]:
    tables = [segment_scores(s) for s in systems]
    if metric == "length-ratio" or max(float(t.max()) for t in tables) > 100:
        return
    top = max(int(np.histogram(t, bins=10, range=(0, 100))[0].max()) for t in tables)
    parts = [
        f'<div class="one"><p>{escape(s.output.name)}</p>'
        f"{plots.histogram(f'{metric} of single segments, {s.output.name}', t.tolist(), i, top)}</div>"
        for i, (s, t) in enumerate(zip(systems, tables, strict=True))
    ]
    yield f"How many segments reach which {metric}", f'<div class="many">{"".join(parts)}</div>'


def _speed(systems: Sequence[Scored]) -> Iterator[tuple[str, str]]:
    points = [(s.output.name, c.words_per_second, s.scores[0].score) for s in systems if (c := s.output.cost)]
    if points:
        caption = "Speed against quality"
        drawn = plots.scatter(caption, points, ("words per second", systems[0].scores[0].name))
        yield caption, drawn + plots.legend([name for name, _, _ in points])


def _calibration(systems: Sequence[Scored], metric: str, key: str) -> Iterator[tuple[str, str]]:
    """Yield mean segment score by fifth of confidence: a line that rises says the confidence can be
    trusted.
    """
    series = []
    for system in systems:
        confidence = [a.confidence for a in system.output.answers if a.confidence is not None]
        values = [float("nan")] * 5
        if len(confidence) == len(system.output.answers) >= 10:
            fifths = np.array_split(np.argsort(confidence, kind="stable"), 5)
            values = [float(segment_scores(system)[fifth].mean()) for fifth in fifths]
        series.append(plots.Series(system.output.name, values))
    if any(not np.isnan(s.values[0]) for s in series):
        caption = f"Is the confidence right? Mean segment {metric} by confidence"
        labels = ["least sure", "", "middle", "", "most sure"]
        yield caption, plots.lines(caption, labels, series, ("fifths of the segments", metric)) + key


# --- examples ----------------------------------------------------------------------------------


def _examples(evaluation: Evaluation) -> str:
    """Return the best system by the first metric against every other."""
    systems = evaluation.systems
    if len(systems) < 2:
        return ""
    top = report.best(evaluation, report.metric_names(evaluation)[0]) or systems[0].output.name
    first = next(s for s in systems if s.output.name == top)
    scores = {s.output.name: segment_scores(s) for s in systems}
    shown = first.score(shown_metric(first))
    sign = -1 if shown is not None and shown.better == "lower" else 1
    parts: list[str] = []
    for other in (s for s in systems if s is not first):
        gap = sign * (scores[top] - scores[other.output.name])
        order = np.argsort(-gap, kind="stable")
        wins = [int(i) for i in order[:_EXAMPLES] if gap[i] > 0]
        losses = [int(i) for i in order[::-1][:_EXAMPLES] if gap[i] < 0]
        blocks = [
            f"<h3>{escape(title)}</h3>"
            + "".join(_example(evaluation, (first, other), i, scores) for i in lines)
            for title, lines in ((f"{top} ahead", wins), (f"{other.output.name} ahead", losses))
            if lines
        ]
        summary = f"{escape(top)} and {escape(other.output.name)}"
        opened = "" if parts else " open"
        parts.append(f"<details{opened}><summary>{summary}</summary>{''.join(blocks)}</details>")
    marks = "<del>struck</del> and <ins>underlined</ins>"
    return f"<p>By segment score. Words that only one of the two has are {marks}.</p>" + "".join(parts)


def _example(evaluation: Evaluation, pair: tuple[Scored, Scored], i: int, scores: dict[str, Array]) -> str:
    dataset = evaluation.dataset
    left, right = (s.output.texts[i] for s in pair)
    marked = _marked(left, right)
    source = (
        f'<dt>source</dt><dd lang="id" dir="auto">{escape(dataset.sources[i])}</dd>'
        if dataset.sources
        else ""
    )
    columns = "".join(
        f"<div><h5>{escape(s.output.name)} <span>{scores[s.output.name][i]:.1f}</span></h5>"
        f"<p>{text or '<i>empty</i>'}</p></div>"
        for s, text in zip(pair, marked, strict=True)
    )
    return (
        f"<article><h4>Line {i + 1}</h4><dl>{source}<dt>reference</dt>"
        f'<dd dir="auto">{escape(dataset.references[i])}</dd></dl><div class="pair">{columns}</div></article>'
    )


def _marked(left: str, right: str) -> tuple[str, str]:
    """Return both texts as HTML, the words that only the left or only the right has in ``del`` and
    ``ins``.
    """
    a, b = left.split(), right.split()
    sides: tuple[list[str], list[str]] = ([], [])
    for kind, i, j, k, m in difflib.SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        for side, words, tag in ((sides[0], a[i:j], "del"), (sides[1], b[k:m], "ins")):
            text = escape(" ".join(words))
            if text:
                side.append(text if kind == "equal" else f"<{tag}>{text}</{tag}>")
    return " ".join(sides[0]), " ".join(sides[1])


# --- downloads ---------------------------------------------------------------------------------


def _link(text: str, name: str, kind: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    size = f"{len(text.encode()) / 1000:,.0f} kB"
    return f'<li><a download="{name}" href="data:{kind};base64,{data}">{name}</a> ({size})</li>'


def _downloads(evaluation: Evaluation, segments: str) -> str:
    links = _link(report.comma_separated(evaluation), "scores.csv", "text/csv")
    links += _link(segments, "segments.jsonl", "application/x-ndjson")
    rows = "".join(
        f"<dt>{escape(s.output.name)}, {escape(score.name)}</dt>"
        f"<dd><code>{escape(score.signature)}</code></dd>"
        for s in evaluation.systems
        for score in s.scores
    )
    signatures = f"<details><summary>Signatures of all scores</summary><dl>{rows}</dl></details>"
    return f"<ul>{links}</ul>{signatures}"
