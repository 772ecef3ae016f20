"""The user's own rules, what is dismissed, and whether an article says one thing in one way."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.document import Finding
from service.errors import InputError
from service.translation.glossary import Glossary
from service.translation.guard import rules
from service.translation.guard.check import check
from service.translation.guard.consistency import Consistency
from service.translation.memory.sqlite import TranslationMemory
from service.translation.terms import ArticleTerms

TABLE = "id\tmessage\tseverity\tsource\tforbid\trequire\n"


def load(tmp_path: Path, text: str, name: str = "rules.tsv") -> tuple[rules.Rule, ...]:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return rules.load(path)


def test_a_forbidden_pattern_and_one_that_is_required(tmp_path: Path) -> None:
    pytest.importorskip("re2")
    own = load(
        tmp_path,
        TABLE
        + "no-village\tsay hamlet\tminor\t\\bdusun\\b\t(?i)\\bvillage\\b\t\n"
        + "kpk\tname the KPK\tcritical\tKPK\t\tKPK|Corruption Eradication\n",
    )
    assert rules.check(own, "Di dusun itu.", "In the hamlet.") == ()
    (found,) = rules.check(own, "Di dusun itu.", "In the Village.")
    assert (found.code, str(found)) == ("rule.minor", "your rule: say hamlet")
    assert [one.code for one in rules.check(own, "KPK hadir.", "It attended.")] == ["rule.critical"]
    assert rules.check(own, "Di desa.", "In the village.") == ()


def test_toml_and_csv_hold_rules_too(tmp_path: Path) -> None:
    pytest.importorskip("re2")
    toml = load(tmp_path, '[[rule]]\nid = "a"\nforbid = "x{3}"\n', "rules.toml")
    csv = load(tmp_path, 'id,forbid\na,"x{2,3}"\n', "rules.csv")
    assert [rule.severity for rule in (*toml, *csv)] == ["major", "major"]
    assert rules.check(toml, "", "axxxb") and rules.check(csv, "", "axxb") and not rules.check(toml, "", "xx")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id\tforbid\na\t(\n", "line 2: '\\(' is no pattern of RE2"),
        ("id\tforbid\na\t(?=x)\n", "is no pattern of RE2"),
        ("id\tforbid\tx\na\tb\tc\n", "unknown column 'x'"),
        ("id\tforbid\na\t\n", "an id and one of forbid and require are needed"),
        ("id\trequire\na\tb\n", "with require a source pattern says where"),
        ("id\tforbid\tseverity\na\tb\tloud\n", "unknown severity 'loud'"),
        ("id\tforbid\na\tb\tc\n", "3 cells under 2 columns"),
        ("id\tforbid\n", "from 1 to 1000 rules are wanted"),
        ("id\tforbid\na\t" + "x" * 1001 + "\n", "more than 1000 characters"),
    ],
)
def test_a_wrong_rule_says_where(tmp_path: Path, text: str, problem: str) -> None:
    pytest.importorskip("re2")
    with pytest.raises(InputError, match=problem):
        load(tmp_path, text)


def test_a_pattern_that_hangs_elsewhere_is_linear(tmp_path: Path) -> None:
    pytest.importorskip("re2")
    own = load(tmp_path, "id\tforbid\na\t(x+x+)+y\n")
    assert rules.check(own, "", "x" * 100_000) == ()


def test_what_was_dismissed_stays_dismissed(tmp_path: Path) -> None:
    pair = ("Harga beras naik.", "Rice prices fell.")
    found = check(*pair)
    memory = TranslationMemory(tmp_path / "memory.sqlite")
    assert memory.dismissed(*pair, found) == frozenset()
    assert memory.dismiss(*pair, found) == 1
    memory.close()
    again = TranslationMemory(tmp_path / "memory.sqlite")
    assert again.dismissed(*pair, found) == {*found}
    # Another translation, and another finding of the same, are not dismissed with it.
    assert again.dismissed(pair[0], "Rice prices fell!", found) == frozenset()
    assert again.dismissed(*pair, (Finding.of("entity.lost", name="Solo"),)) == frozenset()
    assert list(again.translations()) == []
    assert again.clear() == 1
    again.close()


def test_one_name_in_two_spellings_is_told() -> None:
    said = Consistency()
    assert said.see("Kemarin Khofifah Indar hadir.", "Khofifah Indar attended yesterday.") == ()
    (found,) = said.see("Menurut Khofifah, harga naik.", "According to Kofifah, prices rose.")
    assert (found.code, dict(found.values)["second"]) == ("consistency.name", "Kofifah")
    assert said.see("Menurut Khofifah, harga turun.", "According to Khofifah, prices fell.") == ()


def test_one_sentence_in_two_translations_is_told() -> None:
    said = Consistency()
    assert said.see("Harga naik.", "Prices rose.") == ()
    assert [one.code for one in said.see("Harga naik.", "Costs went up.")] == ["consistency.sentence"]
    assert said.see("Harga naik.", "PRICES ROSE.") == ()


def test_one_term_in_two_names_is_told() -> None:
    terms = ArticleTerms(Glossary.load(), "")
    said = Consistency()
    pairs = [
        ("BPBD membantu warga.", "The Regional Disaster Mitigation Agency helped residents."),
        ("BPBD pergi.", "BPBD left."),
        ("BPBD datang.", "The Disaster Management Agency came."),
    ]
    codes = [[one.code for one in said.see(a, b, terms.said(a, b))] for a, b in pairs]
    assert codes == [[], [], ["consistency.term"]]
