"""Small real things for tests: checkpoints of the real architectures, made in seconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sentencepiece as spm

from service.document import Decoding
from service.presets import Preset, RemoteFile

# Written for these tests.
PAIRS: tuple[tuple[str, str], ...] = (
    ("Selamat pagi.", "Good morning."),
    ("Harga beras naik 12 persen pada bulan Maret.", "Rice prices rose 12 percent in March."),
    ("Presiden belum menandatangani undang-undang itu.", "The president has not signed the law yet."),
    ("Banjir merendam 340 rumah di tiga desa.", "Floods inundated 340 homes in three villages."),
    ("Gempa tidak berpotensi tsunami.", "The quake has no tsunami potential."),
    ("Tim nasional menang 2-1 atas tamunya.", "The national team won 2-1 over its guests."),
    ("Polisi menangkap dua orang di pelabuhan.", "Police arrested two people at the port."),
    ("Sekolah dibuka kembali hari Senin.", "Schools reopen on Monday."),
    ("Ia lahir di Bandung pada 1990.", "He was born in Bandung in 1990."),
    ("Bank sentral menahan suku bunga acuan.", "The central bank held its benchmark rate."),
    ("Ribuan buruh turun ke jalan, Kamis siang.", "Thousands of workers took to the streets on Thursday."),
    (
        "Kapal itu berangkat pukul 19.30 dan tiba esok pagi.",
        "The ship left at 7:30 p.m. and arrives tomorrow.",
    ),
)


FILES = {
    "marian": ("config.json", "source.spm", "target.spm", "vocab.json", "pytorch_model.bin"),
    "mt5": ("config.json", "spiece.model", "pytorch_model.bin"),
    "t5": ("config.json", "tokenizer.json", "model.safetensors"),
    "ct2": (
        *("config.json", "source_vocabulary.json", "target_vocabulary.json"),
        *("src.spm.model", "tgt.spm.model", "model.bin"),
    ),
}
"""What checkpoints of each architecture are published as."""


def preset(name: str, architecture: str, **changes: Any) -> Preset:
    """A preset for a tiny checkpoint."""
    values: dict[str, Any] = {
        "name": name,
        "task": "translate",
        "architecture": architecture,
        "model": f"tests/{name}",
        "revision": "0" * 40,
        "licence": "Apache-2.0",
        "about": "A tiny checkpoint.",
        "max_input_tokens": 64,
        "decoding": Decoding(beam_size=4, max_new_tokens=48),
        "host": "hub" if architecture in FILES else "",
        "files": tuple(RemoteFile(file) for file in FILES.get(architecture, ())),
    }
    return Preset(**{**values, **changes})


def marian(folder: Path, pairs: Sequence[tuple[str, str]] = PAIRS, steps: int = 0) -> Path:
    """A MarianMT checkpoint: opus-mt's configuration scaled down, its tokenizer files, safetensors."""
    import torch
    from transformers import MarianConfig, MarianMTModel

    folder.mkdir(parents=True)
    vocabulary: dict[str, int] = {"</s>": 0, "<unk>": 1}
    for name, column in (("source.spm", 0), ("target.spm", 1)):
        for piece in _spm(
            folder / name, [p[column] for p in pairs], bos_id=-1, eos_id=0, unk_id=1, pad_id=-1
        ):
            vocabulary.setdefault(piece, len(vocabulary))
    pad = vocabulary["<pad>"] = len(vocabulary)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    _write(
        folder / "tokenizer_config.json",
        source_lang="id",
        target_lang="en",
        model_max_length=64,
        tokenizer_class="MarianTokenizer",
    )
    torch.manual_seed(7)
    config = MarianConfig(
        vocab_size=len(vocabulary),
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        activation_function="swish",
        scale_embedding=True,
        max_position_embeddings=512,
        pad_token_id=pad,
        eos_token_id=0,
        decoder_start_token_id=pad,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
    )
    model = MarianMTModel(config)
    _finish(model, folder, pairs, steps, pad)
    return folder


