import json
import time
from pathlib import Path

import pytest

from service.errors import InputError
from service.translation.glossary import WORD, Glossary, Term, load_user
from service.translation.terms import ArticleTerms

GLOSSARY = Glossary.load()
KINDS = {
    "administration", "company", "culture", "disaster", "economy", "education", "election", "energy",
    "environment", "government", "health", "institution", "international", "labour", "law", "ministry",
    "office", "party", "politics", "programme", "region", "security", "society", "sport", "transport", "unit",
}  # fmt: skip


def found(text: str, article: str = "", glossary: Glossary = GLOSSARY) -> list[tuple[str, str]]:
    return [(text[m.start : m.end], m.term.en) for m in glossary.find(text, article)]


def test_the_glossary_is_complete_and_of_one_mind() -> None:
    assert len(GLOSSARY.terms) >= 500
    assert {term.kind for term in GLOSSARY.terms} == KINDS
    assert {term.source for term in GLOSSARY.terms} == {"own", "press", "law", "intl"}
    for term in GLOSSARY.terms:
        right = {name.casefold().removeprefix("the ") for name in term.renderings}
        assert not right & {name.casefold() for name in term.wrong}, term.id
        assert len(set(term.forms)) == len(term.forms), term.id


def test_every_term_is_found_in_each_of_its_forms() -> None:
    for term in GLOSSARY.terms:
        article = f"{term.expansion} {' '.join(term.cues)}"
        for form in term.forms:
            names = {match.term.en for match in GLOSSARY.find(f"Kata {form}, kemarin.", article)}
            assert term.en in names or not term.cues, (term.id, form)
            assert names, (term.id, form)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KPK menahan bupati itu.", [("KPK", "the Corruption Eradication Commission"), ("bupati", "regent")]),
        ("Menurut Badan Pusat Statistik (BPS)",
         [("Badan Pusat Statistik", "Statistics Indonesia"), ("BPS", "Statistics Indonesia")]),
        ("usaha mikro, kecil dan menengah", [("usaha mikro, kecil dan menengah",
                                             "micro, small and medium enterprises")]),
        ("Kementerian Hukum dan HAM",
         [("Kementerian Hukum dan HAM", "the Ministry of Law and Human Rights")]),
        ("BPJS Kesehatan", [("BPJS Kesehatan", "the Health Care and Social Security Agency")]),
        ("ekspor ke AS", [("AS", "the United States")]),
        ("pilkada, PILKADA", [("pilkada", "regional election"), ("PILKADA", "regional election")]),
        ("as roda, kpk, KPKX, DPRDku", []),
        ("Ada Badan. Pusat Statistik", []),
        ("", []),
    ],
)  # fmt: skip
def test_find(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "article", "meaning"),
    [
        ("Sekjen PBB meminta gencatan senjata.", "", "the United Nations"),
        ("Tagihan PBB naik, wajib pajak protes.", "", "land and building tax"),
        ("PBB menambah kursi, kata Yusril.", "", "the Crescent Star Party"),
        ("PBB diumumkan kemarin.", "", None),
        ("PBB diumumkan kemarin.", "Pajak Bumi dan Bangunan (PBB) naik.", "land and building tax"),
        ("PBB diumumkan kemarin.", "Perserikatan Bangsa-Bangsa (PBB) bersidang.", "the United Nations"),
        ("Kasasi ditolak MA.", "", "the Supreme Court"),
        ("Siswa MA itu juara.", "", "Islamic senior high school"),
        ("MA tersenyum.", "", None),
        ("Kantor PSI ramai.", "", None),
        ("Kader PSI ramai.", "", "the Indonesian Solidarity Party"),
        ("Delapan KK mengungsi.", "", "households"),
        ("ABK itu jatuh dari kapal.", "", "crew members"),
    ],
)
def test_an_ambiguous_acronym_needs_a_cue(text: str, article: str, meaning: str | None) -> None:
    short = [en for form, en in found(text, article) if form.isupper()]
    assert short == ([meaning] if meaning else [])


