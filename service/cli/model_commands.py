"""``warta models …``: one short function a command."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.errors import UsageError

if TYPE_CHECKING:
    from service.models.store import Store

models_app = typer.Typer(
    help="The models on this machine: list, pull, compare, verify, remove.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from `warta models list`.")]


@models_app.command("list")
def list_models(
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
) -> None:
    """List the models: how good, how large, how fast, under which licence, and which are installed."""
    from service.cli.models import table, to_json
    from service.models.catalog import rows

    if format not in ("text", "json"):
        raise UsageError(
            "command.format_two", "unknown format {format!r}; there are: text, json", format=format
        )
    found = rows(_store())
    width = shutil.get_terminal_size((160, 24)).columns
    typer.echo(to_json(found) if format == "json" else table(found, width))


@models_app.command()
def pull(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="A name from `warta models list`, or recommended; else you are asked."
        ),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to a limited licence.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Take the files from this folder; ask no network."),
    ] = None,
    mirror: Annotated[
        str,
        typer.Option(
            help="Where GitHub's large files are fetched instead; HF_ENDPOINT is the same for a hub.",
            envvar="WARTA_LFS_MIRROR",
        ),
    ] = "",
) -> None:
    """Fetch a model at its pinned revision, check it, convert it if need be, and install it."""
    from service.cli.models import install, named
    from service.models.offer import Sources

    store = _store()
    install(store, named(name, store), Sources(folder=folder, mirror=mirror), agreed=accept_licence)


@models_app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="Default: all.")] = None,
) -> None:
    """Compare every installed file with the sum it had when it was installed."""
    from service.cli.models import check

    if not check(_store(), names or []):
        raise typer.Exit(1)


@models_app.command()
def remove(name: Name) -> None:
    """Delete an installed model, and what an unfinished pull left."""
    from service import presets

    freed = _store().remove(presets.get(name))
    typer.echo(f"{name}: removed, {freed / 1e6:.0f} MB freed")


@models_app.command("compare")
def compare_models(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Articles in Indonesian.")],
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="Only this one; may be given again. Default: all that are installed."),
    ] = None,
    references: Annotated[
        list[Path] | None,
        typer.Option("--reference", help="The English of a file, in the files' order: scores are shown too."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Cores to use; default: all.", envvar="WARTA_THREADS")
    ] = None,
    format: Annotated[str, typer.Option("--format", "-f", help="text, markdown or json.")] = "text",
) -> None:
    """Translate the same articles with every installed model: side by side, time, findings, scores."""
    from service.cli.compare import run
    from service.cli.endpoint import asked
    from service.settings import Settings, home

    settings = Settings(home(os.environ), threads=threads, server=asked())
    raise typer.Exit(run(files, models or [], references or [], format, settings))


def _store() -> Store:
    from service.models.store import Store
    from service.settings import home

    return Store(home(os.environ) / "models")