def mt5(
    folder: Path, pairs: Sequence[tuple[str, str]] = PAIRS, steps: int = 0, *, crosslingual: bool = False
) -> Path:
    """An mT5 checkpoint: gated GELU, untied head, one sentinel among the pieces, a langid_map.

    A ``crosslingual`` one learns to start from its map's token for English, as CrossSum does.
    """
    import torch
    from transformers import MT5Config, MT5ForConditionalGeneration

    folder.mkdir(parents=True)
    pieces = _spm(
        folder / "spiece.model",
        [side for pair in pairs for side in pair],
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        user_defined_symbols=["▁<extra_id_69>", "▁<extra_id_0>"],
    )
    _write(folder / "tokenizer_config.json", tokenizer_class="T5Tokenizer", extra_ids=0, model_max_length=64)
    torch.manual_seed(7)
    config = MT5Config(
        vocab_size=len(pieces) + 12,
        d_model=64,
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=4,
        dropout_rate=0.0,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=pieces.index("▁<extra_id_69>") if crosslingual else 0,
    )
    config.task_specific_params = {
        "langid_map": {"english": [pieces.index("▁<extra_id_69>"), "▁<extra_id_69>"]}
    }
    model = MT5ForConditionalGeneration(config)
    # Real mT5 logits are of order 10; the head's own initialisation at this width would make them 100.
    model.lm_head.weight = torch.nn.Parameter(torch.randn(config.vocab_size, 64) * 0.5)
    _finish(model, folder, pairs, steps, 0)
    return folder


def t5(folder: Path, pairs: Sequence[tuple[str, str]] = PAIRS, steps: int = 0) -> Path:
    """A T5 1.1 checkpoint as IndoNanoT5 is published: an untied head, and ``tokenizer.json`` alone."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import T5Config, T5ForConditionalGeneration

    folder.mkdir(parents=True)
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=260,
        special_tokens=["<pad>", "</s>", "<unk>"],
        unk_token="<unk>",  # noqa: S106
        show_progress=False,
    )
    tokenizer.train_from_iterator([side for pair in pairs for side in pair], trainer)
    tokenizer.add_special_tokens([AddedToken("<extra_id_0>")])
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(7)
    config: Any = T5Config(
        vocab_size=tokenizer.get_vocab_size() + 6,
        d_model=64,
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
        pad_token_id=0,
        eos_token_id=1,
    )
    config.decoder_start_token_id = 0
    config.scale_decoder_outputs = False
    model: Any = T5ForConditionalGeneration(config)
    model.lm_head.weight = torch.nn.Parameter(torch.randn(config.vocab_size, 64) * 0.5)
    _finish(model, folder, pairs, steps, 0)
    # The library writes that the head is tied; the published file says what it is.
    written = json.loads((folder / "config.json").read_text("utf-8"))
    written.pop("scale_decoder_outputs", None)
    (folder / "config.json").write_text(json.dumps({**written, "tie_word_embeddings": False}), "utf-8")
    return folder


def ct2(folder: Path, pairs: Sequence[tuple[str, str]] = PAIRS, steps: int = 0) -> Path:
    """A checkpoint laid out as quickmt's: CTranslate2 float16, two vocabularies, two SentencePiece models."""
    import torch
    from ctranslate2.converters.transformers import BartLoader
    from transformers import MarianConfig, MarianMTModel

    folder.mkdir(parents=True)
    vocabularies = []
    for name, column in (("src", 0), ("tgt", 1)):
        pieces = _spm(folder / f"{name}.spm.model", [pair[column] for pair in pairs])
        kept = [piece for piece in pieces if piece not in ("<unk>", "<s>", "</s>")]
        vocabularies.append(["<unk>", "<blank>", "<s>", "</s>", *kept])
    for name, tokens in zip(("source", "target"), vocabularies, strict=True):
        (folder / f"{name}_vocabulary.json").write_text(json.dumps(tokens), "utf-8")
    torch.manual_seed(7)
    config = MarianConfig(
        vocab_size=len(vocabularies[0]),
        decoder_vocab_size=len(vocabularies[1]),
        share_encoder_decoder_embeddings=False,
        tie_word_embeddings=False,
        d_model=64,
        encoder_layers=3,
        decoder_layers=2,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        activation_function="relu",
        scale_embedding=True,
        pad_token_id=1,
        eos_token_id=3,
        decoder_start_token_id=2,
        dropout=0.0,
        attention_dropout=0.0,
    )
    model: Any = MarianMTModel(config)
    if steps:
        _overfit(model, folder, pairs, steps, 1)
    model.config.normalize_before = model.config.normalize_embedding = False
    with torch.no_grad():
        spec = BartLoader().get_model_spec(model)
    spec.register_source_vocabulary(vocabularies[0])
    spec.register_target_vocabulary(vocabularies[1])
    spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = "<unk>", "<s>", "</s>"
    spec.config.decoder_start_token = "<s>"  # noqa: S105
    spec.config.add_source_eos = False
    spec.validate()
    spec.optimize(quantization="float16")
    spec.save(str(folder))
    return folder


