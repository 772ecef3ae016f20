"""``warta models`` in a process of its own, with HF_ENDPOINT pointed at a hub on loopback."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service import presets
from tests import builders
from tests.hub import Hub, serve

ROOT = Path(__file__).parents[2]
OPUS = presets.get("opus-mt-id-en")
XLSUM = presets.get("mt5-xlsum")

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hub(marian: Path, mt5: Path) -> Iterator[Hub]:
    with serve() as running:
        running.add(OPUS.model, OPUS.revision, marian)
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
            command, cwd=tmp_path, env=environment, input=stdin, capture_output=True, text=True, check=False
        )

    return run


def test_a_pulled_model_is_the_one_that_runs(warta: Shell, tmp_path: Path) -> None:
    source, target = builders.PAIRS[1]
    pulled = warta("models", "pull", "opus-mt-id-en")
    assert (pulled.returncode, pulled.stderr) == (0, "")
    assert f"{OPUS.model}@{OPUS.revision}" in pulled.stdout
    assert "licence Apache-2.0" in pulled.stdout
    assert "installed" in warta("models", "list").stdout
    memory = tmp_path / "home" / "memory.sqlite"
    assert warta("translate", "--no-memory", "-", stdin=source).stdout == f"{target}\n"
    assert not memory.exists()
    for arguments in ([], ["--engine", "transformers"]):
        read = warta("read", *arguments, "-", stdin=source)
        assert (read.returncode, read.stderr) == (0, "")
        assert target in read.stdout
        assert f"Model opus-mt-id-en ({OPUS.model}@{OPUS.revision})" in read.stdout
    assert memory.exists()
    assert warta("models", "verify").stdout.endswith("all as installed\n")
    model = tmp_path / "home" / "models" / "opus-mt-id-en" / "int8" / "model.bin"
    data = bytearray(model.read_bytes())
    data[100] ^= 1
    model.write_bytes(data)
    verified = warta("models", "verify", "opus-mt-id-en")
    assert (verified.returncode, verified.stdout) == (1, "opus-mt-id-en: int8/model.bin: SHA-256 differs\n")
    assert "removed" in warta("models", "remove", "opus-mt-id-en").stdout
    assert not model.exists()


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
    result = warta("models", "pull", "opus-mt-id-en")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "the hub cannot be reached" in result.stderr


def test_the_hub_s_own_offline_switch_is_kept(warta: Shell, environment: dict[str, str], hub: Hub) -> None:
    environment["HF_HUB_OFFLINE"] = "1"
    result = warta("models", "pull", "opus-mt-id-en")
    assert result.returncode == 1
    assert "HF_HUB_OFFLINE is set" in result.stderr
    assert hub.requests == []


def test_a_killed_pull_is_not_installed_and_goes_on(
    warta: Shell, environment: dict[str, str], hub: Hub, tmp_path: Path
) -> None:
    hub.slow.add("model.safetensors")
    command = [sys.executable, "-m", "service", "models", "pull", "opus-mt-id-en"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    part = tmp_path / "home" / "models" / "opus-mt-id-en.partial" / "original" / "model.safetensors.part"
    deadline = time.monotonic() + 60
    while not part.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert part.exists()
    assert "installed" not in warta("models", "list").stdout
    hub.slow.clear()
    assert warta("models", "pull", "opus-mt-id-en").returncode == 0
    assert warta("models", "verify", "opus-mt-id-en").returncode == 0


def test_translating_asks_no_hub(warta: Shell, hub: Hub) -> None:
    result = warta("translate", "--model", "echo", "-", stdin="Warga tidak panik.")
    assert (result.returncode, result.stdout) == (0, "Warga tidak panik.\n")
    assert hub.requests == []
