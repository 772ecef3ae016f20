"""A batch holds every record once, in input order, whatever stops it and how often."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from filelock import FileLock

from eval.bench.batch import torture
from service.batch import journal
from service.batch.run import Job, run
from service.cli import many
from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.errors import InputError, UsageError, WartaError
from service.pipeline import Pipeline, SummaryRequest
from service.settings import Settings
from service.summary.summarizer import Length
from service.translation.translator import Care, Translator
from tests import builders
from tests.mirroring import mirror

ROOT = Path(__file__).parents[2]


class Noting(EchoEngine):
    """Keeps the sizes of the batches; fails at the call of that number, or at a text that holds ``fail_on``.

    Two threads call it, in whichever order: only ``fail_on`` says which commit fails.
    """

    def __init__(self, fail_at: int = 0, fail_on: str = "") -> None:
        self.batches: list[int] = []
        self._fail_at, self._fail_on = fail_at, fail_on
        self._calls = count(1)

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        self.batches.append(len(texts))
        # Each call has a number of its own.
        if next(self._calls) == self._fail_at or (self._fail_on and any(self._fail_on in t for t in texts)):
            raise KeyboardInterrupt
        return super().generate(texts, decoding)


def pipeline(engine: EchoEngine | None = None, beam: int = 1) -> Pipeline:
    translator = Translator(
        engine or EchoEngine(),
        builders.preset("tiny", "echo"),
        "r",
        beam_size=beam,
        care=Care(repair=False, check=False),
    )

    def no_writer(name: str) -> None:
        raise AssertionError(name)

    return Pipeline(translator, no_writer, lambda _: False)  # type: ignore[arg-type]


def corpus(path: Path, count: int, broken: Sequence[int] = ()) -> Path:
    """Records of one to three sentences, every one different; those of ``broken`` are not JSON."""
    lines = []
    for number in range(count):
        text = " ".join(f"Harga di pasar {number} naik {part} persen." for part in range(1 + number % 3))
        lines.append("{" if number in broken else json.dumps({"id": number, "text": text}))
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def read_rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]


def test_every_record_has_its_row_in_input_order(tmp_path: Path) -> None:
    job = Job([corpus(tmp_path / "in.jsonl", 100, broken=[7])], tmp_path / "out.jsonl")
    totals = run(job, pipeline())
    made = read_rows(job.output)
    assert [row["place"] for row in made] == [f"{job.inputs[0]}:{n}" for n in range(1, 101)]
    assert len({row["key"] for row in made}) == 100
    assert [row["fields"] for row in made] == [{} if n == 7 else {"id": n} for n in range(100)]
    assert made[1]["translation"] == "Harga di pasar 1 naik 0 persen. Harga di pasar 1 naik 1 persen."
    assert (made[7]["translation"], str(made[7]["error"])[:8]) == (None, "not JSON")
    assert (totals.records, totals.failures, totals.segments) == (100, 1, 197)
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.jsonl"}


def test_articles_share_the_engine_s_batches(tmp_path: Path) -> None:
    engine = Noting()
    run(Job([corpus(tmp_path / "in.jsonl", 100)], tmp_path / "out.jsonl"), pipeline(engine))
    assert sum(engine.batches) == 199
    # Those of the first 4 records, in one call; which thread is first to call is chance.
    assert 7 in engine.batches
    # Of the fourth commit, which is larger however fast the first ones were.
    assert 31 in engine.batches
    assert len(engine.batches) <= 9


@pytest.mark.parametrize("task", ["translate", "summarize", "brief", "read"])
@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_stopped_anywhere_it_goes_on_to_the_same_bytes(task: str, suffix: str, tmp_path: Path) -> None:
    source = corpus(tmp_path / "in.jsonl", 60, broken=[40])
    clean = Job([source], tmp_path / f"clean{suffix}", task)
    run(clean, pipeline())
    job = replace(clean, output=tmp_path / f"out{suffix}")
    # In the first commit; in the fourth; and, going on from there, in the last.
    for record, kept in ((1, 0), (20, 12), (50, 40)):
        with pytest.raises(KeyboardInterrupt):
            run(job, pipeline(Noting(fail_on=f"pasar {record} ")))
        assert not job.output.exists()
        with journal.beside(job.output, "partial").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file) if suffix == ".csv" else file)
        assert len(rows) == kept
    run(job, pipeline())
    assert job.output.read_bytes() == clean.output.read_bytes()


def test_a_brief_has_its_columns(tmp_path: Path) -> None:
    job = Job([corpus(tmp_path / "in.jsonl", 1)], tmp_path / "out.jsonl", "brief")
    run(job, pipeline())
    (row,) = read_rows(job.output)
    assert list(row)[4:] == ["headline", "what", "points", "facts", "notes", "signature"]
    assert isinstance(row["what"], dict) and row["what"]["sentence"] == 0


def test_csv_has_a_header_and_json_where_a_cell_holds_more(tmp_path: Path) -> None:
    job = Job(
        [corpus(tmp_path / "in.jsonl", 2)],
        tmp_path / "out.csv",
        "summarize",
        brief=SummaryRequest("extractive"),
    )
    run(job, pipeline())
    with job.output.open(encoding="utf-8", newline="") as file:
        made = list(csv.DictReader(file))
    assert list(made[0]) == ["key", "place", "error", "fields", "summary", "notes", "signature"]
    assert json.loads(made[1]["fields"]) == {"id": 1}
    assert json.loads(made[1]["summary"])[0]["support"] == [0]
    assert made[1]["error"] == ""


def stopped(tmp_path: Path) -> Job:
    """A job that was stopped after its first two commits, of 4 records each."""
    job = Job([corpus(tmp_path / "in.jsonl", 60)], tmp_path / "out.jsonl")
    with pytest.raises(KeyboardInterrupt):
        run(job, pipeline(Noting(fail_on="pasar 10 ")))
    return job


def test_what_a_crash_left_behind_the_last_commit_is_cut_off(tmp_path: Path) -> None:
    job = stopped(tmp_path)
    for kind in ("partial", "journal"):
        with journal.beside(job.output, kind).open("ab") as file:
            file.write(b'{"key": "torn')
    run(job, pipeline())
    assert [row["fields"] for row in read_rows(job.output)] == [{"id": n} for n in range(60)]


def test_a_partial_output_that_was_lost_is_said(tmp_path: Path) -> None:
    job = stopped(tmp_path)
    partial = journal.beside(job.output, "partial")
    partial.write_bytes(b"")
    with pytest.raises(WartaError, match="shorter than its journal says"):
        run(job, pipeline())
    partial.unlink()
    with pytest.raises(WartaError, match="is gone; start over with --fresh"):
        run(job, pipeline())


@pytest.mark.parametrize(("step", "there"), [("replace", False), ("unlink", True)])
def test_a_crash_between_the_last_steps_is_finished(
    step: str, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job([corpus(tmp_path / "in.jsonl", 60)], tmp_path / "out.jsonl")

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, step, crash)
        with pytest.raises(KeyboardInterrupt):
            run(job, pipeline())
    assert job.output.exists() == there
    assert run(job, pipeline()).records == 60
    assert [row["fields"] for row in read_rows(job.output)] == [{"id": n} for n in range(60)]
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.jsonl"}


@pytest.mark.parametrize(
    ("change", "beam", "message"),
    [
        ({"task": "read"}, 1, "task: translate → read"),
        ({"column": "isi"}, 1, "column: text → isi"),
        ({"keep_furniture": True}, 1, "keep-boilerplate: False → True"),
        ({}, 4, "decoding beam_size: 1 → 4"),
    ],
)
def test_other_options_do_not_go_on(
    change: dict[str, object], beam: int, message: str, tmp_path: Path
) -> None:
    job = stopped(tmp_path)
    with pytest.raises(UsageError, match="was begun otherwise") as refused:
        run(replace(job, **change), pipeline(beam=beam))  # type: ignore[arg-type]
    assert message in str(refused.value)
    run(job, pipeline())


def test_another_input_does_not_go_on(tmp_path: Path) -> None:
    job = stopped(tmp_path)
    source = job.inputs[0]
    text = source.read_text("utf-8")
    source.write_text(text.replace("pasar 2 ", "pasar 3 "), "utf-8")
    with pytest.raises(UsageError, match=r"the input has changed: its records [0-9]+ to"):
        run(job, pipeline())
    source.write_text(text + text, "utf-8")
    with pytest.raises(UsageError, match=r"inputs .*in\.jsonl: 1 files, [0-9,]+ bytes → "):
        run(job, pipeline())
    run(replace(job, fresh=True), pipeline())
    assert len(read_rows(job.output)) == 120


def test_another_summary_does_not_go_on(tmp_path: Path) -> None:
    job = replace(stopped(tmp_path), task="read", fresh=True)
    with pytest.raises(KeyboardInterrupt):
        run(job, pipeline(Noting(fail_on="pasar 20 ")))
    longer = replace(job, fresh=False, brief=SummaryRequest(length=Length(5)))
    with pytest.raises(UsageError, match="length sentences: 3 → 5"):
        run(longer, pipeline())


def test_a_finished_output_is_not_written_over(tmp_path: Path) -> None:
    job = Job([corpus(tmp_path / "in.jsonl", 3)], tmp_path / "out.jsonl")
    run(job, pipeline())
    with pytest.raises(UsageError, match="is there already; --fresh"):
        run(job, pipeline())
    run(replace(job, fresh=True), pipeline())


def test_a_second_run_says_so_and_stops(tmp_path: Path) -> None:
    job = Job([corpus(tmp_path / "in.jsonl", 3)], tmp_path / "out.jsonl")
    with (
        FileLock(journal.beside(job.output, "lock")),
        pytest.raises(UsageError, match="another run is writing"),
    ):
        run(job, pipeline())
    run(job, pipeline())


def test_strict_stops_at_a_bad_record_and_keeps_what_was_done(tmp_path: Path) -> None:
    source = corpus(tmp_path / "in.jsonl", 60, broken=[40])
    job = Job([source], tmp_path / "out.jsonl", strict=True)
    with pytest.raises(InputError, match=r"in\.jsonl:41: not JSON"):
        run(job, pipeline())
    assert len(read_rows(journal.beside(job.output, "partial"))) == 40


@pytest.mark.parametrize("size", [0, 3000, 20_000])
def test_a_full_disk_stops_cleanly_and_the_rest_is_done_later(size: int, tmp_path: Path) -> None:
    limit = pytest.importorskip("resource", reason="POSIX limits the size of a file")
    source = corpus(tmp_path / "in.jsonl", 300)
    arguments = [str(source), "-o", str(tmp_path / "out.jsonl"), "--long", "--model", "echo"]

    def small() -> None:
        # A file-size limit fails a write as a full disk does, in the middle of it.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit.setrlimit(limit.RLIMIT_FSIZE, (size, limit.RLIM_INFINITY))

    full = subprocess.run(
        command(*arguments),
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=small,
    )
    # Where the machine is slow, a line of progress comes first.
    assert (full.returncode, full.stderr.count("Traceback")) == (1, 0), full.stderr
    assert "records are safe" in full.stderr.splitlines()[-1]
    subprocess.run(command(*arguments), env=environment(tmp_path), check=True, capture_output=True)
    assert [row["fields"] for row in read_rows(tmp_path / "out.jsonl")] == [{"id": n} for n in range(300)]


def test_no_space_left_is_called_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = stopped(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WartaError, match=r"the disk is full; 8 records are safe"):
            run(job, pipeline())
    run(job, pipeline())
    assert [row["fields"] for row in read_rows(job.output)] == [{"id": n} for n in range(60)]


def test_ctrl_c_counts_the_records_of_all_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = stopped(tmp_path)
    assert str(many._safe(job)) == "stopped: 8 records are safe, and the same command goes on"

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(many, "_worked", interrupted)
    said: list[str] = []
    monkeypatch.setattr(many, "complain", said.append)
    assert many.run_batch(job, Settings(tmp_path / "home", model="echo")) == 130
    assert said == ["stopped: 8 records are safe, and the same command goes on"]


def test_a_place_that_may_not_be_written_is_not_called_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    job = Job([corpus(tmp_path / "in.jsonl", 3)], tmp_path / "out.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "touch", refused)
        with pytest.raises(WartaError, match=r"out\.jsonl: cannot be written: Permission denied"):
            run(job, pipeline())
        patch.setattr(Path, "exists", refused)
        with pytest.raises(WartaError, match=r"in\.jsonl: cannot be looked at: Permission denied"):
            replace(job)
        with pytest.raises(WartaError, match="out: cannot be written: Permission denied"):
            mirror(Job([], tmp_path / "out", folder=True), pipeline())


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "service", "batch", *arguments]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "WARTA_HOME": str(home / "home"), "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("options", [("--long",), ("--wide",)])
def test_killed_at_random_moments_nothing_is_lost_or_doubled(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    result = torture(tmp_path, records=2000, kills=4, options=options)
    assert (result.lost, result.doubled, result.equal) == (0, 0, True)
    assert result.midway > 0
