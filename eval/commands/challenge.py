"""``warta eval challenge``: the table by phenomenon, for any engine or for a file of translations."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.commands.progress import progress
from service.errors import InputError, UsageError

if TYPE_CHECKING:
    from eval.challenge import Pair, PhenomenonScores, Result


class Format(StrEnum):
    """What is printed."""

    text = "text"
    markdown = "markdown"
    json = "json"


def challenge(
    model: Annotated[list[str] | None, typer.Option(help="A preset; give it again for more.")] = None,
    hyp: Annotated[
        list[Path] | None,
        typer.Option(help="A file of translations, a line a pair; again for more. See --sources."),
    ] = None,
    installed: Annotated[bool, typer.Option(help="Every model on this machine that translates.")] = False,
    sources: Annotated[bool, typer.Option(help="Print the sources, to be translated elsewhere.")] = False,
    preference: Annotated[
        bool, typer.Option(help="Also ask engines with scores which translation they find likelier.")
    ] = True,
    data: Annotated[Path | None, typer.Option(help="Folder of pairs of your own, in the same form.")] = None,
    each: Annotated[
        int | None, typer.Option(min=1, help="Only the first N pairs of each phenomenon, for a quick look.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.text,
    out: Annotated[
        Path | None, typer.Option(help="Folder for answers and outcomes; a second run goes on from it.")
    ] = None,
) -> None:
    """Show by phenomenon what systems get right on contrastive pairs of Indonesian news."""
    from eval import challenge as pairs_module

    pairs = pairs_module.first_of_each(pairs_module.load(data), each)
    if sources:
        typer.echo("\n".join(pair.source for pair in pairs))
        return
    names = list(dict.fromkeys([*(model or ()), *(_installed() if installed else ())]))
    if not names and not hyp:
        raise UsageError("score.challenge_what", "give --model, --hyp or --installed")
    results = [_of_file(pairs, path) for path in hyp or ()]
    results += [_of_model(pairs, name, out, preference=preference) for name in names]
    rows = pairs_module.table(pairs, results)
    printed = {Format.text: as_text, Format.markdown: as_markdown, Format.json: as_json}[form]
    if out is not None:
        write(out, pairs, results, rows)
    typer.echo(printed(rows, results), nl=False)


def _installed() -> list[str]:
    """Return the presets that translate and whose models are here, the echo aside."""
    from service.models.load import choose, is_installed
    from service.models.store import Store
    from service.presets import all_presets
    from service.settings import home

    store = Store(home(os.environ) / "models")
    names = [
        preset.name
        for preset in all_presets().values()
        if preset.task == "translate" and preset.architecture != "echo" and is_installed(preset, store)
    ]
    return names or [choose("auto", "translate", store).name]


def _of_file(pairs: Sequence[Pair], path: Path) -> Result:
    from eval.challenge import judge
    from eval.tables import read_lines

    return judge(pairs, path.name, read_lines(path))


def _of_model(pairs: Sequence[Pair], name: str, out: Path | None, *, preference: bool) -> Result:
    """Return the product's pipeline over the sources; its engine, as it is, for the preference."""
    import tempfile

    from eval import harness
    from eval.challenge import dataset, judge
    from service.engines.base import Likelihood
    from service.models.load import choose, open_engine
    from service.models.store import Store
    from service.pipeline import build_pipeline
    from service.settings import Settings, home

    chosen = Settings(home(os.environ), model=name)
    notice = partial(typer.echo, err=True)
    store = Store(chosen.home / "models")
    engine = open_engine(choose(name, "translate", store), store, chosen, notice)
    built = build_pipeline(chosen, notice, opener=lambda _: engine)
    with tempfile.TemporaryDirectory() as spare:
        systems = {name: lambda: harness.PipelineSystem(built, "mt")}
        with progress() as tell:
            (output,) = harness.run(dataset(pairs), systems, out or Path(spare), progress=tell)
    asked = engine.likelihoods if preference and isinstance(engine, Likelihood) else None
    return judge(pairs, name, output.texts, output.signature, asked)


# --- what is printed and written ---------------------------------------------------------------

_COLUMNS = ("phenomenon", "system", "pairs", "right", "95 %", "wrong", "undecided", "prefers right")


def _cells(row: PhenomenonScores) -> list[str]:
    low, high = row.interval
    shares = [f"{row.right:.0%}", f"{low:.0%}–{high:.0%}", f"{row.wrong:.0%}", f"{row.undecided:.0%}"]
    preferred = "–" if row.preferred is None else f"{row.preferred:.0%}"
    return [row.phenomenon, row.system, str(row.pairs), *shares, preferred]


def as_text(rows: Sequence[PhenomenonScores], results: Sequence[Result]) -> str:
    """Return the table in columns, and what made each system."""
    from eval.report.formats import columns

    lines = columns(_COLUMNS, [_cells(row) for row in rows])
    return "\n".join([*lines, *_signatures(results)]) + "\n"


def as_markdown(rows: Sequence[PhenomenonScores], results: Sequence[Result]) -> str:
    """Return the table as Markdown."""
    from eval.report.formats import markdown_table
    from service.escape import markdown_line

    notes = [f"- {markdown_line(line)}" for line in _signatures(results)]
    lines = markdown_table(_COLUMNS, [_cells(row) for row in rows])
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def as_json(rows: Sequence[PhenomenonScores], results: Sequence[Result]) -> str:
    """Return rows and signatures as JSON."""
    signatures = {result.system: result.signature for result in results}
    record = {"rows": [asdict(row) for row in rows], "signatures": signatures}
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _signatures(results: Sequence[Result]) -> list[str]:
    return [f"{result.system}: {result.signature}" for result in results if result.signature]


def write(
    folder: Path, pairs: Sequence[Pair], results: Sequence[Result], rows: Sequence[PhenomenonScores]
) -> None:
    """Write ``challenge.md``, ``challenge.json`` and each outcome, ``challenge.tsv``. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "challenge.md").write_text(as_markdown(rows, results), "utf-8")
        (folder / "challenge.json").write_text(as_json(rows, results), "utf-8")
        (folder / "challenge.tsv").write_text("\n".join(_outcomes(pairs, results)) + "\n", "utf-8")
    except OSError as error:
        raise InputError("file.problem", "{reason}", at=folder, reason=error.strerror or error) from None


def _outcomes(pairs: Sequence[Pair], results: Sequence[Result]) -> list[str]:
    lines = ["pair\tsystem\toutcome\tprefers right\tsource\toutput\tright"]
    for result in results:
        for i, pair in enumerate(pairs):
            preferred = "" if result.preferred is None else ("yes" if result.preferred[i] else "no")
            cells = [pair.name, result.system, result.outcomes[i], preferred]
            texts = (pair.source, result.texts[i], pair.right)
            lines.append("\t".join([*cells, *(" ".join(text.split()) for text in texts)]))
    return lines