def hub_cache(root: Path, repo: str, checkpoint: Path, revision: str) -> Path:
    """``checkpoint`` laid out as the hub's local cache lays out a snapshot."""
    base = root / ("models--" + repo.replace("/", "--"))
    snapshot = base / "snapshots" / revision
    snapshot.mkdir(parents=True)
    for file in checkpoint.iterdir():
        (snapshot / file.name).write_bytes(file.read_bytes())
    (base / "refs").mkdir()
    (base / "refs" / "main").write_text(revision)
    return snapshot


def _spm(path: Path, lines: Sequence[str], **options: Any) -> list[str]:
    with path.open("wb") as file:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=file,
            model_type="unigram",
            vocab_size=260,
            hard_vocab_limit=False,
            character_coverage=1.0,
            minloglevel=2,
            **options,
        )
    processor = spm.SentencePieceProcessor(model_file=str(path))
    return [processor.id_to_piece(i) for i in range(len(processor))]


def _finish(model: Any, folder: Path, pairs: Sequence[tuple[str, str]], steps: int, pad: int) -> None:
    import torch

    if steps:
        _overfit(model, folder, pairs, steps, pad)
    if model.config.model_type == "marian":
        # The decoder of a real Marian checkpoint starts from a zero embedding: the pad row.
        with torch.no_grad():
            model.get_input_embeddings().weight[pad].zero_()
    model.save_pretrained(folder)


def _overfit(model: Any, folder: Path, pairs: Sequence[tuple[str, str]], steps: int, pad: int) -> None:
    import torch

    from service.engines.tokenizer import EOS, Pieces

    pieces = Pieces(folder)
    source_ids = _vocabulary(folder / "source_vocabulary.json") or pieces.ids
    source_rows = [source_ids([*pieces.encode(s), EOS]) for s, _ in pairs]
    target_rows = [pieces.ids([*pieces.encode_target(t), EOS]) for _, t in pairs]

    def padded(rows: list[list[int]], filler: int) -> Any:
        width = max(map(len, rows))
        return torch.tensor([row + [filler] * (width - len(row)) for row in rows])

    ids = padded(source_rows, pad)
    mask = padded([[1] * len(row) for row in source_rows], 0)
    labels = padded(target_rows, -100)
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, total_iters=steps)
    model.train()
    for _ in range(steps):
        optimiser.zero_grad()
        model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if model.config.model_type == "marian":
            with torch.no_grad():
                model.get_input_embeddings().weight[pad].zero_()
    model.eval()


def _vocabulary(path: Path) -> Callable[[Sequence[str]], list[int]] | None:
    """What looks up the ids of a source that has a vocabulary of its own."""
    if not path.is_file():
        return None
    tokens = json.loads(path.read_text("utf-8"))
    return lambda pieces: [tokens.index(piece) for piece in pieces]


def _write(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(values), "utf-8")
