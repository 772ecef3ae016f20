"""The training scripts: filters, the torch model against the stock one, resuming, export, the student."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save_file

from service.engines.causal import CausalEngine
from tests import builders, gemma

pytest.importorskip("gguf")

from eval.training import adapt, curve, data, distil, evaluate, export, travel
from eval.training import rows as rows_module
from eval.training.data import Pair
from eval.training.gemma import Gemma, attend, fast_dtype, target_losses
from eval.training.settings import settings
from service.models.gemma.convert import Gemma3Converter, read_adapter
from service.models.gemma.gguf import GgufFile

LONG = "Harga beras di pasar itu naik lagi pada awal pekan ini."
LONG_EN = "The price of rice at the market rose again early this week."
PAIRS = [Pair("test", "CC0", *pair) for pair in builders.PAIRS]
ADAPT = {
    **settings()["adapt"],
    "rank": 4,
    "batch_tokens": 256,
    "peak_rate": 5e-3,
    "warm_up": 0.0,
    "noise": 99.0,
    "epochs": 50,
}


def pair(indonesian: str = LONG, english: str = LONG_EN, source: str = "panl_int") -> Pair:
    return Pair(source, "unclear", indonesian, english)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (pair(), None),
        (pair(source="gossip"), "source not used"),
        (pair(source="tatoeba_lppier"), None),
        (pair(english="<b>" + LONG_EN), "not text"),
        (pair(english=LONG_EN.lower()), "not text"),
        (pair(english=LONG), "not text"),
        (pair("Ya, benar."), "length"),
        (pair(english=LONG_EN * 3), "length"),
        (pair(english="Rice 7 percent up again at the market."), "digits differ"),
        (pair(LONG + " Rp12.500.", LONG_EN + " Rp12,500."), None),
        (pair(english=LONG_EN.rstrip(".")), "ends differ"),
        (pair('Ia berkata, "Harga beras naik lagi."', 'He said, "The price is up."'), None),
        (
            pair("Gempa kuat mengguncang pulau itu, Senin.", "A strong quake shook that island."),
            "in a test set",
        ),
        (
            pair(
                "Gempa kuat mengguncang pulau itu Senin pagi sekali.",
                "A strong earthquake shook the place early on that day.",
            ),
            "near a test set",
        ),
        (pair(LONG_EN + " So it was said there.", "It rose again early this week, they said."), "language"),
    ],
)
def test_filters(row: Pair, reason: str | None) -> None:
    tests = data.TestText(["Gempa kuat mengguncang pulau itu, Senin"], 4)
    config = {**settings()["data"], "length_ratio": [0.5, 1.8]}
    kept, gone = data.filtered([row], data.rules(config, tests))
    assert (list(gone), kept) == (([reason], []) if reason else ([], [row]))


def test_duplicates_on_either_side_go() -> None:
    rows = [pair(), pair(english="Another one."), pair(indonesian="Lain lagi."), pair("Beda.", "Different.")]
    kept, gone = data.filtered(rows, {})
    assert kept == [rows[0], rows[3]]
    assert gone == {"duplicate": 2}


def test_the_data_stage_counts_what_it_took(tmp_path: Path) -> None:
    rows = [pair(f"{LONG} Kata {word}.", f"{LONG_EN} Said {word}.") for word in "abcdefghij"]
    rows += [pair("Ya, benar."), replace(rows[0], source="gossip")]
    (tmp_path / "pairs.tsv").write_text("".join(row.line for row in rows), "utf-8")
    (tmp_path / "ntrex.tsv").write_text("doc\tSatu dua tiga.\tOne two three.\n", "utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "ntrex.tsv").rename(tmp_path / "tests" / "ntrex.tsv")
    config = {**settings()["data"], "held_out": 3, "rows": {"panl_*": 8}}
    report = data.build(tmp_path / "pairs.tsv", tmp_path / "tests", tmp_path / "out", config)
    assert report == json.loads((tmp_path / "out" / "data.json").read_text("utf-8"))
    assert report["removed"] == {"length": 1, "source not used": 1}
    assert (report["passed"], report["held"], report["train"]) == (10, 3, 5)
    assert report["used"] == [["panl_int", "unclear", 5]]
    parts = [data.read_pairs(tmp_path / "out" / f"{name}.tsv") for name in ("train", "held")]
    assert not set(parts[0]) & set(parts[1])
    assert set(parts[0]) | set(parts[1]) < set(rows)


def written(count: int = 40) -> list[data.Written]:
    """Documents of four sentences, then headlines and two patterns of drills, each unlike the others."""
    rows = []
    for n in range(count):
        kind = "news" if n < count // 2 else ("headline" if n < count * 3 // 4 else f"drill:{n % 2}")
        a, b = (" ".join(f"{side}{n}x{word}" for word in range(6)) for side in "ie")
        rows.append(data.Written(kind, f"r{n // 4}" if kind == "news" else "", pair(a, b, "news:x")))
    return rows


WRITTEN = {
    **settings()["data"],
    "written": {"held_seed": 1, "held_share": 0.2, "held_from": 0.2, "first_from": 0.4, "mixture": {}},
}


def test_a_share_of_the_documents_is_kept_out_whole() -> None:
    rows = written()
    places = data.kept_out(rows, WRITTEN["written"])
    kinds = [data.group(rows[n]) for n in sorted(places)]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "document": 4, "headline": 2, "drill:0": 1, "drill:1": 1,
    }  # fmt: skip
    documents = {rows[n].document for n in places if rows[n].document}
    assert len(documents) == 1
    assert all(n in places for n, row in enumerate(rows) if row.document in documents)
    assert all(n >= 8 for n in places)  # nothing from before held_from
    assert places == data.kept_out(rows, WRITTEN["written"])
    assert places != data.kept_out(rows, {**WRITTEN["written"], "held_seed": 2})


def test_what_was_not_seen_is_learnt_first_and_what_is_kept_out_never() -> None:
    rows = written()
    others = [pair(f"lain{n} satu dua tiga empat", f"other{n} one two three four") for n in range(10)]
    train, apart, gone = data.lessons(rows, others, data.TestText([], 4), WRITTEN)
    assert len(train) + len(apart) == len(rows) + len(others)
    assert not gone
    places = {row.pair: n for n, row in enumerate(rows)}
    border = 0.4 * len(rows)
    firsts = [n for n, p in enumerate(train) if p in places and places[p] >= border]
    seconds = [n for n, p in enumerate(train) if p in places and places[p] < border]
    assert max(firsts) < min(seconds)
    strangers = [n for n, p in enumerate(train) if p not in places]
    assert min(strangers) < max(firsts) < max(strangers)
    assert not {row.pair for row in apart} & set(train)


def test_what_resembles_a_kept_out_row_or_a_test_is_not_learnt() -> None:
    rows = written()
    lost = rows[max(data.kept_out(rows, WRITTEN["written"]))].pair
    near = pair(lost.indonesian + " kata lain", "Something quite different.")
    tested = pair("Yang lain sama sekali.", "The very sentence of a test.")
    tests = data.TestText([tested.english], 4)
    train, _, gone = data.lessons(rows, [near, tested, pair()], tests, WRITTEN)
    assert gone == {"near what is kept out": 1, "near a test set": 1}
    assert pair() in train
    assert not {near, tested} & set(train)


def test_the_data_stage_takes_written_text(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "set.tsv").write_text("Satu dua tiga.\tOne two three.\n", "utf-8")
    rows = written()
    (tmp_path / "written.tsv").write_text(
        "".join(f"{r.kind}\t{r.document}\tnews:x\t{r.pair.indonesian}\t{r.pair.english}\n" for r in rows),
        "utf-8",
    )
    old = [pair(f"{LONG} Kata {word}.", f"{LONG_EN} Said {word}.") for word in "abcdefghij"]
    (tmp_path / "pairs.tsv").write_text("".join(row.line for row in old), "utf-8")
    config = {**WRITTEN, "held_out": 3, "written": {**WRITTEN["written"], "mixture": {"panl_int": 4}}}
    report = data.build(
        tmp_path / "pairs.tsv", tmp_path / "tests", tmp_path / "out", config, tmp_path / "written.tsv"
    )
    assert (report["written"], report["kept out"], report["train"], report["held"]) == (40, 8, 36, 3)
    assert ["panl_int", "unclear", 4] in report["used"]
    apart = [line.split("\t") for line in (tmp_path / "out" / data.KEPT_OUT).read_text("utf-8").splitlines()]
    assert {row[2] for row in apart}.isdisjoint(
        p.indonesian for p in data.read_pairs(tmp_path / "out" / "train.tsv")
    )
    assert {p.indonesian for p in data.read_pairs(tmp_path / "out" / "held.tsv")} <= {row[2] for row in apart}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> gemma.TinyGemma:
    return gemma.tiny_gemma(tmp_path_factory.mktemp("tiny"), steps=1)


def torch_model(tiny: gemma.TinyGemma) -> Gemma:
    torch.manual_seed(3)
    model = Gemma(GgufFile(tiny.gguf), ADAPT["rank"], ADAPT["scale"], torch.float32, fused=False)
    model.use_pieces(range(len(tiny.pieces)))
    return model


def task(tiny: gemma.TinyGemma) -> adapt.Task:
    rows = [rows_module.encode(p, tiny.pieces, gemma.PROMPT) for p in PAIRS]
    rows = [row for row in rows if len(row.ids) <= gemma.WINDOW]
    assert len(rows) >= 4
    return adapt.Task(rows, rows[:2], list(range(len(tiny.pieces))))


def run(tiny: gemma.TinyGemma) -> adapt.Run:
    return adapt.Run(torch_model(tiny), task(tiny), ADAPT)


def test_the_model_is_gemma3(tiny: gemma.TinyGemma) -> None:
    model = torch_model(tiny)
    tokens, _ = adapt.padded(task(tiny).rows)
    with torch.no_grad():
        ours = model(tokens) @ model.embedding.T
        torch.testing.assert_close(ours, tiny.model(tokens).logits, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(ours, model.stock()(tokens).logits, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="window of 40"):
        model(torch.zeros(1, gemma.WINDOW + 1, dtype=torch.long))


def test_gradients_are_those_of_a_low_rank_update(tiny: gemma.TinyGemma) -> None:
    model = torch_model(tiny)
    name, down, up = model.sides()[0]
    linear: Any = model.layers[0].qkv
    x = torch.randn(5, down.shape[1], requires_grad=True)
    with torch.no_grad():
        up.normal_()
    model.merge()
    wanted = torch.randn(5, len(up))
    plain = x @ linear.base[: len(up)].T + ADAPT["scale"] * (x @ down.T) @ up.T
    torch.testing.assert_close(linear(x)[:, : len(up)], plain)
    expected = torch.autograd.grad((plain * wanted).sum(), (x, down, up))
    got = torch.autograd.grad((linear(x)[:, : len(up)] * wanted).sum(), (x, down, up))
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    assert name == "model.layers.0.self_attn.q_proj"


@pytest.mark.parametrize(("heads", "kv"), [(4, 1), (4, 2), (3, 3)])
def test_attention_is_torch_s(heads: int, kv: int) -> None:
    torch.manual_seed(4)
    q, k, v = (torch.randn(3, n, 9, 8, requires_grad=True) for n in (heads, kv, kv))
    ours = attend(q, k, v)
    wide_k, wide_v = (side.repeat_interleave(heads // kv, dim=1) for side in (k, v))
    theirs = torch.nn.functional.scaled_dot_product_attention(q, wide_k, wide_v, is_causal=True)
    torch.testing.assert_close(ours, theirs)
    weights = torch.randn_like(ours)
    for one, other in zip(
        torch.autograd.grad((ours * weights).sum(), (q, k, v)),
        torch.autograd.grad((theirs * weights).sum(), (q, k, v)),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_losses_by_parts_are_those_of_cross_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.training.gemma.CHUNK", 4)
    torch.manual_seed(4)
    hidden, table = torch.randn(11, 8, requires_grad=True), torch.randn(30, 8)
    labels, weights = torch.randint(0, 30, (11,)), torch.rand(11)
    ours = target_losses(hidden, table, labels)
    theirs = torch.nn.functional.cross_entropy(hidden @ table.T, labels, reduction="none")
    torch.testing.assert_close(ours, theirs)
    (one,) = torch.autograd.grad((ours * weights).sum(), hidden)
    (other,) = torch.autograd.grad((theirs * weights).sum(), hidden)
    torch.testing.assert_close(one, other)
    with torch.no_grad():  # scored only: no gradient is worked out
        torch.testing.assert_close(target_losses(hidden, table, labels), theirs)


def test_loss_counts_the_target_only(tiny: gemma.TinyGemma) -> None:
    row = task(tiny).rows[0]
    _, labels = adapt.padded([row])
    assert labels[0][labels[0] != -100].tolist() == row.ids[row.start :]
    assert tiny.pieces.decode(row.ids[row.start :]) == f" {PAIRS[0].english}\n"


def test_training_lowers_the_loss(tiny: gemma.TinyGemma, tmp_path: Path) -> None:
    lesson = run(tiny)
    before = adapt.held_loss(lesson.model, lesson.work.held, 256)
    snapshots = adapt.train(lesson, tmp_path, adapt.counter(lesson, 30))
    assert adapt.held_loss(lesson.model, lesson.work.held, 256) < before - 0.5
    curve = (tmp_path / adapt.CURVE).read_text("utf-8").splitlines()
    assert len(curve) == lesson.step == 30
    assert len(snapshots) == ADAPT["snapshots"]
    assert export.candidates(tmp_path, 4).keys() == {"end", f"mean of {ADAPT['snapshots'] + 1}"}


def test_a_run_goes_on_as_if_it_had_not_stopped(tiny: gemma.TinyGemma, tmp_path: Path) -> None:
    whole = run(tiny)
    adapt.train(whole, tmp_path, adapt.counter(whole, 6))
    part = run(tiny)
    for _, batch in zip(range(3), part.upcoming(), strict=False):
        part.progress = part.step / 6
        part.learn(batch)
    part.save(tmp_path / "part.pt")
    other = run(tiny)
    other.load(tmp_path / "part.pt")
    assert other.step == 3
    (tmp_path / "second").mkdir()
    adapt.train(other, tmp_path / "second", adapt.counter(other, 6))
    for name, side in whole.model.adapter().items():
        assert torch.equal(side, other.model.adapter()[name]), name
    assert (other.step, other.pairs) == (whole.step, whole.pairs)


class Gate:
    """A barrier that one process passes alone."""

    def wait(self, timeout: float) -> None:
        """Nobody else is to come."""


def test_a_team_adds_up_what_its_members_found(tiny: gemma.TinyGemma) -> None:
    """Two members' shares, added as the team does, give the gradients and the loss of the whole batch."""
    whole = run(tiny)
    expected = [value.detach().clone() for value in whole._gradients(whole.work.rows)]
    parts = []
    for member in range(2):
        lesson = run(tiny)
        share = adapt.Team(member, 2).share(lesson.work.rows)
        parts.append([value.detach().clone() for value in lesson._gradients(share)])
    assert [len(adapt.Team(m, 2).share(whole.work.rows)) for m in range(2)] == [
        (len(whole.work.rows) + 1) // 2,
        len(whole.work.rows) // 2,
    ]
    board = torch.zeros(2, sum(value.numel() for value in expected))
    board[1] = torch.cat([value.flatten() for value in parts[1]])
    team = adapt.Team(0, 2, board, Gate())
    loss, tokens = team.total(parts[0])
    assert tokens == sum(len(row.ids) - row.start for row in whole.work.rows)
    torch.testing.assert_close(loss, expected[0])
    for one, other in zip(parts[0], expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_processes_side_by_side_learn_what_one_would(corpus: travel.PackedCorpus, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(
        "[adapt]\nrank = 4\nbatch_tokens = 256\nnoise = 99.0\nwarm_up = 0.0\nepochs = 50\n", "utf-8"
    )
    common = ["--packed", str(tmp_path), "--settings", str(tmp_path / "small.toml"), "--steps", "3"]
    ends = []
    for count in (1, 2):
        out = tmp_path / f"with-{count}"
        command = [
            "-m",
            "eval.training.adapt",
            *common,
            "--processes",
            str(count),
            "--threads",
            "2",
            "--out",
            str(out),
        ]
        plain = {**os.environ, "TORCHDYNAMO_DISABLE": "1"}  # compiling takes longer than the steps
        subprocess.run(
            [sys.executable, *command], check=True, timeout=600, cwd=Path(__file__).parents[2], env=plain
        )
        assert sorted(p.name for p in out.iterdir() if not p.name.startswith("snapshot")) == [
            "curve.tsv", "final.safetensors", "state.pt",
        ]  # fmt: skip
        ends.append((load((out / "final.safetensors").read_bytes()), (out / "curve.tsv").read_text("utf-8")))
    (one, curve_one), (other, curve_other) = ends
    losses = [[float(line.split("\t")[4]) for line in text.splitlines()] for text in (curve_one, curve_other)]
    assert len(losses[0]) == 3
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    start = load((tmp_path / "adapter.safetensors").read_bytes())
    moved, moved_too = (
        torch.cat([(end[n] - start[n].float()).flatten() for n in start]) for end in (one, other)
    )
    likeness = torch.nn.functional.cosine_similarity(moved, moved_too, dim=0)
    assert likeness > 0.9  # bfloat16 rounds each share anew


def test_the_clock_runs_on_while_a_run_is_stopped(tiny: gemma.TinyGemma) -> None:
    lesson = run(tiny)
    lesson.progress = 0.5
    now = [100.0]
    progress = adapt.clock(lesson, 60, lambda: now[0])
    assert progress() == 0.5
    now[0] += 30
    assert progress() == 0.75
    now[0] += 300
    assert progress() == 1.0


def test_noise_teaches_nothing(tiny: gemma.TinyGemma) -> None:
    lesson = adapt.Run(torch_model(tiny), task(tiny), {**ADAPT, "noise": 0.0})
    before = lesson.model.adapter()
    lesson.learn(lesson.work.rows)
    assert all(torch.equal(before[name], side) for name, side in lesson.model.adapter().items())


def test_batches_hold_every_row_once_within_bounds(tiny: gemma.TinyGemma) -> None:
    rows = task(tiny).rows * 5
    made = adapt.batches(rows, 128, 1)
    assert sorted(row.ids for batch in made for row in batch) == sorted(row.ids for row in rows)
    assert all(len(b) * max(len(r.ids) for r in b) <= 128 for b in made if len(b) > 1)
    assert made != adapt.batches(rows, 128, 2)


def test_what_is_exported_is_what_was_trained(tiny: gemma.TinyGemma, tmp_path: Path) -> None:
    lesson = run(tiny)
    adapt.train(lesson, tmp_path, adapt.counter(lesson, 3))
    shipped = export.rounded(lesson.model.adapter())
    lesson.model.load_adapter({name: side.float() for name, side in load(shipped).items()})
    product = Gemma3Converter(GgufFile(tiny.gguf), read_adapter(shipped), ADAPT["scale"], int8=False)
    layer = product.spec().decoder.layer[2]
    ours: Any = lesson.model.layers[2]
    for stored, linear in (
        (layer.self_attention.linear[0], ours.qkv),
        (layer.self_attention.linear[1], ours.out),
        (layer.ffn.linear_1, ours.down),
    ):
        torch.testing.assert_close(
            torch.from_numpy(stored.weight.numpy()), linear.merged, rtol=1e-4, atol=1e-5
        )
    assert export.rounded(lesson.model.adapter()) == shipped


def test_mean_and_lower_rank() -> None:
    torch.manual_seed(5)
    adapters = [{"p.lora_A": torch.randn(2, 6), "p.lora_B": torch.randn(8, 2)} for _ in range(2)]
    changes = [export.updates(a)["p"] for a in adapters]
    exact = export.updates(export.mean(adapters, 4))["p"]
    torch.testing.assert_close(exact, (changes[0] + changes[1]) / 2)
    between = export.mixtures(adapters[0], adapters[1], 4, [0.3, 0.5])["30%"]
    wanted = 0.7 * changes[0] + 0.3 * changes[1]
    assert torch.allclose(export.updates(between)["p"], wanted, atol=1e-5)
    errors = [(export.updates(export.factored({"p": exact}, r))["p"] - exact).norm() for r in (1, 2, 3)]
    assert errors == sorted(errors, reverse=True)
    assert export.mean(adapters, 3)["p.lora_A"].shape == (3, 6)


def test_candidates_are_chosen_by_what_they_translate(
    tiny_gemma: gemma.TinyGemma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The untouched model knows its lines by heart; what the run made of it says something else."""
    wheels = gemma.wheels(tmp_path / "wheels", tiny_gemma.gguf, gemma.random_adapter(tiny_gemma.model))
    wheels.use(monkeypatch.setattr)
    spoilt = {n: 5 * side.float() for n, side in load(gemma.random_adapter(tiny_gemma.model)).items()}
    good = {n: torch.zeros_like(side) for n, side in spoilt.items()}
    (tmp_path / "dev.tsv").write_text("".join(f"doc\t{p.indonesian}\t{p.english}\n" for p in PAIRS), "utf-8")
    sets = [export.development(tmp_path / "dev.tsv", 3), export.development(tmp_path / "dev.tsv")]
    assert [len(d.sources) for d in sets] == [3, len(PAIRS)]
    choice = export.Choice(export.by_translation(wheels.preset, sets))
    choice.weigh({"spoilt": spoilt, "good": good})
    assert choice.best == "good"
    assert choice.scored["good"][0] > choice.scored["spoilt"][0] + 10
    kept = np.array(gemma.kept(tiny_gemma.gguf))
    plain = gemma.convert(tiny_gemma.gguf, tmp_path / "plain", int8=True, keep=kept)
    outputs = CausalEngine(plain, wheels.preset).generate(sets[1].sources, wheels.preset.decoding)
    assert export.translated(good, wheels.preset, sets[1].sources) == [output.text for output in outputs]


def test_a_run_is_mixed_with_other_adapters_and_the_best_is_written(
    tiny: gemma.TinyGemma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Judged by how near it is to a wanted change, the mixture that hits it is what is written."""
    lesson = run(tiny)
    start = lesson.model.adapter()
    adapt.train(lesson, tmp_path, adapt.counter(lesson, 3))
    for path in tmp_path.glob("snapshot-*"):
        path.unlink()
    end = export.adapter_of(tmp_path / "final.safetensors")
    for name, adapter in (("start", start), ("other", {n: -side for n, side in end.items()})):
        save_file(adapter, tmp_path / f"{name}.safetensors")
    # "other" negates both sides, so its change is the end's own; a quarter of it and a quarter of the start
    wanted = export.updates(export.mixtures(start, end, 4, [0.25])["25%"])

    def judge(adapter: export.Adapter) -> tuple[float, str]:
        changes = export.updates(adapter)
        return -float(sum((changes[n] - wanted[n]).norm() for n in wanted)), "distance"

    monkeypatch.setattr(export, "by_translation", lambda *_: judge)
    monkeypatch.setattr(export, "settings", lambda _: {"adapt": ADAPT})
    (tmp_path / "dev.tsv").write_text("Ya.\tYes.\n", "utf-8")
    arguments = {
        "run": tmp_path, "start": tmp_path / "start.safetensors", "mix": tmp_path / "other.safetensors",
        "dev": tmp_path / "dev.tsv", "to": tmp_path / "best.safetensors", "share": 0.25, "rank": 4,
    }  # fmt: skip
    words = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    monkeypatch.setattr(sys, "argv", ["eval.training.export", *words])
    export.main()
    assert "25% end, the rest start, rank 4" in capsys.readouterr().out.splitlines()[-1]
    got = export.updates(
        {n: s.float() for n, s in load((tmp_path / "best.safetensors").read_bytes()).items()}
    )
    for name, change in wanted.items():
        torch.testing.assert_close(got[name], change, rtol=0.05, atol=2e-3)


@pytest.fixture
def corpus(tiny: gemma.TinyGemma, tmp_path: Path) -> travel.PackedCorpus:
    """What ``eval.training.travel`` packs, for the tiny model."""
    rows = {
        "train": [rows_module.encode(p, tiny.pieces, gemma.PROMPT) for p in PAIRS],
        "held": [rows_module.encode(PAIRS[0], tiny.pieces, gemma.PROMPT)],
        "train-reverse": [
            rows_module.encode(travel.swapped(p), tiny.pieces, travel.REVERSE_PROMPT) for p in PAIRS
        ],
        "mono": travel.prompt_rows([p.indonesian for p in PAIRS], tiny.pieces, gemma.PROMPT),
    }
    travel.write(tmp_path, rows, tiny.pieces, tiny.gguf, part=50_000)
    save_file(load(gemma.random_adapter(tiny.model)), tmp_path / "adapter.safetensors")
    return travel.PackedCorpus(tmp_path)


def test_the_luggage_holds_the_same_model_and_texts(
    tiny: gemma.TinyGemma, corpus: travel.PackedCorpus, tmp_path: Path
) -> None:
    assert len(list(tmp_path.glob("teacher.gguf.*"))) > 1
    row = corpus.rows("train")[0]
    assert corpus.text(row.ids[row.start :]) == PAIRS[0].english
    assert len(corpus.pieces) < len(tiny.pieces)
    packed = corpus.model(4, ADAPT["scale"], fused=False, dtype=torch.float32)
    whole = torch_model(tiny)
    whole.load_adapter({n: s.float() for n, s in load(gemma.random_adapter(tiny.model)).items()})
    original = rows_module.encode(PAIRS[0], tiny.pieces, gemma.PROMPT)
    with torch.no_grad():
        one, other = (m(torch.tensor([r.ids])) for m, r in ((packed, row), (whole, original)))
    torch.testing.assert_close(one, other)


def test_the_teacher_answers_what_it_was_asked(
    corpus: travel.PackedCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = corpus.model(4, ADAPT["scale"], fused=False).stock()
    end = corpus.pieces.index("\n")
    rows = corpus.rows("mono")
    answered = list(distil.answers(model, rows, end, 5))
    assert sorted(row.ids for row, _ in answered) == sorted(row.ids for row in rows)
    assert all(end not in ids for _, ids in answered)
    monkeypatch.setattr(distil, "good", lambda _: True)
    for reverse, known in ((False, "indonesian"), (True, "english")):
        taught = list(distil.teach(corpus, model, reverse=reverse, batch=5))
        assert sorted(getattr(p, known) for p in taught) == sorted(getattr(p, known) for p in PAIRS)


def test_only_pairs_worth_learning_from_are_kept() -> None:
    assert distil.good(pair())
    assert not distil.good(pair(english="Rice is up 7 percent at the market, they said."))
    assert not distil.good(pair(indonesian=LONG_EN.replace("market", "markets")))


def test_the_student_learns_goes_on_and_is_converted(tmp_path: Path) -> None:
    import sentencepiece

    from service.engines.ctranslate2 import CTranslate2Engine

    config = {
        **settings()["distil"],
        "model": 32, "feed_forward": 64, "heads": 4, "encoder_layers": 2, "decoder_layers": 1,
        "batch_tokens": 400, "peak_rate": 2e-2, "epochs": 60, "dropout": 0.0,
    }  # fmt: skip
    pieces = distil.learn_pieces(PAIRS, tmp_path / "student", 400)
    spm = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "student" / "source.spm"))
    rows = distil.encoded(PAIRS, spm, 64)

    def lesson() -> distil.Lesson:
        return distil.Lesson(distil.new_student(len(pieces), config), rows, config)

    whole = lesson()
    before = float(distil.student_loss(whole.model, rows, 0.0).detach())
    whole.run(tmp_path, adapt.counter(whole, 40))
    assert float(distil.student_loss(whole.model, rows, 0.0).detach()) < before / 2
    part = lesson()
    part.load(tmp_path / "state.pt")
    assert part.step == whole.step
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, part.model.state_dict()[name]), name

    whole.model.half().save_pretrained(tmp_path / "student")
    arguments = ["convert", "--student", str(tmp_path / "student"), "--to", str(tmp_path / "int8")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["eval.training.distil", *arguments])
        distil.main()
    engine = CTranslate2Engine(tmp_path / "int8", builders.preset("student", "marian"), threads=1)
    assert engine.generate([PAIRS[0].indonesian], builders.preset("s", "marian").decoding)[0].text


def test_evaluation_runs_the_pipeline_with_another_adapter(
    tiny_gemma: gemma.TinyGemma,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Shipped and other adapter are two models, each named in its report; neither is taken for the other."""
    wheels = gemma.wheels(tmp_path / "wheels", tiny_gemma.gguf, gemma.random_adapter(tiny_gemma.model))
    wheels.use(monkeypatch.setattr)
    monkeypatch.setattr("service.presets.get", lambda *_: wheels.preset)
    (tmp_path / "set.tsv").write_text("".join(f"{p.indonesian}\t{p.english}\n" for p in PAIRS), "utf-8")
    zeros = {n: torch.zeros_like(side) for n, side in load(gemma.random_adapter(tiny_gemma.model)).items()}
    (tmp_path / "other").write_bytes(export.rounded(zeros))
    signatures = []
    for name, more in (("before", []), ("after", ["--adapter", str(tmp_path / "other")])):
        command = [
            "evaluate",
            "--home",
            str(tmp_path),
            "--dataset",
            str(tmp_path / "set.tsv"),
            "--limit",
            "2",
        ]
        monkeypatch.setattr("sys.argv", [*command, "--out", str(tmp_path / name), *more])
        evaluate.main()
        assert "bleu" in capsys.readouterr().out.lower()
        report = json.loads((tmp_path / name / "report.json").read_text("utf-8"))
        signatures.append(report["systems"][0]["signature"])
    assert signatures[0] != signatures[1]


def test_the_card_shows_the_same_lines_every_time() -> None:
    columns = [[f"{name} {n}" for n in range(50)] for name in ("a", "b", "c", "d|e")]
    lines = evaluate.table(columns, 3).splitlines()
    assert len(lines) == 2 + 3 * 4
    assert evaluate.table(columns, 3).splitlines() == lines
    assert evaluate.sample(50, 3) == sorted(evaluate.sample(50, 3))
    assert "d/e" in lines[5]


def test_a_curve_is_smoothed_over_what_there_is() -> None:
    nan = float("nan")
    assert curve.smoothed([1.0, nan, 3.0], 1) == [1.0, 2.0, 3.0]


def test_another_settings_file_changes_only_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("[adapt]\nrank = 64\n", "utf-8")
    changed, plain = settings(tmp_path / "s.toml"), settings()
    assert changed["adapt"] == {**plain["adapt"], "rank": 64}
    assert changed["data"] == plain["data"]
    gpu = settings(Path(evaluate.__file__).with_name("h100.toml"))
    assert all(gpu[table].keys() == plain[table].keys() for table in plain)


@pytest.mark.parametrize(
    ("device", "capability", "wanted"),
    [
        ("cpu", "AVX2", torch.float32),
        ("cpu", "DEFAULT", torch.float32),
        ("cpu", "AVX512", torch.bfloat16),
        ("cuda", "AVX2", torch.bfloat16),
    ],
)
def test_a_cpu_that_is_slow_in_bfloat16_trains_in_float32(
    device: str, capability: str, wanted: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert fast_dtype(device) == wanted
