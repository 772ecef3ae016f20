"""What ``warta models`` shows and does on a terminal."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Sequence

from service import presets
from service.cli.articles import Status
from service.errors import NotInstalled, StoreError, UsageError
from service.models.catalog import Row
from service.models.gemma import build as embedded
from service.models.pull import offer, pull
from service.models.store import Store
from service.presets import Preset
from service.render import schema


def table(found: Sequence[Row]) -> str:
    """The rows for a terminal: a line of facts a model, then what it is."""
    lines = []
    for row in found:
        size = f"{row.size / 1e6:.0f} MB" if row.size else ""
        lines.append(f"{row.name:<16} {row.task:<10} {row.state:<10} {size:>8}  {row.licence}")
        lines += textwrap.wrap(row.about, 100, initial_indent="    ", subsequent_indent="    ")
        if row.licence_note:
            lines += textwrap.wrap(f"Licence: {row.licence_note}", 100, initial_indent="    ")
    return "\n".join(lines)


def to_json(found: Sequence[Row]) -> str:
    """The rows as a JSON list."""
    return json.dumps([schema.ModelInfo.model_validate(row).model_dump() for row in found], indent=2)


def install(store: Store, preset: Preset, *, agreed: bool) -> None:
    """Pulls a model, or prepares the embedded one, showing size, licence and progress.

    Raises UsageError where a limited licence was not agreed to, NotInstalled, StoreError.
    """
    if preset.architecture == "echo":
        raise UsageError("echo is built in; there is nothing to pull")
    if preset.architecture == "causal":
        _say(f"{preset.name}: {preset.licence_note}")
        status = Status()
        embedded.prepare(store, preset, lambda stage: status.show(f"{preset.name}: {stage}"))
        status.clear()
    else:
        _pull(store, preset, agreed=agreed)
    manifest = store.require(preset)
    _say(f"{preset.name}: installed, {manifest.size / 1e6:.0f} MB, revision {manifest.revision}")


def check(store: Store, names: Sequence[str]) -> bool:
    """Verifies the named models, or all that are installed; whether all are sound."""
    chosen = [presets.get(name) for name in names]
    if not chosen:
        chosen = [p for p in presets.all_presets().values() if (store.folder(p) / "manifest.json").exists()]
    if not chosen:
        raise NotInstalled("no model is installed")
    sound = True
    for preset in chosen:
        problems = store.verify(preset)
        for problem in problems:
            _say(f"{preset.name}: {problem}")
        if not problems:
            _say(f"{preset.name}: {len(store.require(preset).files)} files, all as installed")
        sound = sound and not problems
    return sound


def _pull(store: Store, preset: Preset, *, agreed: bool) -> None:
    offered = offer(preset)
    where = "the local hub cache" if offered.cached else "the hub"
    _say(f"{preset.name}: {preset.model}@{offered.revision}, {offered.size / 1e6:.0f} MB from {where}")
    _say(f"{preset.name}: licence {preset.licence_note or preset.licence}")
    if preset.limited and not agreed:
        _agree(preset)
    status = Status()
    try:
        pull(store, offered, lambda what, done, total: status.show(_progress(preset, what, done, total)))
    except KeyboardInterrupt:
        raise StoreError(f"{preset.name}: stopped; pull again to go on where it stopped") from None
    finally:
        status.clear()


def _agree(preset: Preset) -> None:
    """Asks on a terminal; elsewhere the licence has to be agreed to on the command line."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        sys.stderr.write("Do you accept this licence? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise UsageError(f"{preset.name} has a limited licence; accept it with --accept-licence")


def _progress(preset: Preset, what: str, done: int, total: int) -> str:
    return f"{preset.name}: {what}" + (f", {done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else "")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
