"""Options that commands share: declared once, the same in each, and what they say reaches the settings."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from service.cli import options as shared
from service.cli.app import app
from service.cli.options import HOME, ServedOptions, TranslationOptions
from service.cli.serve import server_config
from service.errors import UsageError
from service.grouped import grouped

COMMANDS = {
    "read": [shared.SummaryOptions, TranslationOptions, shared.OutputOptions],
    "translate": [TranslationOptions, shared.OutputOptions],
    "clean": [shared.OutputOptions],
    "summarize": [shared.SummaryOptions, TranslationOptions, shared.OutputOptions],
    "batch": [shared.BatchOptions, shared.SummaryOptions, TranslationOptions],
    "serve": [shared.ListenOptions, shared.AccessOptions, ServedOptions],
}


@dataclass(frozen=True)
class Colours:
    """A record of options."""

    red: Annotated[int, typer.Option(help="How red.")] = 1
    blue: Annotated[bool, typer.Option("--blue", help="Whether blue.")] = False


def invoke(command: typer.Typer, *arguments: str, env: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(command, arguments, env=env)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_record_arrives_as_the_options_say() -> None:
    paint = typer.Typer()

    @paint.command()
    @grouped
    def mix(name: str, colours: Colours, size: int = 3) -> None:
        typer.echo(f"{name} {colours} {size}")

    assert invoke(paint, "x") == "x Colours(red=1, blue=False) 3\n".replace("Colours", Colours.__qualname__)
    assert "red=7, blue=True" in invoke(paint, "x", "--red", "7", "--blue")


def test_two_options_of_one_name_are_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="mix has two options of one name"):

        @grouped
        def mix(colours: Colours, red: int = 3) -> None: ...


@pytest.mark.parametrize(("name", "records"), COMMANDS.items())
def test_a_command_has_each_option_of_its_records(name: str, records: list[type]) -> None:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    known = {parameter.name for parameter in command.params}
    assert {field.name for record in records for field in fields(record)} <= known


@pytest.mark.parametrize(
    ("options", "memory", "place"),
    [
        (TranslationOptions(), True, ""),
        (TranslationOptions(memory=HOME), True, ""),
        (TranslationOptions(memory="mine.sqlite"), True, "mine.sqlite"),
        (TranslationOptions(memory="postgresql://db/warta"), True, "postgresql://db/warta"),
        (TranslationOptions(memory="mine.sqlite", no_memory=True), False, "mine.sqlite"),
        (ServedOptions(), False, ""),
        (ServedOptions(memory=HOME), True, ""),
        (ServedOptions(memory="mine.sqlite"), True, "mine.sqlite"),
        (ServedOptions(memory=HOME, no_memory=True), False, ""),
    ],
)
def test_memory_means_the_same_in_every_command(
    options: TranslationOptions, memory: bool, place: str
) -> None:
    settings = options.settings()
    assert (settings.memory, settings.memory_at) == (memory, place)


@pytest.mark.parametrize(
    ("options", "local", "memory"),
    [
        (ServedOptions(), True, True),
        (ServedOptions(), False, False),
        (ServedOptions(no_memory=True), True, False),
        (ServedOptions(memory="mine.sqlite"), False, True),
    ],
)
def test_a_server_of_this_machine_alone_keeps_translations(
    options: ServedOptions, local: bool, memory: bool
) -> None:
    assert options.served(0.0, local=local).memory is memory
    assert shared.ListenOptions().host == "127.0.0.1"
    assert server_config(shared.ListenOptions(), shared.AccessOptions()).local
    assert not server_config(shared.ListenOptions(host="0.0.0.0"), shared.AccessOptions()).local  # noqa: S104
    assert not server_config(shared.ListenOptions(), shared.AccessOptions(trust_proxy=["10.0.0.1"])).local


def test_every_option_of_a_translation_reaches_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARTA_HOME", str(tmp_path))
    plain = TranslationOptions().settings()
    terms = tmp_path / "terms.csv"
    changed = {
        "model": "echo", "engine": "transformers", "device": "cpu", "threads": 2, "beam": 3,
        "glossary": terms, "expand": True, "no_repair": True, "memory": "x.sqlite", "no_memory": True,
        "rules": tmp_path / "rules.tsv",
    }  # fmt: skip
    assert set(changed) == {field.name for field in fields(TranslationOptions)}
    for name, value in changed.items():
        settings = TranslationOptions(**{name: value}).settings()  # type: ignore[arg-type]
        assert settings != plain, name
        assert settings.home == tmp_path
    assert TranslationOptions().settings(fuzzy=0.9).fuzzy == 0.9


def test_every_option_of_a_server_reaches_its_limits() -> None:
    listen, access = shared.ListenOptions(), shared.AccessOptions()
    plain = server_config(listen, access)
    for record in (listen, access):
        for field in fields(record):
            value: Any = {int: 9, float: 9.0}.get(type(field.default), True)
            value = ["a"] if field.default is None else "a" if isinstance(field.default, str) else value
            changed = replace(record, **{field.name: value})
            if isinstance(changed, shared.ListenOptions):
                assert server_config(changed, access) != plain, field.name
            else:
                assert server_config(listen, changed) != plain, field.name
    with pytest.raises(UsageError, match="port must be at least 0"):
        server_config(shared.ListenOptions(port=-1), shared.AccessOptions())


def test_the_place_of_the_memory_is_taken_from_the_environment(tmp_path: Path) -> None:
    env = {"WARTA_HOME": str(tmp_path), "WARTA_MEMORY": str(tmp_path / "mine.sqlite")}
    assert "0  in all" in invoke(app, "memory", "stats", env={**os.environ, **env})
    assert (tmp_path / "mine.sqlite").exists()
    assert not (tmp_path / "memory.sqlite").exists()
