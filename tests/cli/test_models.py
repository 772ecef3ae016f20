"""``warta models`` in a process of its own, with HF_ENDPOINT pointed at a hub on loopback."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service import presets
from service.cli.models import amount
from service.models.hint import better
from service.models.pace import Pace
from service.settings import Settings
from tests import builders
from tests.hub import Hub, serve

ROOT = Path(__file__).parents[2]
QUICKMT = presets.get("quickmt-id-en")
FIREFOX = presets.get("firefox-id-en")
OPUS = presets.get("opus-mt-poz-en")
REVISION = OPUS.revision.ljust(40, "0")
XLSUM = presets.get("mt5-xlsum")

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hub(marian: Path, mt5: Path) -> Iterator[Hub]:
    with serve() as running:
        running.add(OPUS.model, REVISION, marian)
        running.add(XLSUM.model, XLSUM.revision, mt5)
        yield running


@pytest.fixture
def environment(hub: Hub, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "WARTA_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def warta(environment: dict[str, str], tmp_path: Path) -> Shell:
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "service", *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={**environment, "COLUMNS": "160"},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_pulled_model_is_the_one_that_runs(warta: Shell, tmp_path: Path) -> None:
    source, target = builders.PAIRS[1]
    pulled = warta("models", "pull", "opus-mt-poz-en")
    assert (pulled.returncode, pulled.stderr) == (0, "")
    assert f"{OPUS.model}@{REVISION}" in pulled.stdout
    assert "licence Apache-2.0" in pulled.stdout
    assert "installed" in warta("models", "list").stdout
    memory = tmp_path / "home" / "memory.sqlite"
    assert warta("translate", "--no-memory", "-", stdin=source).stdout == f"{target}\n"
    assert not memory.exists()
    for arguments in ([], ["--engine", "transformers"]):
        read = warta("read", *arguments, "-", stdin=source)
        assert (read.returncode, read.stderr.count("\n")) == (0, 1)
        assert read.stderr.startswith("warta: standard input: 1 sentence, 0 to check.")
        assert target in read.stdout
        assert f"Model opus-mt-poz-en ({OPUS.model}@{REVISION})" in read.stdout
    assert memory.exists()
    assert warta("models", "verify").stdout.endswith("all as installed\n")
    model = tmp_path / "home" / "models" / "opus-mt-poz-en" / "int8" / "model.bin"
    data = bytearray(model.read_bytes())
    data[100] ^= 1
    model.write_bytes(data)
    verified = warta("models", "verify", "opus-mt-poz-en")
    assert (verified.returncode, verified.stdout) == (1, "opus-mt-poz-en: int8/model.bin: SHA-256 differs\n")
    assert "removed" in warta("models", "remove", "opus-mt-poz-en").stdout
    assert not model.exists()


def test_the_list_is_one_table_with_the_recommended_model_first(warta: Shell) -> None:
    lines = warta("models", "list").stdout.splitlines()
    assert lines[0] == "To translate:"
    head = lines[1].split()
    assert head[:2] == ["model", "quality"] and head[-2:] == ["good", "for"]
    assert lines[2].startswith("quickmt-id-en *")
    assert "(published)" in lines[2] and "410 MB" in lines[2] and "attribution" in lines[2]
    names = [line.split()[0] for line in lines if line and line.split()[0] in presets.all_presets()]
    last = names.index("indonanot5-indosum")
    assert names[last - 1] == "echo"
    assert sorted(names) == sorted(presets.all_presets())
    assert names.index("firefox-id-en") < names.index("opus-mt-id-en") < names.index("gemma-3-270m")
    gemma = next(line for line in lines if line.startswith("gemma-3-270m"))
    assert "(measured)" in gemma and "restricted" in gemma
    found = json.loads(warta("models", "list", "--format", "json").stdout)
    assert [row["name"] for row in found] == names
    assert found[0]["recommended"] and "en-id" in found[0]["quality_source"]


def test_a_pull_without_a_name_explains_where_nobody_can_be_asked(warta: Shell, hub: Hub) -> None:
    result = warta("models", "pull")
    assert (result.returncode, hub.requests) == (2, [])
    assert (
        "name a model to pull, or say recommended; there are: quickmt-id-en, firefox-id-en" in result.stderr
    )


def test_a_pull_without_a_name_asks_on_a_terminal(environment: dict[str, str], hub: Hub) -> None:
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "service", "models", "pull"]
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = ""
    while "Which one" not in shown:
        shown += os.read(ours, 4096).decode()
    assert "1  quickmt-id-en (recommended)" in shown
    assert "opus-mt-poz-en" in shown
    os.write(ours, b"opus-mt-poz-en\n")
    with contextlib.suppress(OSError):  # a closed terminal ends with an error
        while data := os.read(ours, 4096):
            shown += data.decode()
    os.close(ours)
    assert process.wait() == 0, shown
    assert "opus-mt-poz-en: installed" in shown


def test_the_recommended_model_is_pulled_by_that_word(warta: Shell, hub: Hub, ct2: Path) -> None:
    hub.add(QUICKMT.model, QUICKMT.revision + "0" * 33, ct2)
    pulled = warta("models", "pull", "recommended")
    assert (pulled.returncode, pulled.stderr) == (0, "")
    assert "quickmt-id-en: installed" in pulled.stdout
    source, target = builders.PAIRS[1]
    assert warta("translate", "--beam", "1", "--no-memory", "-", stdin=source).stdout == f"{target}\n"


def test_files_that_were_carried_here_are_taken_without_a_request(
    warta: Shell, hub: Hub, ct2: Path, tmp_path: Path
) -> None:
    pulled = warta("models", "pull", "quickmt-id-en", "--from", str(ct2))
    assert (pulled.returncode, hub.requests) == (0, [])
    assert f"MB from {ct2}" in pulled.stdout
    missing = warta("models", "pull", "opus-mt-poz-en", "--from", str(ct2))
    assert missing.returncode == 1
    assert f"{ct2} holds no source.spm" in missing.stderr


def test_firefox_s_files_come_by_the_mirror_that_is_named(
    warta: Shell, environment: dict[str, str], hub: Hub
) -> None:
    environment["WARTA_LFS_MIRROR"] = f"{hub.url}/media"
    result = warta("models", "pull", "firefox-id-en")
    assert result.returncode == 1
    assert hub.requests == [f"/media/{FIREFOX.model}/{FIREFOX.revision}/{FIREFOX.files[0].name}"]
    assert "answered 404" in result.stderr


def test_the_pace_of_a_pull_is_said_with_the_time_that_is_left() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.add(0)
    assert amount(pace, 0, 410_000_000) == "0 of 410 MB"
    now[0] = 4.0
    pace.add(10_000_000)
    assert amount(pace, 10_000_000, 410_000_000) == "10 of 410 MB, 2.5 MB/s, 3 min left"


def test_where_only_the_embedded_model_is_there_the_better_one_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.models.gemma.build.available", lambda: True)
    settings = Settings(tmp_path)
    line = better(settings)
    assert line.startswith("gemma-3-270m translates; a better model is one command away")
    assert "warta models pull recommended (quickmt-id-en, 410 MB)" in line
    assert better(settings) == ""
    assert better(Settings(tmp_path / "other", model="echo")) == ""


def test_a_limited_licence_must_be_accepted(warta: Shell, hub: Hub) -> None:
    refused = warta("models", "pull", "mt5-xlsum")
    assert refused.returncode == 2
    assert "no commercial use" in refused.stdout
    assert "--accept-licence" in refused.stderr
    assert not [path for path in hub.requests if "/resolve/" in path]
    accepted = warta("models", "pull", "mt5-xlsum", "--accept-licence")
    assert (accepted.returncode, accepted.stderr) == (0, "")


def test_no_network_is_one_line(warta: Shell, environment: dict[str, str]) -> None:
    environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    result = warta("models", "pull", "opus-mt-poz-en")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "the hub cannot be reached" in result.stderr


def test_the_hub_s_own_offline_switch_is_kept(warta: Shell, environment: dict[str, str], hub: Hub) -> None:
    environment["HF_HUB_OFFLINE"] = "1"
    result = warta("models", "pull", "opus-mt-poz-en")
    assert result.returncode == 1
    assert "HF_HUB_OFFLINE is set" in result.stderr
    assert hub.requests == []


def test_a_killed_pull_is_not_installed_and_goes_on(
    warta: Shell, environment: dict[str, str], hub: Hub, tmp_path: Path
) -> None:
    hub.slow.add("model.safetensors")
    command = [sys.executable, "-m", "service", "models", "pull", "opus-mt-poz-en"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    part = tmp_path / "home" / "models" / "opus-mt-poz-en.partial" / "original" / "model.safetensors.part"
    deadline = time.monotonic() + 60
    while not part.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert part.exists()
    assert "installed" not in warta("models", "list").stdout
    hub.slow.clear()
    assert warta("models", "pull", "opus-mt-poz-en").returncode == 0
    assert warta("models", "verify", "opus-mt-poz-en").returncode == 0


def test_translating_asks_no_hub(warta: Shell, hub: Hub) -> None:
    result = warta("translate", "--model", "echo", "-", stdin="Warga tidak panik.")
    assert (result.returncode, result.stdout) == (0, "Warga tidak panik.\n")
    assert hub.requests == []
