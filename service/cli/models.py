"""What ``warta models`` shows and does on a terminal."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Sequence

from service import presets
from service.cli.articles import Status
from service.document import Message
from service.errors import NotInstalled, StoreError, UsageError
from service.messages import term, text
from service.models.catalog import ListedModel, rows
from service.models.gemma import build as embedded
from service.models.offer import Offer, Sources, offer
from service.models.pace import Pace, duration
from service.models.pull import pull, under_way
from service.models.store import Store
from service.presets import Preset
from service.render import schema

RECOMMENDED = "recommended"
HEAD = ("model", "quality", "size", "speed", "licence", "state", "good for")


def table(found: Sequence[ListedModel], width: int) -> str:
    """Return the rows as one table, ``width`` columns wide where they fit; what a model is for comes last."""
    lines = [_cells(row) for row in found]
    widths = [max(len(line[i]) for line in (HEAD, *lines)) for i in range(len(HEAD))]
    room = width - sum(widths[:-1]) - 2 * (len(HEAD) - 1)
    shown = []
    for task in ("translate", "summarize"):
        shown.append(f"To {task}:")
        shown += _line(HEAD, widths, room)
        for row, cells in zip(found, lines, strict=True):
            if row.task == task:
                shown += _line(cells, widths, room)
        shown.append("")
    best = next((row.name for row in found if row.recommended), "")
    shown.append(f"* recommended: warta models pull recommended ({best}). Quality in full: --format json.")
    notes = dict.fromkeys(row.licence_note for row in found if row.licence_note)
    shown += [line for note in notes for line in textwrap.wrap(f"Licence: {note}", max(width, 40))]
    return "\n".join(shown)


def _cells(row: ListedModel) -> tuple[str, ...]:
    size = row.size or row.download
    return (
        row.name + (" *" if row.recommended else ""),
        row.quality or "not known",
        f"{size / 1e6:.0f} MB" if size else "-",
        row.speed or "-",
        row.licence_word,
        row.state or "-",
        row.purpose,
    )


def _line(cells: Sequence[str], widths: Sequence[int], room: int) -> list[str]:
    """Return a row of the table; where the last column has little room it stands on lines of its own,
    indented.
    """
    *front, last = cells
    line = "  ".join(f"{cell:<{width}}" for cell, width in zip(front, widths, strict=False))
    if room >= 24:
        parts = textwrap.wrap(last, room) or [""]
        return [f"{line}  {parts[0]}".rstrip(), *(" " * (len(line) + 2) + part for part in parts[1:])]
    return [line.rstrip()] + ([f"    {last}"] if last and cells is not HEAD else [])


def to_json(found: Sequence[ListedModel]) -> str:
    """Return the rows as a JSON list."""
    return json.dumps(
        [schema.ModelInfo.model_validate(row).model_dump() for row in found], indent=2, ensure_ascii=False
    )


def named(name: str | None, store: Store) -> Preset:
    """Return the model to pull: ``recommended`` is a name too, and without one the user is asked.

    Raises UsageError where nobody can be asked, or nothing was chosen; UnknownModel.
    """
    if name == RECOMMENDED:
        return presets.recommended()
    return presets.get(name) if name else _asked(store)


def _asked(store: Store) -> Preset:
    """Return the model that a person chooses from the list of those that can be pulled."""
    able = [row for row in rows(store) if presets.get(row.name).host and row.state != "installed"]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        names = ", ".join(row.name for row in able)
        raise UsageError(
            "models.name_one", "name a model to pull, or say recommended; there are: {known}", known=names
        )
    about = Message.of(
        "models.pull_about",
        "These models can be pulled. A pull fetches one, checks its sums and installs it; it may be stopped "
        "and goes on where it was, another day too. Nothing leaves this machine.",
    )
    _say("\n".join(textwrap.wrap(text(about), 100)) + "\n")
    for number, row in enumerate(able, start=1):
        star = " (recommended)" if row.recommended else ""
        _say(f"{number:>2}  {row.name}{star}: {row.purpose}; {row.quality or 'quality not known'}")
        _say(f"      {row.download / 1e6:.0f} MB, {row.speed}, licence {row.licence}")
    first = presets.recommended().name
    which = Message.of("models.which", "Which one, by number or name? [{name}]", name=first)
    sys.stderr.write(text(which) + " ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(able):
        return presets.get(able[int(answer) - 1].name)
    return presets.get(answer) if answer else presets.recommended()


def install(store: Store, preset: Preset, sources: Sources, *, agreed: bool) -> None:
    """Pull a model, or prepare the embedded one, showing size, licence and progress.

    Raises UsageError where a limited licence was not agreed to, NotInstalled, StoreError.
    """
    if preset.architecture == "echo":
        raise UsageError("models.echo_pull", "echo is built in; there is nothing to pull")
    if preset.architecture == "endpoint":
        raise UsageError(
            "models.endpoint_pull",
            "{name} runs on a server of yours; there is nothing to pull: see docs/models.md",
            name=preset.name,
        )
    if preset.architecture == "causal":
        _say(f"{preset.name}: {preset.licence_note}")
        status = Status()
        embedded.prepare(store, preset, lambda stage: status.show(f"{preset.name}: {stage}"))
        status.clear()
    else:
        _pull(store, preset, sources, agreed=agreed)
    manifest = store.require(preset)
    done = Message.of(
        "models.installed",
        "installed, {size} MB, revision {revision}",
        at=preset.name,
        size=f"{manifest.size / 1e6:.0f}",
        revision=manifest.revision,
    )
    _say(text(done))


def check(store: Store, names: Sequence[str]) -> bool:
    """Verify the named models, or all that are installed; return whether all are sound."""
    chosen = [presets.get(name) for name in names]
    if not chosen:
        chosen = [p for p in presets.all_presets().values() if (store.folder(p) / "manifest.json").exists()]
    if not chosen:
        raise NotInstalled("models.none", "no model is installed")
    sound = True
    for preset in chosen:
        problems = store.verify(preset)
        for problem in problems:
            _say(f"{preset.name}: {text(problem)}")
        if not problems:
            fine = Message.of(
                "models.sound",
                "{count} file, as installed",
                plural="{count} files, all as installed",
                at=preset.name,
                count=len(store.require(preset).files),
            )
            _say(text(fine))
        sound = sound and not problems
    return sound


def _pull(store: Store, preset: Preset, sources: Sources, *, agreed: bool) -> None:
    offered = offer(preset, sources)
    about = Message.of(
        "models.offered",
        "{model}@{revision}, {size} MB from {origin}",
        at=preset.name,
        model=preset.model,
        revision=offered.revision,
        size=f"{offered.size / 1e6:.0f}",
        origin=offered.origin,
    )
    terms = preset.licence_note or preset.licence
    _say(text(about))
    _say(text(Message.of("models.licence_is", "licence {licence}", at=preset.name, licence=terms)))
    if preset.limited and not agreed:
        _agree(preset)
    if there := under_way(store, offered):
        earlier = Message.of(
            "models.going_on",
            "{size} MB are there from an earlier pull; going on",
            at=preset.name,
            size=f"{there / 1e6:.0f}",
        )
        _say(text(earlier))
    status = Status()
    try:
        pull(store, offered, _shown(status, offered))
    except KeyboardInterrupt:
        raise StoreError(
            "models.stopped", "stopped; pull again to go on where it stopped", at=preset.name
        ) from None
    finally:
        status.clear()


def _shown(status: Status, offered: Offer) -> Callable[[str, int, int], None]:
    """Return what shows a pull's progress: how much, how fast, how long still."""
    pace, name = Pace(), offered.preset.name

    def show(what: str, done: int, total: int) -> None:
        if not total:
            status.show(f"{name}: {term(what)}")
            return
        pace.add(done)
        status.show(f"{name}: {term(what)}, {amount(pace, done, total)}")

    return show


def amount(pace: Pace, done: int, total: int) -> str:
    """Return how much is done, and as soon as it can be said how fast and how long the rest takes."""
    sizes = {"done": f"{done / 1e6:.0f}", "total": f"{total / 1e6:.0f}"}
    left = pace.left(total)
    if left is None:
        return text(Message.of("progress.bytes", "{done} of {total} MB", **sizes))
    rate, rest = f"{pace.rate / 1e6:.1f}", duration(left)
    return text(
        Message.of(
            "progress.pull", "{done} of {total} MB, {rate} MB/s, {left} left", rate=rate, left=rest, **sizes
        )
    )


def _agree(preset: Preset) -> None:
    """Ask on a terminal; elsewhere the licence has to be agreed to on the command line."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        sys.stderr.write(text(Message.of("models.accept", "Do you accept this licence? [y/N]")) + " ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() in ("y", "yes", "ya"):
            return
    raise UsageError(
        "models.licence", "{name} has a limited licence; accept it with --accept-licence", name=preset.name
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