def test_a_full_name_needs_no_cue() -> None:
    assert found("Pajak Bumi dan Bangunan") == [("Pajak Bumi dan Bangunan", "land and building tax")]


def test_the_users_terms_win() -> None:
    user = [
        Term("KPK", "the Graft Commission"),
        Term("PBB", "the UN body"),
        Term("Kementerian Keuangan", "the Treasury"),
    ]
    merged = GLOSSARY.merged(user)
    assert found("KPK, PBB, Kementerian Keuangan, BPS", glossary=merged) == [
        ("KPK", "the Graft Commission"),
        ("PBB", "the UN body"),
        ("Kementerian Keuangan", "the Treasury"),
        ("BPS", "Statistics Indonesia"),
    ]


def test_ten_thousand_user_terms_cost_no_time() -> None:
    user = [Term(f"Badan Urusan {i:05}", f"the Agency {i}", variants=(f"BU{i}X",)) for i in range(10_000)]
    merged = GLOSSARY.merged(user)
    text = "Kepala Badan Urusan 00042 menemui BU7X dan KPK di Jakarta. " * 200
    merged.find("KPK")
    started = time.thread_time()
    matches = merged.find(text)
    assert time.thread_time() - started < 0.5
    assert len(matches) == 600


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "id\ten\talso\nKPK\tthe Graft Commission\tgraft body|KPK\n\n"),
        ("a.csv", 'id,en,also\r\nKPK,"the Graft Commission",graft body|KPK\r\n'),
        ("a.toml", '[[term]]\nid = "KPK"\nen = "the Graft Commission"\nalso = ["graft body", "KPK"]\n'),
    ],
)
def test_load_user(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8", newline="")
    assert load_user(tmp_path / name) == [Term("KPK", "the Graft Commission", also=("graft body", "KPK"))]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.tsv", "id\tenglish\nKPK\tx\n", "a.tsv, line 1: unknown column 'english'; there are: id, en, "),
        ("a.tsv", "id\nKPK\n", "a.tsv, line 1: one column must be 'en'"),
        ("a.tsv", "id\ten\nKPK\tx\ty\n", "a.tsv, line 2: 3 cells under 2 columns"),
        ("a.tsv", "id\ten\nBPS\tx\n\tx\n", "a.tsv, line 3: 'id' is empty"),
        ("a.tsv", "id\ten\nBPS\n", "a.tsv, line 2: 'en' is empty"),
        ("a.tsv", "id\ten\tvariants\nBPS\tx\t--\n", "a.tsv, line 2: '--' holds no word"),
        ("a.tsv", "id\ten\nKPK\tx\nKPK\ty\n", "a.tsv, line 3: 'KPK' is given twice; cues"),
        ("a.tsv", "id\ten\n", "a.tsv: holds no terms"),
        ("a.tsv", "", "a.tsv, line 1: unknown column ''"),
        ("a.csv", 'id,en\nKPK,"x\n', "a.csv, line 2: unexpected end of data"),
        ("a.toml", "[[term]\n", "a.toml: "),
        ("a.toml", "x = 1\n", "a.toml: a glossary is [[term]] tables and nothing else"),
        ("a.toml", '[[term]]\nid = "KPK"\nen = 5\n', "a.toml, term 1: 'en' is not text"),
        (
            "a.toml",
            '[[term]]\nid = "KPK"\nen = "x"\nalso = "y|z"\nfoo = 1\n',
            "a.toml, term 1: unknown column 'foo'",
        ),
        ("a.txt", "KPK x", "a.txt: a glossary is a .csv, .tsv or .toml file"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_problem(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(InputError) as caught:
        load_user(tmp_path / name)
    message = str(caught.value)
    assert message.removeprefix(f"{tmp_path}/").startswith(problem)
    assert "\n" not in message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tsv: No such file"):
        load_user(tmp_path / "none.tsv")
    (tmp_path / "latin.tsv").write_bytes("id\ten\nKafé\tx\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.tsv: not UTF-8 text"):
        load_user(tmp_path / "latin.tsv")


@pytest.mark.parametrize(
    ("source", "target", "misses"),
    [
        ("KPK bergerak.", "The KPK moved.", []),
        ("KPK bergerak.", "The Corruption Eradication Commission moved.", []),
        ("KPK bergerak.", "The graft body moved.", ["KPK"]),
        ("Menurut Badan Pusat Statistik", "ACCORDING TO STATISTICS INDONESIA", []),
        ("Organisasi Perburuhan Internasional", "the International Labor Organization", []),
        ("Ia tinggal di AS.", "He told us so.", ["AS"]),
        ("Ia tinggal di AS.", "He lives in the U.S.", []),
        ("Tujuh puskesmas tutup.", "Seven community health centers closed.", []),
        ("Nusa Tenggara Timur (NTT)", "Nusa Tenggara Timur (NTT)", ["NTT"]),
        ("Bank Indonesia (BI)", "Bank Indonesia (BI)", []),
        ("Kabar baik.", "Good news.", []),
    ],
)
def test_check(source: str, target: str, misses: list[str]) -> None:
    check = ArticleTerms(GLOSSARY, source).check(source, target)
    assert [match.term.id for match in check.misses] == misses


@pytest.mark.parametrize(
    ("source", "injected"),
    [
        ("Provinsi Papua Barat Daya dan Papua Tengah", "Southwest Papua Province dan Central Papua"),
        ("warga Kabupaten Sumba Barat Daya", "warga Southwest Sumba Regency"),
        ("warga Kabupaten Seram Bagian Barat", "warga West Seram Regency"),
        ("warga Kabupaten Tanah Laut", "warga Tanah Laut Regency"),
        ("Ketua DPP PDIP Jawa Timur", "Ketua DPP PDI-P East Java"),
        ("Mahkamah Agung (MA) hari ini", "Supreme Court (MA) hari ini"),
        ("Badan Pusat Statistik (BPS) mencatat", "Statistics Indonesia (BPS) mencatat"),
        ("Perserikatan Bangsa-Bangsa (PBB) bersidang", "United Nations (UN) bersidang"),
        ("UU itu dikritik KPK.", "Law itu dikritik KPK."),
        ("di Kabupaten Lombok Timur, Nusa Tenggara Barat", "di East Lombok Regency, West Nusa Tenggara"),
        ("warga Kecamatan Cibiru Kabupaten Suka", "warga Cibiru District Suka Regency"),
        ("di tingkat kabupaten", "di tingkat kabupaten"),
        ("Kabar baik.", "Kabar baik."),
    ],
)
def test_inject(source: str, injected: str) -> None:
    assert ArticleTerms(GLOSSARY, source).inject(source) == injected


@pytest.mark.parametrize(
    ("source", "target", "edited"),
    [
        ("KPK menahannya.", "The Corruption Eradication Committee held him.",
         "The Corruption Eradication Commission held him."),
        ("kata Kementerian Keuangan", "said Kementerian Keuangan", "said the Ministry of Finance"),
        ("Kementerian Keuangan ragu.", "Kementerian Keuangan doubts.", "The Ministry of Finance doubts."),
        ("pejabat Kementerian Keuangan", "a Kementerian Keuangan official", "a Ministry of Finance official"),
        ("Tagihan PBB naik.", "The U.N. bill rose.", "The land and building tax bill rose."),
        ("Sekjen PBB hadir.", "The UN secretary-general came.", "The UN secretary-general came."),
        ("di AS", "in AS", "in the US"),
        ("di 51 kelurahan", "in 51 kelurahan", "in 51 subdistricts"),
        ("di Kabupaten Lombok Timur,", "in Kabupaten Lombok Timur,", "in East Lombok Regency,"),
        ("OTT itu", "The hand-catching operation", "The sting operation"),
        ("puskesmas (pusat kesehatan masyarakat)", "community health center (puskesmas)",
         "community health center (puskesmas)"),
        ("Ada PHK.", "There will be layoffs (PHK).", "There will be layoffs (PHK)."),
        ("Dua Bupati bertemu Bupati lain.", "Bupati A met Bupati B.", "Bupati A met Bupati B."),
        ("Kabar baik.", "In the UN, kabupaten and AS stay.", "In the UN, kabupaten and AS stay."),
    ],
)  # fmt: skip
def test_edit(source: str, target: str, edited: str) -> None:
    terms = ArticleTerms(GLOSSARY, source)
    assert terms.edit(source, target) == edited
    assert terms.edit(source, edited) == edited


@pytest.mark.parametrize(
    ("targets", "index"),
    [
        (["The body moved.", "The KPK moved.", "The KPK has moved."], 1),
        (["The KPK moved.", "The KPK has moved."], 0),
        (["It moved.", "They moved."], 0),
    ],
)
def test_choose(targets: list[str], index: int) -> None:
    assert ArticleTerms(GLOSSARY, "").choose("KPK bergerak.", targets) == index


def test_the_first_mention_is_spelled_out_once() -> None:
    terms = ArticleTerms(GLOSSARY, "KPK dan BPS", expand=True)
    pairs = [
        ("KPK menahannya.", "KPK held him.", "The Corruption Eradication Commission (KPK) held him."),
        ("Kata KPK, itu benar.", "It is true, said the KPK.", "It is true, said the KPK."),
        ("Mantan ketua BPS", "the former BPS head", "the former Statistics Indonesia (BPS) head"),
        ("BPS menolak.", "BPS refused.", "BPS refused."),
        ("Badan POM (BPOM)", "Food and Drug Monitoring Agency", "Food and Drug Monitoring Agency"),
        ("BPOM menolak.", "BPOM refused.", "BPOM refused."),
    ]  # fmt: skip
    assert [terms.edit(source, target) for source, target, _ in pairs] == [edited for *_, edited in pairs]


def test_the_references_of_warta_bench_hold_the_terms() -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / "warta-bench.jsonl"
    if not path.is_file():
        pytest.skip("the shared corpora are not beside the checkout")
    checks = []
    for line in path.read_text("utf-8").rstrip("\n").split("\n"):
        pairs = [pair for paragraph in json.loads(line)["paragraphs"] for pair in paragraph]
        terms = ArticleTerms(GLOSSARY, " ".join(pair["id"] for pair in pairs))
        checks += [terms.check(pair["id"], pair["en"]) for pair in pairs]
        assert [terms.edit(pair["id"], pair["en"]) for pair in pairs] == [pair["en"] for pair in pairs]
    assert sum(len(check.matches) for check in checks) > 150
    assert sum(len(check.misses) for check in checks) < 5


def test_nothing_is_spelled_out_unasked() -> None:
    assert ArticleTerms(GLOSSARY, "KPK").edit("KPK menolak.", "KPK refused.") == "KPK refused."


WORDS = GLOSSARY.with_words(Glossary.words())


@pytest.mark.parametrize(
    ("source", "given"),
    [
        ("Air waduk surut dan ikan di keramba mati.", "Air reservoir surut dan ikan di fish cage mati."),
        ("Keramba itu hanyut.", "Fish cage itu hanyut."),
        ("Warga berkumpul di Waduk Gajah Mungkur.", "Warga berkumpul di Waduk Gajah Mungkur."),
        (
            "Gerbong itu kosong, kata warga Dusun Gerbong.",
            "Railway car itu kosong, kata warga Dusun Gerbong.",
        ),
        ("KPK menyita dompet.", "KPK menyita wallet."),
    ],
)
def test_ordinary_words_are_put_in_and_names_left(source: str, given: str) -> None:
    assert ArticleTerms(WORDS, source).inject(source) == given


def test_ordinary_words_are_not_held_to() -> None:
    assert not ArticleTerms(GLOSSARY, "").check("Air waduk surut.", "The dam fell.").misses


def test_every_ordinary_word_is_one_meaning_of_its_own() -> None:
    words = Glossary.words().terms
    assert len({word.id for word in words}) == len(words) > 1000
    assert not [word.id for word in words if word.id != word.id.lower() or word.cues or word.kind != WORD]
