import json
import subprocess
import sys
from pathlib import Path

import pytest

from service.text.language import check_article, detect, is_english, is_english_article

LINES = [
    line.split("\t")
    for line in (Path(__file__).parents[1] / "data" / "languages.tsv")
    .read_text("utf-8")
    .rstrip("\n")
    .split("\n")
]
DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared corpora are not beside the checkout")
INDONESIAN = (
    "Pemerintah daerah memastikan pasokan air bersih kembali normal setelah pipa utama selesai diperbaiki. "
    "Warga yang sempat mengantre sejak pagi menyambut kabar itu dengan lega. "
    "Namun, sebagian pelanggan di dataran tinggi masih harus menunggu hingga akhir pekan."
)
ENGLISH = (
    "The council said that clean water would be back by the end of the week. "
    "Residents who had been queuing since the morning were relieved to hear it."
)


@pytest.mark.parametrize(
    ("text", "code", "reliable"),
    [
        (INDONESIAN, "id", True),
        (ENGLISH, "en", True),
        ("Kula nyuwun pangapunten awit sampun dangu mboten sowan mriki.", "jv", True),
        ("Presiden Joko", None, False),
        ("Halo", None, False),
        ("12.500 – 3,5 %", "und", False),
        ("", "und", False),
    ],
)
def test_detect(text: str, code: str | None, reliable: bool) -> None:
    language = detect(text)
    assert language.reliable is reliable
    assert code is None or language.code == code
    assert 0 <= language.confidence <= 1


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("“We will not leave anyone behind, and that is a promise,” the minister said.", True),
        ("The city is sinking faster than any other on the coast.", True),
        ("“We will not leave anyone behind, and that is a promise,” kata menteri itu.", False),
        ("“We will not leave anyone behind, and that is a promise,” katanya.", False),
        ("The president of Kenya said that they will not leave the union.", True),
        ("Menurut dia, the show must go on and we are ready for it.", False),
        ("The Raid, The Act of Killing, A Man Called Ahok", False),
        ("Manchester United and Real Madrid", False),
        ("The show must go on", False),
        ("Ia membaca The Old Man and the Sea untuk ketiga kalinya di rumah sakit.", False),
        ("Bank Indonesia, Bank Mandiri, Bank Central Asia, Bank Permata", False),
        ("", False),
    ],
)
def test_only_whole_english_sentences_pass_through(segment: str, expected: bool) -> None:
    assert is_english(segment) is expected


def test_no_regional_language_is_taken_for_english() -> None:
    assert [text for _, text in LINES if is_english(text)] == []


@pytest.mark.parametrize(
    ("code", "words"),
    [("ms", "Malay"), ("jv", "Javanese"), ("su", "Javanese or Sundanese"), ("tl", "Tagalog")],
)
def test_an_article_in_another_language_is_warned_of(code: str, words: str) -> None:
    texts = [text for name, text in LINES if name == code]
    articles = [" ".join(texts[i : i + 5]) for i in range(0, len(texts) - 4, 5)]
    assert [words in str(check_article(article)) for article in articles] == [True] * len(articles)


def test_malay_gets_the_softer_note() -> None:
    malay = " ".join(text for code, text in LINES if code == "ms")
    assert str(check_article(malay)) == (
        "this reads like Malay, which is close to Indonesian: expect a rougher translation"
    )


@pytest.mark.parametrize(
    ("text", "warns"),
    [
        (INDONESIAN, False),
        (INDONESIAN.upper(), False),
        (f"{INDONESIAN} “We are very happy with the result,” katanya.", False),
        (ENGLISH, True),
        ("Good morning", False),
        ("Selamat pagi", False),
        ("", False),
    ],
)
def test_the_article_as_a_whole_decides(text: str, warns: bool) -> None:
    assert (check_article(text) is not None) is warns


def test_what_is_no_language_is_said() -> None:
    typed = "asdf qwer zxcv uiop hjkl vbnm tyui ghjk asdf qwer zxcv uiop hjkl vbnm tyui ghjk lkjh poiu mnbv"
    assert "no text in any known language" in str(check_article(typed + " qazx"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, True),
        ("The president has not signed the law. Prices rose 12 percent.", True),
        (INDONESIAN, False),
        (f"{INDONESIAN} “We are very happy with the result,” katanya.", False),
        ("Good morning", False),
        ("", False),
    ],
)
def test_an_article_that_is_english_already_is_known(text: str, expected: bool) -> None:
    assert is_english_article(text) is expected


@needs_data
def test_no_indonesian_line_of_the_corpora_is_taken_for_english() -> None:
    rows = (DATA / "flores200.dev.ind-eng.tsv").read_text("utf-8").rstrip("\n").split("\n")
    pairs = [row.split("\t") for row in rows]
    assert [source for source, _ in pairs if is_english(source)] == []
    assert sum(is_english(english) for _, english in pairs) > 0.9 * len(pairs)


@needs_data
def test_no_article_of_warta_bench_gets_a_warning() -> None:
    for line in (DATA / "warta-bench.jsonl").read_text("utf-8").rstrip("\n").split("\n"):
        pairs = [pair for paragraph in json.loads(line)["paragraphs"] for pair in paragraph]
        assert check_article(" ".join(pair["id"] for pair in pairs)) is None
        assert not is_english_article(" ".join(pair["id"] for pair in pairs))
        assert is_english_article(" ".join(pair["en"] for pair in pairs))
        assert "English" in str(check_article(" ".join(pair["en"] for pair in pairs)))


def test_importing_the_module_loads_no_library() -> None:
    code = "import sys, service.text.language; print('py3langid' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
