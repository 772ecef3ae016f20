"""The guard: one table of sources, translations and the kinds of findings that belong to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.research.guard import LABELS, SYSTEMS, lines, read_labels
from service.translation.guard.check import KINDS, check

DATA = Path(__file__).parents[2].parent / "shared" / "data"
FLORES = DATA / "flores200.dev.ind-eng.tsv"

MARKET = "Pedagang pasar itu menata dagangannya sebelum fajar."
TWO = "Jembatan itu ditutup sejak pagi karena banjir. Warga harus memutar lewat desa tetangga."

CASES = [
    # clean
    (MARKET, "The market vendor arranged her goods before dawn.", []),
    (TWO, "The bridge has been closed since morning by floods. Residents drive through another one.", []),
    (TWO, "The bridge has been closed since morning by floods, so residents drive through another one.", []),
    ("", "", []),
    ("Tempo", "Tempo", []),
    ("Bank Mandiri", "Bank Mandiri", []),
    # empty
    (MARKET, "", ["empty"]),
    (MARKET, " \n", ["empty"]),
    # artefact
    (MARKET, "The market vendor <extra_id_0> arranged her goods before dawn.", ["artefact"]),
    (MARKET, "The market vendor arranged her goods ⁇ before dawn.", ["artefact"]),
    (MARKET, "The market vendor arranged her goods before dawn.</s>", ["artefact"]),
    (MARKET, "<pad> The market vendor arranged her goods before dawn.", ["artefact"]),
    (MARKET, "English: The market vendor arranged her goods before dawn.", ["artefact"]),
    (MARKET, "onesian: The market vendor arranged her goods before dawn.", ["artefact"]),
    (MARKET, "glish: The market vendor arranged her goods before dawn.", ["artefact"]),
    (MARKET, "The market vendor&#39;s goods were arranged before dawn.", ["artefact"]),
    (MARKET, "The market vendor arranged her goods \ufffd before dawn.", ["artefact"]),
    (MARKET, "The market vendor arranged her goods before dawn.\nThe market vendor did.", ["artefact"]),
    ("Kode <pad> itu dihapus dari laporan.", "The code <pad> was removed from the report.", []),
    # echo
    (MARKET, MARKET, ["echo"]),
    ("Polisi menangkap tersangka pencurian.", "Polisi menangkap tersangka pencurian.", ["echo"]),
    (MARKET, "The vendor menata barang yang akan dijual di pasar itu.", ["echo"]),
    ("Pirates of the Caribbean", "Pirates of the Caribbean", []),
    ("Ia menyebutnya tanah air.", "He called it tanah air, the homeland.", []),
    # repetition
    (MARKET, "The market vendor arranged her goods goods goods before dawn.", ["repetition"]),
    (MARKET, "The market vendor said it was her market, it was her market, before dawn.", ["repetition"]),
    (MARKET, "The vendor set goods, as told by the paper, at dawn, as told by the paper.", ["repetition"]),
    (
        "Ada yang dari pasar itu dan ada yang dari desa.",
        "There are some who come from that market and there are some who come from the village.",
        [],
    ),
    (MARKET, "The market vendor was sorry I'm sorry I'm sorry I'm sorry I'm sorry.", ["repetition"]),
    (MARKET, "The market vendor arranged her hahahahahahahahahahahahahaha before dawn.", ["repetition"]),
    ("Ia berseru maju, maju, maju sambil melambai.", "He shouted forward, forward, forward, waving.", []),
    (MARKET, "The vendor had had enough and arranged her goods before dawn.", []),
    ("Jalan 1 km, 2 km, dan 3 km.", "Roads of 1 km, 2 km and 3 km.", []),
    # dropped
    (TWO, "The bridge has been closed since morning.", ["dropped"]),
    (TWO, "Residents detour through the next village.", ["dropped"]),
    ("Siapa pemiliknya? Rumah tua di tepi sungai itu tidak pernah dihuni lagi sejak pemiliknya pergi.",
     "The old house on the riverbank has not been lived in again since its owner went away.", ["dropped"]),
    ("Gubernur meresmikan pasar baru yang dibangun di atas lahan bekas terminal setelah tertunda lama.",
     "The governor opened a market.", ["dropped"]),
    ("Ia wafat.", "He died.", []),
    # negation
    ("Ia tidak datang ke rapat itu.", "He came to the meeting.", ["negation"]),
    ("Ia tidak datang ke rapat itu.", "He did not come to the meeting.", []),
    ("Ia tidak datang ke rapat itu.", "He didn’t come to the meeting.", []),
    ("Ia tidak datang ke rapat itu.", "He failed to come to the meeting.", []),
    ("Itu bukan keputusan bupati.", "That was the regent's decision.", ["negation"]),
    ("Laporan itu belum selesai.", "The report is finished.", ["negation"]),
    ("Laporan itu belum selesai.", "The report is unfinished.", []),
    ("Laporan itu belum selesai.", "The report is yet to be finished.", []),
    ("Ia masuk tanpa izin.", "He entered with permission.", ["negation"]),
    ("Ia masuk tanpa izin.", "He entered without permission.", []),
    ("Jangan menyentuh kabel itu.", "Touch the cable.", ["negation"]),
    ("Jangan menyentuh kabel itu.", "Never touch the cable.", []),
    ("Cara itu tak berguna bagi petani.", "The method is useless to farmers.", []),
    ("Hal itu tidak mungkin.", "That is impossible.", []),
    ("Tidak hanya murah, beras itu juga enak.", "The rice is cheap and also tasty.", []),
    ("Bukan hanya warga, wisatawan pun datang.", "Residents and tourists alike came.", []),
    ("Mau tidak mau mereka pindah.", "They had to move.", []),
    ("Belum lama ini ia pulang.", "He came home recently.", []),
    ("Tidak sedikit warga yang datang.", "Many residents came.", []),
    ("Jika tidak, harga akan naik.", "Otherwise prices will rise.", []),
    ("Paling tidak ada jalan lain.", "At least there is another road.", []),
    ("Ia datang sebelum fajar.", "He came before dawn.", []),
    ("Pagar itu menjaga agar sapi tidak lari.", "The fence keeps the cows from running away.", []),
    ("Bupati menyetujui rencana itu.", "The regent did not approve the plan.", ["negation"]),
    ("Bupati menolak rencana itu.", "The regent did not accept the plan.", []),
    # entity
    ("Menurut Sulastri, harga beras naik.", "According to her, the price of rice rose.", ["entity"]),
    ("Menurut Sulastri, harga beras naik.", "According to Sulastri, the price of rice rose.", []),
    ("Dubes itu terbang ke Jepang kemarin.", "The ambassador flew to Korea yesterday.", ["entity", "entity"]),
    ("Dubes itu terbang ke Jerman kemarin.", "The ambassador flew to Germany yesterday.", []),
    ("Dubes itu terbang ke Jerman kemarin.", "The envoy flew to France yesterday.", ["entity", "entity"]),
    ("Petinju asal Belanda menang.", "The Dutch boxer won.", []),
    ("Ia bekerja untuk PBB di Kairo.", "He works for the UN in Cairo.", []),
    ("Sidang di Mahkamah Agung ditunda.", "The Supreme Court session was postponed.", []),
    ("Ekspor ke Uni Eropa naik.", "Exports to the European Union rose.", []),
    ("Penyair dari Trakia itu wafat.", "The poet from Thrace died.", []),
    ("Festival itu bertema “Tetap Kenyang”.", "The festival's theme was “Still Full.”", []),
    ("Ia berbicara dalam bahasa Jawa.", "He spoke in Javanese.", []),
    ("Menurut BPS, inflasi naik.", "According to Statistics Indonesia, inflation rose.", []),
    ("Harga gabah naik.", "The price of rice in Malaysia rose.", ["entity"]),
    # several at once, gravest first
    (TWO, "", ["empty"]),
    ("Ia tidak menerima 15 surat.", "He received 16 letters.", ["number", "negation"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "kinds"), CASES)
def test_the_kinds_of_findings(source: str, target: str, kinds: list[str]) -> None:
    assert [finding.kind for finding in check(source, target)] == kinds


def test_truncation_is_reported_as_the_engine_said_it() -> None:
    found = check(MARKET, "The market vendor arranged her goods before dawn.", truncated=True)
    assert [finding.kind for finding in found] == ["truncated"]


@pytest.mark.parametrize(
    ("source", "target", "detail"),
    [
        ("Ia tidak datang ke rapat itu.", "He came to the meeting.", "'tidak' has no counterpart"),
        ("Bupati menyetujui itu.", "The regent did not approve it.", "'not' is not in the source"),
        ("Menurut Sulastri, harga naik.", "Prices rose, she said.", "Sulastri is not in the translation"),
        ("Harga naik di kota.", "Prices in Malaysia rose.", "Malaysia is not in the source"),
        (MARKET, "The vendor goods goods goods before dawn came.", "'goods' again and again"),
        (MARKET, "The vendor </s> arranged her goods before dawn.", "'</s>' is no part of a translation"),
    ],
)  # fmt: skip
def test_details_are_for_readers(source: str, target: str, detail: str) -> None:
    assert detail in [str(finding) for finding in check(source, target)]


@given(st.text(), st.text(), st.booleans())
def test_any_two_texts_are_judged(source: str, target: str, truncated: bool) -> None:
    kinds = [finding.kind for finding in check(source, target, truncated=truncated)]
    assert kinds == sorted(kinds, key=KINDS.index)


@given(st.text(min_size=1))
def test_the_same_judgement_twice(text: str) -> None:
    assert check(MARKET, text) == check(MARKET, text)


@pytest.mark.skipif(not FLORES.exists(), reason="FLORES dev is not beside the repository")
def test_perfect_references_have_number_findings_on_at_most_three_in_a_hundred() -> None:
    rows = [line.split("\t") for line in FLORES.read_text(encoding="utf-8").rstrip("\n").split("\n")]
    flagged = [index for index, (s, t) in enumerate(rows) if any(f.kind == "number" for f in check(s, t))]
    assert len(flagged) <= 0.03 * len(rows)


def flagged(kind: str, system: str) -> set[tuple[str, int]]:
    sources, targets = (lines(DATA / "peers" / f"flores-dev.{name}") for name in ("id", f"{system}.en"))
    both = enumerate(zip(sources, targets, strict=True))
    return {(system, index) for index, (s, t) in both if any(f.kind == kind for f in check(s, t))}


@pytest.mark.skipif(
    not (DATA / "peers").exists(), reason="the six systems' outputs are not beside the repository"
)
@pytest.mark.parametrize(("kind", "precision", "recall"), [("number", 0.95, 0.95), ("dropped", 0.85, 0.85)])
def test_the_hand_labels(kind: str, precision: float, recall: float) -> None:
    labels = read_labels(LABELS)[kind]
    found = set().union(*(flagged(kind, system) for system in SYSTEMS))
    right = sum(labels.get(key, False) for key in found)
    assert right >= precision * len(found)
    assert right >= recall * sum(labels.values())


@pytest.mark.skipif(
    not (DATA / "peers").exists(), reason="the six systems' outputs are not beside the repository"
)
def test_good_output_is_not_called_dropped() -> None:
    assert len(flagged("dropped", "google")) <= 0.02 * 997


def test_every_label_is_of_a_kind_and_said_once() -> None:
    rows = [line.split("\t") for line in lines(LABELS)[1:]]
    assert {row[2] for row in rows} <= set(KINDS)
    assert {row[3] for row in rows} == {"0", "1"}
    assert len({tuple(row[:3]) for row in rows}) == len(rows)
