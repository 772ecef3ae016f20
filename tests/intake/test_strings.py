"""The texts of programs: XLIFF, gettext and JSON, with placeholders that must come through."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

import pytest

from service.document import Finding, Passage, SegmentTranslation
from service.errors import InputError, UsageError
from service.intake.documents import document_text, icu, keyed, translate_data
from service.intake.documents.blocks import How, Translate
from service.text.placeholders import held, placeholders, released
from service.translation.aside import set_aside

LIMIT = 5_000_000
_KEPT = re.compile(r"\{[^{}]*\}|%\(\w+\)\w|%\w")


def loud(passage: Passage) -> Iterator[SegmentTranslation]:
    """Every sentence in capitals, what stands in braces and after a percent sign as it is."""
    for source in passage.sentences:
        target, at = "", 0
        for found in _KEPT.finditer(source):
            target += source[at : found.start()].upper() + found[0]
            at = found.end()
        yield SegmentTranslation(source, target + source[at:].upper(), 0.0)


def careless(passage: Passage) -> Iterator[SegmentTranslation]:
    """Every sentence in capitals, placeholders too."""
    return (SegmentTranslation(source, source.upper(), 0.0) for source in passage.sentences)


def english(passage: Passage) -> Iterator[SegmentTranslation]:
    """What stands in the table below, and anything else as it is."""
    return (SegmentTranslation(source, TABLE.get(source, source), 0.0) for source in passage.sentences)


TABLE = {
    "Ada {#} berkas di folder.": "There are {#} files in the folder.",
    "Ada 1 berkas di folder.": "There is 1 file in the folder.",
    "Hapus %d berkas": "Delete %d files",
    "Hapus 1 berkas": "Delete 1 file",
}


def made(text: str, name: str, translate: Translate = loud, how: How | None = None) -> tuple[str, list[str]]:
    done, findings = translate_data(text.encode(), name, translate, LIMIT, how or How())
    return done.decode(), [f"{one.place}: {one.finding.code}" for one in findings]


# --- placeholders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Halo {name}, ada {{ count }} pesan.", ["{name}", "{{ count }}"]),
        ("%s dari %(total)d, %1$s dan %.2f", ["%s", "%(total)d", "%1$s", "%.2f"]),
        ("%{nama} dan ${nama} dan {} dan {0:,d}", ["%{nama}", "${nama}", "{}", "{0:,d}"]),
        (":attribute wajib diisi", [":attribute"]),
        ("naik 5% dan 10%, pukul 10:30, kata dia: tidak, https://a.id", []),
        ("100%% pasti", ["%%"]),
    ],
)
def test_placeholders_are_known(text: str, found: list[str]) -> None:
    assert placeholders(text) == found
    assert released(held(text)) == text


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("Halo {nama}, ada %d pesan.", "Halo X1X, ada X2X pesan."),
        ("Harga Rp{harga} per kilo", "Harga X1X per kilo"),
        ("{a}{b} dari %(total)s", "X1X dari X2X"),
        ("Inflasi 5% dari 10 %.", "Inflasi 5% dari 10 %."),
    ],
)
def test_no_engine_sees_a_placeholder(text: str, given: str) -> None:
    aside = set_aside(text)
    assert aside.text == given
    assert aside.restore(given) == text


# --- choices --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Ada {n, plural, other {# berkas}} di folder.",
            "{n, plural, one {There is # file in the folder.} other {There are # files in the folder.}}",
        ),
        (
            "{n, plural, =0 {Kosong} other {# berkas}}",
            "{n, plural, =0 {Kosong} other {# berkas}}",
        ),
        (
            "{jenis, select, pria {Tuan {nama}} other {{nama}}} datang",
            "{jenis, select, pria {Tuan {nama} datang} other {{nama} datang}}",
        ),
        (
            "{a, select, x {{n, plural, one {satu} other {# buah}}} other {banyak}}",
            "{a, select, x {{n, plural, one {satu} other {# buah}}} other {banyak}}",
        ),
    ],
)
def test_each_choice_is_a_whole_sentence(text: str, expected: str) -> None:
    done, found = made(json.dumps({"a": text}), "a.json", english)
    assert json.loads(done)["a"] == expected
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "{n, plural, other {# berkas}",
        "{n, plural, other {'{'# berkas}}",
        "{n, plural, other {# x {m, plural, other {# y}}}}",
        "# {n, plural, other {berkas}}",
        "{n, plural, other {" * 20 + "}}" * 20,
        "{a, select, x {a} y {b} z {c} other {d}}" * 4,
        "{a, select, other {d}}" * 3000,
    ],
)
def test_choices_that_cannot_be_rebuilt_stay_and_are_named(text: str) -> None:
    done, found = made(json.dumps({"a": text}), "a.json", english)
    assert json.loads(done)["a"] == text
    assert found == ["a: placeholder.unread"]


def test_an_apostrophe_is_written_as_the_message_writes_it() -> None:
    message = icu.parse("{n, select, other {Jum''at}}")
    assert message.texts == ["Jum'at"]
    assert message.filled(["it's"], doubled=True) == "{n, select, other {it''s}}"
    assert message.filled(["it's"]) == "{n, select, other {it's}}"


# --- JSON -----------------------------------------------------------------------------------------

JSON = """{
  "@@locale": "id",
  "beranda" : { "judul": "Selamat datang, {nama}!", "tombol": "Simpan", "jumlah": 3 },
  "@beranda": {"description": "Catatan bagi penerjemah"},
  "daftar": ["Satu baris\\nDua baris", "a.b.c", "https://a.id/x", "camelCase", "", null, true],
  "html": "<b>Harga</b> beras &amp; gula", "kode": "#fff", "kutip": "Kata \\"dia\\" \\u00e9"
}
"""


def test_only_the_texts_of_a_json_file_change() -> None:
    done, found = made(JSON, "id.json")
    assert done == (
        JSON.replace('"@@locale": "id"', '"@@locale": "en"')
        .replace("Selamat datang, {nama}!", "SELAMAT DATANG, {nama}!")
        .replace("Simpan", "SIMPAN")
        .replace("Satu baris\\nDua baris", "SATU BARIS\\nDUA BARIS")
        .replace("<b>Harga</b> beras &amp; gula", "<b>HARGA</b> BERAS &amp; GULA")
        .replace('Kata \\"dia\\" \\u00e9', 'KATA \\"DIA\\" \\u00c9')
    )
    assert found == []
    assert "Catatan" not in document_text(JSON.encode(), "id.json", LIMIT)


def test_a_placeholder_that_is_lost_leaves_the_text_and_names_its_path() -> None:
    done, found = made(JSON, "id.json", careless)
    kept = {"judul": "Selamat datang, {nama}!", "tombol": "SIMPAN", "jumlah": 3}
    assert json.loads(done)["beranda"] == kept
    assert found == ["beranda.judul: placeholder.changed"]


def test_paths_say_which_texts_are_meant() -> None:
    one = '{"id": "a1", "judul": "Harga naik", "isi": "Warga resah", "slug": "harga"}'
    text = f'{{"berita": [{one}], "nama": "Ya"}}'
    done, _ = made(text, "a.json", loud, How(keys=("berita.*.judul", "*.isi")))
    assert json.loads(done) == {
        "berita": [{"id": "a1", "judul": "HARGA NAIK", "isi": "WARGA RESAH", "slug": "harga"}],
        "nama": "Ya",
    }


def test_what_is_read_is_what_stands_at_the_paths() -> None:
    text = b'{"judul": "Harga naik", "isi": "Warga resah", "kode": "a_b"}'
    assert document_text(text, "a.json", LIMIT, ("judul", "kode")) == "Harga naik\n\na_b"


def test_paths_without_a_text_are_refused() -> None:
    with pytest.raises(InputError, match=r"^no text in it at: isi, a\.\*$"):
        made('{"judul": "Harga naik", "isi": 3}', "a.json", loud, How(keys=("isi", "a.*")))


@pytest.mark.parametrize(
    ("listed", "paths"),
    [("", ()), (" judul, a.*.isi,,judul", ("judul", "a.*.isi")), ("a" * 200, ("a" * 200,))],
)
def test_paths_are_listed_with_commas(listed: str, paths: tuple[str, ...]) -> None:
    assert keyed.key_paths(listed) == paths
    assert re.search(keyed.LISTED, listed)


@pytest.mark.parametrize("listed", ["a," * 100, "a," + "b" * 201])
def test_too_many_or_too_long_paths_are_refused(listed: str) -> None:
    assert not re.search(keyed.LISTED, listed)
    with pytest.raises(UsageError, match="at most 100 paths of 200 characters"):
        keyed.key_paths(listed)


def test_json_keeps_its_byte_order_mark_and_its_slashes() -> None:
    done, findings = translate_data(codecs.BOM_UTF8 + b'["Harga \\/ kilo"]', "a.json", loud, LIMIT)
    assert (done, findings) == (codecs.BOM_UTF8 + b'["HARGA \\/ KILO"]', [])


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"a": "b"', "harga naik", '["a" "b"]'])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not JSON"):
        made(text, "a.json")


def test_a_path_has_the_keys_and_numbers_from_the_outside_in() -> None:
    found = keyed._texts('{"a": {"b": ["Ya", {"c,d": "Tidak"}], "e": "Ada"}, "f": "Lain"}')
    assert [one.path for one in found] == ["a.b.0", "a.b.1.c,d", "a.e", "f"]


# --- gettext --------------------------------------------------------------------------------------

PO = r"""# Terjemahan
msgid ""
msgstr ""
"Language: id\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=1; plural=0;\n"

