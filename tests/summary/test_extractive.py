"""The extractive ranker: what it chooses, what it never chooses, and that it stays linear."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.indosum import DEFAULT, Document, detokenize, load
from eval.research.summaries import interval, lead, oracle, scores, sumy_pick
from eval.training.ranker import train
from service.summary.extractive import Ranker, best_first, rank, shipped_ranker
from service.summary.features import NAMES, TermMatrix, features, words

ARTICLE = (
    "JAKARTA - Pemerintah kota menutup tiga jembatan tua mulai Senin karena pondasinya retak.",
    "Penutupan berlangsung enam bulan dan menelan biaya Rp12 miliar.",
    "Baca juga: Lima taman kota yang ramai saat libur",
    '"Kami tidak mau menunggu sampai ada korban," kata Kepala Dinas Pekerjaan Umum Rahmat Hidayat.',
    "Ia lalu tersenyum.",
    "Warga diminta memakai jembatan baru di Jalan Melati selama perbaikan jembatan tua berlangsung.",
    "Apakah cukup?",
    "Hujan turun pada sore hari.",
)


def numbered(count: int) -> list[str]:
    return [
        f"Kalimat nomor {index} menyebut kata{index % 97} dan kata{index % 89} saja."
        for index in range(count)
    ]


@pytest.mark.parametrize(
    ("sentences", "n", "expected"),
    [
        ([], 3, []),
        ([""], 3, []),
        (["  ", "\n", "…"], 3, []),
        (["Satu kalimat saja."], 3, [0]),
        (["Satu kalimat saja."], 0, []),
        (["Satu kalimat saja."], -1, []),
        (["", "Hanya ini yang berisi.", ""], 2, [1]),
        (["Sama persis."] * 4, 3, [0]),
        (["Sama persis.", "Lain lagi isinya.", "SAMA PERSIS!"], 3, [0, 1]),
        (["Beras naik.", "Gula turun.", "Garam tetap."], 9, [0, 1, 2]),
    ],
)
def test_edges(sentences: list[str], n: int, expected: list[int]) -> None:
    assert rank(sentences, n) == expected


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=12), st.integers(-1, 14), st.text(max_size=20))
def test_any_text_gives_different_sentences_in_reading_order(texts: list[str], n: int, title: str) -> None:
    chosen = rank(texts, n, title)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(max(n, 0), len({tuple(words(text)) for text in texts} - {()}))
    assert set(chosen) <= set(range(len(texts)))


def test_the_news_is_chosen_and_the_furniture_is_not() -> None:
    chosen = rank(ARTICLE, 3, "Tiga Jembatan Tua Ditutup")
    assert chosen == sorted(chosen)
    assert 0 in chosen
    assert not {2, 4, 6} & set(chosen)


def test_rank_is_best_first_in_reading_order_and_grows_by_one() -> None:
    order = best_first(ARTICLE, len(ARTICLE), "Tiga Jembatan Tua Ditutup")
    assert sorted(order) == list(range(len(ARTICLE)))
    for n in range(1, len(ARTICLE)):
        assert rank(ARTICLE, n, "Tiga Jembatan Tua Ditutup") == sorted(order[:n])


def test_a_near_repeat_gives_way() -> None:
    repeated = (ARTICLE[0], ARTICLE[0].replace("JAKARTA - ", ""), *ARTICLE[1:])
    assert rank(repeated, 2) != [0, 1]
    assert len({0, 1} & set(rank(repeated, 2))) == 1


def test_the_title_counts() -> None:
    text = [
        "Pasar buka.",
        "Harga cabai di Pasar Kliwon naik.",
        "Cuaca di Desa Rejo cerah.",
        "Jalan Mawar sepi.",
    ]
    rows = features(text, "Cabai naik di Pasar Kliwon", range(4))
    covered = rows[:, NAMES.index("title_covered")]
    assert covered.argmax() == 1
    assert covered[3] == 0.0


def test_paragraph_features() -> None:
    rows = features(["A b.", "C d.", "E f."], "", [0, 0, 1])
    assert rows[:, NAMES.index("paragraph_lead")].tolist() == [1, 0, 1]
    assert rows[:, NAMES.index("paragraph_size")].tolist() == [2, 2, 1]


def test_term_matrix_rows_have_unit_length_and_centrality_is_the_mean_cosine() -> None:
    bags = [words(sentence) for sentence in ARTICLE]
    matrix = TermMatrix.of(bags)
    dense = np.zeros((len(bags), len(matrix.vocabulary)))
    dense[matrix.rows, matrix.terms] = matrix.weights
    assert np.allclose(np.linalg.norm(dense, axis=1), 1.0)
    cosine = dense @ dense.T
    expected = (cosine.sum(axis=1) - 1) / (len(bags) - 1)
    assert np.allclose(features(ARTICLE, "", range(len(bags)))[:, NAMES.index("centrality")], expected)


def test_trees_are_walked_as_written() -> None:
    ranker = Ranker(
        np.array([[0, 1, 1], [1, 0, 0]]),
        np.array([[0.5, 2.0, 3.0], [2.5, 0.0, 9.0]]),
        np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]]),
    )
    rows = np.array([[0.5, 2.0], [0.5, 2.1], [1.0, 3.0], [1.0, 3.1]])
    assert ranker.scores(rows).tolist() == [1 + 20, 2 + 20, 3 + 30, 4 + 30]
    many = np.tile(rows, (1000, 1))
    assert ranker.scores(many).tolist() == ranker.scores(rows).tolist() * 1000


def test_weights_of_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match=r"training\.ranker"):
        Ranker.from_json({"names": ["position"], "features": [], "thresholds": [], "leaves": []})


def test_ten_thousand_sentences_need_no_square_matrix() -> None:
    tracemalloc.start()
    assert len(rank(numbered(10_000), 5)) == 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000 * 10_000  # bytes: less than one byte a pair


def test_same_input_same_answer() -> None:
    text = numbered(300)
    assert rank(text, 20) == rank(tuple(text), 20) == rank(text, 20, "")


def test_training_repeats_and_fits_the_features() -> None:
    pytest.importorskip("sklearn")
    documents = [
        Document(
            f"d{i}",
            "",
            (f"Lead {i} penting.", "Isi biasa saja.", "Penutup."),
            (0, 1, 2),
            (True, False, False),
            (),
        )
        for i in range(80)
    ]
    first = train(documents)
    assert first == train(documents)
    ranker = Ranker.from_json(json.loads(json.dumps(first)))
    assert best_first(documents[0].sentences, 1, ranker=ranker) == [0]


def test_the_shipped_weights_are_complete_trees() -> None:
    ranker = shipped_ranker()
    trees, inner = ranker.features.shape
    assert ranker.thresholds.shape == (trees, inner)
    assert ranker.leaves.shape == (trees, inner + 1)
    assert set(ranker.features.ravel()) <= set(range(len(NAMES)))


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ('" Kami siap , " kata Budi .', '"Kami siap," kata Budi.'),
        ("skor 2 - 1 ( 21 / 1 / 2018 ) .", "skor 2-1 (21/1/2018)."),
        ("JAKARTA - Harga naik", "JAKARTA - Harga naik"),
        ("double - double ke - 68", "double-double ke-68"),
        ("", ""),
    ],
)
def test_detokenize(tokens: str, text: str) -> None:
    assert detokenize(tokens.split()) == text


def test_scores_of_a_known_summary() -> None:
    pytest.importorskip("rouge_score")
    document = Document(
        "d", "", ("Harga béras naik.", "Warga resah."), (0, 1), (True, False), ("Harga béras naik.",)
    )
    assert oracle(document, 2) == [0]
    assert scores([document], oracle, 2).tolist() == [[100.0, 100.0, 100.0]]
    # three of five words right, all three of the reference found; two of four pairs, both found
    assert scores([document], lead, 2)[0] == pytest.approx([75.0, 200 / 3, 75.0])


def test_interval_of_a_constant_is_that_constant() -> None:
    draws = np.random.default_rng(0).integers(4, size=(50, 4))
    assert interval(np.full(4, 7.0), draws) == (7.0, 7.0, 7.0)


@pytest.mark.parametrize("name", ["LexRank", "TextRank"])
def test_sumy_chooses_among_our_sentences(name: str) -> None:
    pytest.importorskip("sumy")
    document = Document("d", "", ARTICLE, tuple(range(len(ARTICLE))), (False,) * len(ARTICLE), ())
    chosen = sumy_pick(name)(document, 3)
    assert len(chosen) == 3
    assert set(chosen) < set(range(len(ARTICLE)))


@pytest.mark.skipif(not Path(DEFAULT).exists(), reason="IndoSum is not beside the project")
def test_ours_is_above_lead_on_articles_it_did_not_see() -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("rouge_score")
    documents = load(limit=600)
    ranker = Ranker.from_json(train([document for document in documents if document.fold]))
    held_out = [document for document in documents if not document.fold]

    def ours(document: Document, budget: int) -> list[int]:
        return best_first(
            document.sentences, budget, document.title, paragraphs=document.paragraphs, ranker=ranker
        )

    gain = scores(held_out, lambda d, n: sorted(ours(d, n)), 3) - scores(held_out, lead, 3)
    assert gain[:, 0].mean() > 0
