"""Small plots as inline SVG. The page's style sheet has the colours; every series has its own marker too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 44
STYLES = 8  # colours and markers before they come round again

# Marker outlines around (0, 0): circle, square, triangle, diamond, triangle down, plus, cross, bar.
_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "M-3.5-3.5h7v7h-7z",
    "M0-4.5L4.5 3.5h-9z",
    "M0-5L5 0 0 5-5 0z",
    "M0 4.5L4.5-3.5h-9z",
    "M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "M-4-2.5l1.5-1.5 2.5 2.5 2.5-2.5 1.5 1.5-2.5 2.5 2.5 2.5-1.5 1.5-2.5-2.5-2.5 2.5-1.5-1.5 2.5-2.5z",
    "M-5-1.8h10v3.6h-10z",
)


@dataclass(frozen=True, slots=True)
class Series:
    """One system's values, one a category; NaN where there is none."""

    name: str
    values: Sequence[float]


def marker(index: int, x: float, y: float, title: str) -> str:
    """Return the marker of series ``index``; ``title`` is shown on hover and read aloud."""
    place = f'transform="translate({x:.1f} {y:.1f})"'
    shape = f'd="{_SHAPES[index % STYLES]}"'
    return f'<path class="m s{index % STYLES}" {place} {shape}><title>{escape(title)}</title></path>'


def legend(names: Sequence[str]) -> str:
    """Return the names with their markers, as an HTML list."""
    items = (
        '<li><svg viewBox="-6 -6 12 12" class="key" aria-hidden="true">'
        f"{marker(i, 0, 0, name)}</svg>{escape(name)}</li>"
        for i, name in enumerate(names)
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def _ticks(low: float, high: float) -> list[float]:
    """Return four to eight round numbers from below ``low`` to above ``high``."""
    if not high > low:
        low, high = low - 1, high + 1
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [n * step for n in range(first, last + 1)]


def _scale(ticks: Sequence[float], start: float, end: float) -> tuple[float, float]:
    """Return slope and offset that lay the ticks' range on [start, end] pixels."""
    slope = (end - start) / (ticks[-1] - ticks[0])
    return slope, start - slope * ticks[0]


def _text(x: float, y: float, content: str, anchor: str = "middle", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(content)}</text>'


def _svg(title: str, body: Sequence[str], height: int = HEIGHT, kind: str = "plot") -> str:
    head = f'<svg class="{kind}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return head + "".join(body) + "</svg>"


def _left_axis(ticks: Sequence[float], label: str) -> tuple[list[str], float, float]:
    slope, offset = _scale(ticks, HEIGHT - BOTTOM, TOP)
    parts = []
    for tick in ticks:
        y = slope * tick + offset
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{tick:g}", "end"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(_text(14, middle, label, extra=f' transform="rotate(-90 14 {middle:.1f})"'))
    return parts, slope, offset


def lines(title: str, categories: Sequence[str], series: Sequence[Series], axes: tuple[str, str]) -> str:
    """Draw one line a series over ordered categories; ``axes`` are the labels of x and y."""
    known = [v for s in series for v in s.values if not math.isnan(v)]
    parts, slope, offset = _left_axis(_ticks(min(known), max(known)), axes[1])
    step = (WIDTH - LEFT - RIGHT) / len(categories)
    xs = [LEFT + step * (i + 0.5) for i in range(len(categories))]
    parts += [_text(x, HEIGHT - BOTTOM + 18, name) for x, name in zip(xs, categories, strict=True)]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, axes[0]))
    for index, one in enumerate(series):
        points = [
            (x, slope * v + offset, v, c)
            for x, v, c in zip(xs, one.values, categories, strict=True)
            if not math.isnan(v)
        ]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y, _, _ in points)
        parts.append(f'<path class="line s{index % STYLES}" d="M{path}"/>')
        parts += [marker(index, x, y, f"{one.name}, {c}: {v:.1f}") for x, y, v, c in points]
    return _svg(title, parts)


def rows(title: str, categories: Sequence[str], series: Sequence[Series], label: str) -> str:
    """Draw one row a category, one marker a series: for names too long to stand under an axis."""
    left, pitch = 190, 20
    height = TOP + pitch * len(categories) + 40
    known = [v for s in series for v in s.values if not math.isnan(v)]
    ticks = _ticks(min(known), max(known))
    slope, offset = _scale(ticks, left, WIDTH - RIGHT - 8)
    parts = []
    for tick in ticks:
        x = slope * tick + offset
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - 38}"/>')
        parts.append(_text(x, height - 24, f"{tick:g}"))
    parts.append(_text((left + WIDTH) / 2, height - 6, label))
    for i, category in enumerate(categories):
        y = TOP + pitch * (i + 0.5)
        parts.append(_text(left - 8, y + 4, category, "end"))
        for index, one in enumerate(series):
            if not math.isnan(one.values[i]):
                note = f"{one.name}, {category}: {one.values[i]:.1f}"
                parts.append(marker(index, slope * one.values[i] + offset, y, note))
    return _svg(title, parts, height, "plot rows")


def histogram(title: str, values: Sequence[float], index: int, top: int) -> str:
    """Count of values from 0 to 100 in steps of ten; ``top`` fixes the height so that several compare."""
    counts = [0] * 10
    for value in values:
        counts[min(9, max(0, int(value // 10)))] += 1
    width, base, full = 36.0, 96.0, 80.0
    parts = []
    for i, count in enumerate(counts):
        height = full * count / max(1, top)
        x, y = 8 + i * width, base - height
        tip = f"<title>{i * 10} to {i * 10 + 10}: {count} segments</title>"
        parts.append(
            f'<rect class="bar s{index % STYLES}" x="{x + 1:.1f}" y="{y:.1f}" '
            f'width="{width - 2}" height="{height:.1f}">{tip}</rect>'
        )
        parts.append(_text(x + width / 2, y - 3, str(count)))
    parts += [_text(8 + i * width, base + 15, str(i * 10)) for i in range(11)]
    head = f'<svg class="small" viewBox="-4 0 384 116" role="img" aria-label="{escape(title)}">'
    return head + "".join(parts) + "</svg>"


def scatter(title: str, points: Sequence[tuple[str, float, float]], axes: tuple[str, str]) -> str:
    """Draw one named marker a system at (x, y); x is positive and on a scale of powers of ten."""
    parts, slope, offset = _left_axis(_ticks(min(p[2] for p in points), max(p[2] for p in points)), axes[1])
    powers = [math.log10(x) for _, x, _ in points]
    low = math.floor(min(powers))
    ticks = [float(n) for n in range(low, max(low + 1, math.ceil(max(powers))) + 1)]
    across, start = _scale(ticks, LEFT, WIDTH - RIGHT - 18)
    labelled = ticks[:: math.ceil(len(ticks) / 6)]
    parts += [_text(across * t + start, HEIGHT - BOTTOM + 18, f"{10**t:,.10g}") for t in labelled]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, axes[0]))
    parts += [
        marker(i, across * power + start, slope * y + offset, f"{name}: {x:,.1f}, {y:.1f}")
        for i, ((name, x, y), power) in enumerate(zip(points, powers, strict=True))
    ]
    return _svg(title, parts)