#: main.c:12
#, c-format
msgid "greeting"
msgstr "Halo %s, selamat "
"datang\n"

#, fuzzy
msgctxt "menu"
msgid "files"
msgid_plural "files"
msgstr[0] "Hapus %d berkas"

msgid "empty"
msgstr ""

#~ msgid "old"
#~ msgstr "lama"
"""
TEMPLATE = r"""msgid ""
msgstr "Language: \n"

msgid "Harga \"beras\""
msgstr ""

msgid "Berkas"
msgid_plural "%d berkas"
msgstr[0] ""
msgstr[1] ""

msgid "Simpan"
msgstr "Save"

#, fuzzy, c-format
msgid "Halo %s"
msgstr "Hallo %s"
"""


def test_indonesian_translations_become_english() -> None:
    done, found = made(PO, "id.po", english)
    assert found == []
    assert '"Language: en\\n"' in done and "nplurals=2; plural=(n != 1);" in done
    assert 'msgstr ""\n"Halo %s, selamat datang\\n"' not in done
    assert 'msgstr "Halo %s, selamat datang\\n"' in done
    assert '#, c-format\nmsgid "greeting"' in done
    assert 'msgstr[0] "Delete %d file"\nmsgstr[1] "Delete %d files"\n' in done
    assert '\nmsgctxt "menu"\nmsgid "files"\nmsgid_plural "files"\n' in done and "fuzzy" not in done
    assert done.endswith('msgid "empty"\nmsgstr ""\n\n#~ msgid "old"\n#~ msgstr "lama"\n')
    assert document_text(PO.encode(), "id.po", LIMIT) == (
        "Halo %s, selamat datang\n\n\nHapus 1 berkas\n\nHapus %d berkas"
    )


def test_empty_translations_are_filled_and_own_ones_stay() -> None:
    done, found = made(TEMPLATE, "a.po")
    assert found == []
    assert done == (
        TEMPLATE.replace('msgstr "Language: \\n"', 'msgstr "Language: en\\n"')
        .replace('beras\\""\nmsgstr ""', 'beras\\""\nmsgstr "HARGA \\"BERAS\\""')
        .replace('[0] ""\nmsgstr[1] ""', '[0] "BERKAS"\nmsgstr[1] "%d BERKAS"')
        .replace("#, fuzzy, c-format", "#, c-format")
        .replace("Hallo %s", "HALO %s")
    )


def test_a_message_to_look_at_is_fuzzy_and_says_why() -> None:
    def doubt(passage: Passage) -> Iterator[SegmentTranslation]:
        found = (Finding.of("number.lost", source="12"),)
        doubted = ("beras", "Halo")
        return (
            SegmentTranslation(s, s, 0.0, found if any(word in s for word in doubted) else ())
            for s in passage.sentences
        )

    done, found = made(TEMPLATE, "a.po", doubt)
    assert found == ["message 2: number.lost", "message 5: number.lost"]
    said = "# Warta: number: 12 is not in the translation\n"
    assert f'{said}#, fuzzy\nmsgid "Harga \\"beras\\""' in done
    assert f'{said}#, fuzzy, c-format\nmsgid "Halo %s"' in done
    assert done.count("fuzzy") == 2


def test_a_catalogue_with_lost_placeholders_keeps_what_it_had() -> None:
    done, found = made(TEMPLATE, "a.po", careless)
    assert found == ["message 3: placeholder.changed", "message 5: placeholder.changed"]
    assert 'msgstr[0] ""\nmsgstr[1] ""' in done and 'msgstr "Hallo %s"' in done


def test_a_catalogue_keeps_its_line_ends() -> None:
    done, _ = made(TEMPLATE.replace("\n", "\r\n"), "a.po")
    assert done == made(TEMPLATE, "a.po")[0].replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty|not a gettext"),
        ("Harga naik.", "not a gettext"),
        ('msgid "a\nmsgstr ""', "line 1 is no string"),
    ],
)
def test_what_is_no_catalogue_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        made(text, "a.po")


# --- XLIFF ----------------------------------------------------------------------------------------

XLIFF_1 = """<?xml version="1.0" encoding="UTF-8"?>
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
  <file original="a" source-language="id" datatype="html"><body>
    <trans-unit id="satu">
      <source>Halo <x id="INTERPOLATION" equiv-text="{{ nama }}"/>, klik <g id="1">di sini</g>.</source>
      <note>catatan</note>
    </trans-unit>
    <trans-unit id="dua" approved="yes"><source>Simpan</source><target>Save</target></trans-unit>
    <trans-unit id="tiga" translate="no"><source>Merek</source></trans-unit>
    <trans-unit id="empat"><source>Batal</source><target state="new">Batal</target>
      <alt-trans><source>Batal</source><target>Abort</target></alt-trans></trans-unit>
    <trans-unit id="lima"><source>Tutup</source><target>Close</target></trans-unit>
    <trans-unit id="6"><source><bpt id="1">&lt;b&gt;</bpt>Harga<ept id="1">&lt;/b&gt;</ept> &amp; %s</source>
</trans-unit>
  </body></file>
</xliff>
"""
XLIFF_2 = """<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" srcLang="id-ID">
<file id="f"><unit id="u1">
<segment state="initial"><source>Klik <pc id="1">di sini</pc> <ph id="2"/>.</source></segment>
<ignorable><source> </source></ignorable>
<segment><source>Ada {n} hal.</source><target>There.</target></segment></unit>
<unit id="u2" translate="no"><segment><source>Merek</source></segment></unit></file></xliff>
"""


def test_units_of_xliff_1_get_targets() -> None:
    done, found = made(XLIFF_1, "a.xlf")
    assert found == []
    review = 'state="needs-review-translation"'
    code, price = (
        '<x id="INTERPOLATION" equiv-text="{{ nama }}"/>',
        '<bpt id="1">&lt;b&gt;</bpt>{}<ept id="1">',
    )
    first = f'<target {review}>HALO {code}, KLIK <g id="1">DI SINI</g>.</target>'
    last = f"<target {review}>{price.format('HARGA')}&lt;/b&gt;</ept> &amp; %s</target>"
    assert done == (
        XLIFF_1.replace("<file original", '<file target-language="en" original')
        .replace(".</source>\n      <note>", f".</source>\n      {first}\n      <note>")
        .replace('<target state="new">Batal</target>', f"<target {review}>BATAL</target>")
        .replace("%s</source>", f"%s</source>{last}")
    )


def test_segments_of_xliff_2_get_targets() -> None:
    done, found = made(XLIFF_2, "a.xliff")
    assert found == []
    assert done == (
        XLIFF_2.replace("<xliff xmlns", '<xliff trgLang="en" xmlns')
        .replace('state="initial"', 'state="translated"')
        .replace(
            '<ph id="2"/>.</source>',
            '<ph id="2"/>.</source><target>KLIK <pc id="1">DI SINI</pc> <ph id="2"/>.</target>',
        )
    )


def test_a_unit_whose_codes_do_not_come_through_gets_no_target() -> None:
    def losing(passage: Passage) -> Iterator[SegmentTranslation]:
        return (SegmentTranslation(s, s.replace("{~0}", ""), 0.0) for s in passage.sentences)

    done, found = made(XLIFF_1, "a.xlf", losing)
    assert found == ["unit satu: placeholder.changed"]
    assert ".</source>\n      <note>" in done


def test_the_text_of_xliff_is_that_of_the_units_without_targets() -> None:
    assert document_text(XLIFF_1.encode(), "a.xlf", LIMIT).split("\n\n") == [
        "Halo , klik di sini.",
        "Batal",
        "Harga & %s",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><xliff>&b;</xliff>', "XML entities"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xliff>&a;</xliff>', "XML entities"),
        ("<xliff><file>", "not XML"),
        ("<tmx/>", "not an XLIFF file"),
        (XLIFF_1.replace('source-language="id"', 'source-language="de"'), "of de, not of Indonesian"),
        (XLIFF_2.replace("srcLang", 'trgLang="fr" srcLang'), "wants a translation into fr"),
    ],
)
def test_hostile_and_foreign_xliff_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        made(text, "a.xlf")
