"""Words turned round, names, offices and form: sentences, translations and the codes found in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InputError
from service.findings import FORM, GUARD, PEOPLE, WORDS
from service.text.words import words
from service.translation.guard import lexicon, vocabulary
from service.translation.guard.check import check

ROOT = Path(__file__).parents[2]

TURNED = [
    ("trend", "Harga beras naik.", "Rice prices fell.", "Rice prices rose."),
    ("level", "Suhu tertinggi tercatat di Surabaya.", "The lowest was recorded in Surabaya.",
     "The highest temperature was recorded in Surabaya."),
    ("outcome", "Persib menang di kandang.", "Persib lost at home.", "Persib beat them at home."),
    ("trade", "Ekspor kopi tumbuh.", "Coffee imports grew.", "Coffee exports grew."),
    ("sale", "Ia menjual tanahnya.", "He bought his land.", "He sold his land."),
    ("balance", "Neraca mencatat surplus.", "The balance showed a deficit.", "The balance showed a surplus."),
    ("profit", "Perusahaan itu merugi.", "The company made a profit.", "The company made a loss."),
    ("order", "Ia pulang sebelum rapat.", "He went home after the meeting.", "He left before the meeting."),
    ("deadline", "Laporan masuk paling lambat 5 Mei.", "Reports are due at the earliest on May 5.",
     "Reports are due no later than May 5."),
    ("bound", "Sedikitnya 5 warga hadir.", "At most 5 residents came.", "At least 5 residents came."),
    ("span", "Toko buka sejak Mei.", "The shop is open until May.", "The shop has been open since May."),
    ("season", "Musim kemarau tiba.", "The rainy season has come.", "The dry season has come."),
    ("daypart", "Ia tiba pagi hari.", "He arrived in the evening.", "He arrived in the morning."),
    ("daypart", "Api padam dini hari.", "The fire was out by noon.", "The fire was out before dawn."),
    ("compass", "Kapal itu di barat daya pulau.", "The ship is northeast of the island.",
     "The ship is southwest of the island."),
    ("side", "Ia duduk di kiri.", "He sat on the right.", "He sat on the left."),
    ("measure", "Pemerintah mencabut larangan itu.", "The government imposed that ban.",
     "The government lifted that ban."),
    ("custody", "Polisi menangkap dia.", "Police released him.", "Police arrested him."),
    ("post", "Ia dilantik kemarin.", "He was dismissed yesterday.", "He was inaugurated yesterday."),
    ("verdict", "Hakim menolak gugatan.", "The judge granted the suit.", "The judge rejected the suit."),
    ("stance", "Warga mendukung rencana.", "Residents opposed the plan.", "Residents supported the plan."),
    ("permit", "Warga dilarang masuk.", "Residents are allowed in.", "Residents are barred from entering."),
    ("gate", "Jalan itu ditutup.", "The road was opened.", "The road was closed."),
    ("course", "Rapat dimulai.", "The meeting ended.", "The meeting began."),
    ("casualty", "Dua orang tewas.", "Two people were injured.", "Two people died."),
    ("sex", "Seorang perempuan datang.", "A man came.", "A woman came."),
    ("spouse", "Suaminya datang.", "The wife came.", "Her husband came."),
    ("parent", "Ayahnya datang.", "The mother came.", "Her father came."),
    ("share", "Sepertiga warga datang.", "Half of the residents came.", "A third of the residents came."),
    ("scale", "Ratusan warga datang.", "Thousands of residents came.", "Hundreds of residents came."),
    ("scale", "Puluhan ribu warga datang.", "Hundreds of thousands of residents came.",
     "Tens of thousands of residents came."),
    ("timeunit", "Ia pergi setahun.", "He was gone for a month.", "He was gone for a year."),
    ("relative", "Ia datang tahun lalu.", "He comes next year.", "He came last year."),
    ("modal", "Warga wajib hadir.", "Residents may attend.", "Residents must attend."),
    ("sofar", "Ia sudah pulang.", "He has not yet gone home.", "He has already gone home."),
    ("threshold", "Harganya di atas lima.", "The price is below five.", "The price is over five."),
    ("role", "Saksi itu diperiksa.", "The suspect was questioned.", "The witness was questioned."),
    ("animal", "Ikan itu mati.", "The chicken died.", "The fish died."),
    ("crop", "Beras itu mahal.", "The corn is expensive.", "The rice is expensive."),
    ("hazard", "Banjir melanda desa.", "A fire struck the village.", "A flood struck the village."),
    ("unit", "Desa itu sepi.", "The city is quiet.", "The village is quiet."),
    ("timeunit", "Gajinya Rp 5 juta per bulan tahun ini.", "Her salary is Rp 5 million a year this year.",
     "Her salary is Rp 5 million a month this year."),
    ("outcome", "Mereka bermain imbang.", "They won.", "They drew."),
    ("kin", "Anak menteri itu datang.", "The minister's son-in-law came.", "The minister's son came."),
    ("kin", "Adiknya datang.", "His older brother came.", "His younger brother came."),
    ("staff", "Anak buahnya datang.", "His children came.", "His men came."),
    ("crime", "Ia terlibat pembunuhan.", "He took part in a robbery.", "He took part in a killing."),
    ("law", "Ia dijerat UU ITE.", "He was charged under the terrorism law.",
     "He was charged under the Electronic Information and Transactions Law."),
    ("ministry", "Kementerian Perdagangan menolak.", "The Ministry of Agriculture refused.",
     "The trade ministry refused."),
    ("agency", "Putusan Mahkamah Agung keluar.", "The Constitutional Court ruling is out.",
     "The Supreme Court ruling is out."),
    ("grade", "Ajun Komisaris Besar Sutrisno datang.", "Major General Sutrisno came.",
     "Adjunct Senior Commissioner Sutrisno came."),
    ("opposite", "Rumah orang kaya itu roboh.", "The house of the poor collapsed, in poverty.",
     "The house of the rich man collapsed."),
    ("body", "Ia cedera lutut.", "He has an ankle injury.", "He has a knee injury."),
    ("illness", "Ia terkena demam berdarah.", "He has malaria.", "He has dengue fever."),
    ("job", "Penyanyi itu datang.", "The writer came.", "The singer came."),
    ("work", "Lagu itu laris.", "The film sells well.", "The song sells well."),
    ("position", "Kiper itu cedera.", "The striker was injured.", "The goalkeeper was injured."),
    ("sport", "Mereka bermain bulu tangkis.", "They play volleyball.", "They play badminton."),
    ("round", "Gol itu dicetak di babak kedua.", "The goal came in the first half.",
     "The goal came in the second half."),
    ("court", "Ia mengajukan banding.", "She filed for cassation.", "She filed an appeal."),
    ("poll", "Pilkada digelar di sana.", "The presidential election was held there.",
     "The regional election was held there."),
    ("paper", "Ia membuat paspor.", "She got a driving licence.", "She got a passport."),
    ("prize", "Mereka mengangkat piala.", "They lifted the crown.", "They lifted the cup."),
    ("club", "Pemain AS Roma datang.", "The US Roma player came.", "The AS Roma player came."),
    ("mineral", "Harga batu bara tetap.", "The nickel price is unchanged.", "The coal price is unchanged."),
    ("clothes", "Ia membeli baju.", "He bought underwear.", "He bought a shirt."),
    ("place", "Ia menunggu di bandara.", "He waited at the station.", "He waited at the airport."),
    ("weapon", "Ia membawa pisau.", "He carried a gun.", "He carried a knife."),
    ("religion", "Umat Hindu berdoa.", "Catholics prayed.", "Hindus prayed."),
    ("feast", "Mereka merayakan Natal.", "They celebrated Eid al-Fitr.", "They celebrated Christmas."),
    ("meal", "Mereka sarapan di sana.", "They had lunch there.", "They had breakfast there."),
    ("device", "Ia membeli ponsel.", "He bought a camera.", "He bought a phone."),
    ("weather", "Hujan turun di sana.", "Snow fell there.", "Rain fell there."),
    ("span", "Program itu berlaku hingga 5 Mei 2024.", "The programme applies from May 5, 2024.",
     "The programme applies to May 5, 2024."),
    ("span", "Program itu berlaku mulai Mei 2024.", "The programme applies until May 2024.",
     "The programme applies as of May 2024."),
    ("timeunit", "Upahnya Rp 5 juta per hari.", "The wage is Rp 5 million a month.",
     "The wage is Rp 5 million a day."),
    # another clause that negates excuses no opposite
    ("verdict", "Ia tidak gentar dan menolak tawaran itu.", "She felt no fear and approved the offer.",
     "She felt no fear and rejected the offer."),
    ("outcome", "Ini bukan hanya untuk kemenangan.", "This is not only for defeat.",
     "This is not only for victory."),
    ("casualty", "Ia tidak sempat lari dan meninggal di sana.", "She had no time to run and survived there.",
     "She had no time to run and died there."),
]  # fmt: skip


@pytest.mark.parametrize(("group", "source", "wrong", "right"), TURNED)
def test_a_word_turned_round_is_found_and_the_right_one_left_alone(
    group: str, source: str, wrong: str, right: str
) -> None:
    assert f"word.{group}" in [finding.code for finding in check(source, wrong)]
    assert not [finding for finding in check(source, right) if finding.kind == "word"]


ALONE = [
    # absence alone is no finding
    ("Harga beras naik pada Selasa pagi.", "Rice got dearer on Tuesday."),
    # a negated opposite says the same
    ("Bupati menolak rencana itu.", "The regent did not accept the plan."),
    ("Permohonan itu tidak dikabulkan hakim.", "The judge rejected the request."),
    # what the source says too is accounted for
    ("Ekspor naik dan impor turun.", "Imports fell and exports rose."),
    ("Soal itu tidak mudah.", "The question is difficult."),
    ("Anak dan menantunya datang.", "Her son-in-law came."),
    ("Anak buah itu datang bersama anaknya.", "The man came with his children."),
    ("Dari Januari hingga Mei 2024.", "From January to May 2024."),
    ("Ia bekerja di sana hingga Mei 2024.", "He worked there from 2020 until May 2024."),
    ("Sejak Mei 2024 ia bekerja di sana hingga sakit.", "From May 2024 he worked there until he fell ill."),
    ("Korban bertambah hingga 2.000 orang.", "Victims rose from 1,500 to 2,000 people."),
    ("Ia belajar di Departemen Keamanan Dalam Negeri.", "He was taught at Homeland Security."),
    # part of a longer name, and an idiom
    ("Ia lahir di Jawa Timur.", "He was born in East Java."),
    ("Ia naik haji.", "He went on the hajj."),
    ("Film Black Panther ditonton.", "The film Black Panther was watched."),
]


@pytest.mark.parametrize(("source", "target"), ALONE)
def test_what_is_no_contradiction(source: str, target: str) -> None:
    assert not [finding for finding in check(source, target) if finding.kind == "word"]


CODES = [
    # names
    ("Menurut Ganjar Pranowo, harga naik.", "Prices rose, said Anies Baswedan.", ["name.changed"]),
    ("Gubernur Jawa Tengah Ganjar Pranowo hadir.", "The Central Java governor attended.", ["entity.lost"]),
    ("Gubernur Jawa Tengah Ganjar Pranowo hadir.", "Central Java Governor Ganjar Pranowo attended.", []),
    ("Menurut Megawati Soekarnoputri, harga naik.", "According to Megawati, prices rose.", []),
    ("Rapat dipimpin Sutrisno kemarin.", "The meeting was led by Sutrisno in Kertajaya.", ["name.added"]),
    ("Kemarin Prabowo menemui Megawati di sana.", "Yesterday Megawati met Prabowo there.",
     ["name.exchanged"]),
    ("Kemarin Prabowo menemui Megawati di sana.", "Yesterday Prabowo met Megawati there.", []),
    ("Rumah milik Prabowo dijual Megawati.", "Prabowo's house was sold by Megawati.", []),
    ("Kemarin Savadori menggantikan Martin.", "Yesterday Savadori was replaced by Martin.",
     ["name.exchanged"]),
    # a passive that stays one turns nothing; an owner behind a comma owns nothing
    ("Rapat itu disampaikan Sutrisno kepada panitia yang dipimpin Megawati.",
     "The meeting was reported by Megawati to the committee led by Sutrisno.", ["name.exchanged"]),
    ("Kemarin Sutrisno, yang dipimpin Megawati, hadir.", "Yesterday Megawati led Sutrisno there.", []),
    ("Klaim utusan Presiden Trump, Steve Witkoff, dibantah.",
     "The claim of President Witkoff's envoy, Steve Trump, was denied.", ["name.exchanged"]),
    # a word that the source has a word for answers for no negation
    ("Sutrisno menolak tawaran itu dan tidak hadir.", "Sutrisno refused the offer and attended.",
     ["negation.lost"]),
    ("Sutrisno tidak mau menerima tawaran itu.", "Sutrisno refused the offer.", []),
    ("Namun, Sutrisno belum dijadwalkan.", "Sutrisno has yet to be scheduled, however.", []),
    ("Tetapi Sutrisno tidak selalu hadir.", "Yet Sutrisno always attends.", ["negation.lost"]),
    ("Anggotanya Masyarakat Tanpa Riba.", "Its member is Masyarakat Tanpa Riba.", []),
    ("Masyarakat Tanpa Riba tidak hadir.", "Masyarakat Tanpa Riba attended.", ["negation.lost"]),
    ("Perum Bulog menjual beras.", "The State Logistics Agency sold rice.", []),
    ("Tiket itu GRATIS.", "The ticket is FREE.", []),
    ("Saham Indocement Tiga Roda naik.", "Shares of Indocement Tiga Roda rose.", []),
    # a score, a rank, what is not few
    ("Mereka unggul 2-1 di sana.", "They led 1-2 there.", ["number.score"]),
    ("Mereka unggul 2-1 di sana.", "They led 2-1 there.", []),
    ("Mereka kalah 1-2 di sana.", "They lost 2-1 there.", []),
    ("Mereka unggul 21-19, 19-21 dan 21-19.", "They won 21-19, 19-21 and 21-19.", []),
    ("Itu album ke-29 mereka.", "Those are 29 albums of theirs.", ["number.rank"]),
    ("Penyidik tiga kali memanggil Tan.", "Three investigators summoned Tan.", ["number.times"]),
    ("Penyidik tiga kali memanggil Tan.", "Investigators summoned Tan three times.", []),
    ("Ia tampil 17 kali bersama timnas.", "He has made 17 appearances with the national team.", []),
    ("Saudara perempuannya membangun teleskop.", "His brother-in-law built a telescope.", ["word.kin"]),
    ("Ia ogah mengurus bendera.", "He is willing to take care of flags.", ["word.opposite"]),
    ("Rambut pirang menjadi ciri khasnya.", "Black hair is her hallmark.", ["word.colour"]),
    ("Mereka mendesak de-eskalasi.", "They urged an escalation.", ["word.opposite"]),
    ("Hakim menyatakan Lisa bersalah.", "The judge said Lisa pleaded guilty.", ["word.opposite"]),
    ("Ia bicara di pernikahan putranya.", "He spoke at the birth of his son.", ["word.opposite"]),
    (
        "Penerbangan non-regional dari kota yang tidak berperang.",
        "Non-regional flights from cities at war.",
        ["negation.lost"],
    ),
    ("Itu album ke-29 mereka.", "That is their 29th album.", []),
    ("Itu pasal ke-29 di sana.", "That is article 29 there.", []),
    ("Pada hari ke-30 hadir 30 orang.", "On the thirtieth day 30 people came.", []),
    ("Tak sedikit warga datang ke sana.", "Few residents came there.", ["negation.few"]),
    ("Tidak jarang mereka datang ke sana.", "They rarely come there.", ["negation.few"]),
    ("Tak sedikit warga datang ke sana.", "Quite a few residents came there.", []),
    ("Tidak jarang mereka datang ke sana.", "It is not rarely that they come there.", []),
    ("Tak sedikit warga datang ke sana.", "Not a few residents came there.", []),
    # offices
    ("Bupati Bogor hadir.", "The Bogor governor attended.", ["office.changed"]),
    ("Bupati Bogor hadir.", "The Bogor regent attended.", []),
    ("Mantan presiden itu hadir.", "The president attended.", ["office.lost"]),
    ("Mantan presiden itu hadir.", "The former president attended.", []),
    ("Wakil bupati Bogor hadir.", "The Bogor regent attended.", ["office.lost"]),
    ("Direktur perusahaan itu hadir.", "The deputy director of the company attended.", ["office.added"]),
    ("Wakil rakyat itu hadir.", "The lawmaker attended.", []),
    # left
    ("Harga cabai rawit naik.", "The price of cabai rawit rose.", ["left.word", "left.word"]),
    ("Ia menyebutnya tanah air.", "He called it tanah air, the homeland.", []),
    ("Warga menonton wayang.", "Residents watched wayang.", []),
    ("Para pilot belajar.", "The pilot-pilots studied.", ["left.word"]),
    ("Suku bunga naik 5,75 persen.", "The rate rose 5,75 percent.", ["left.decimal"]),
    ("Suku bunga naik 5,75 persen.", "The rate rose 5.75 percent.", []),
    # doubled and joined
    ("Harga itu akan segera naik.", "The price will soon rise will soon rise.", ["doubled.phrase"]),
    ("Ia datang dari waktu ke waktu.", "He comes from time to time.", []),
    ("Ia berteriak maju maju.", "He shouted go go.", []),
    ("Jumlahnya 45 orang.", "It was 45 45 people.", ["doubled.number"]),
    ("Anggaran itu tidak boleh dipotong.", "The budget should not be it is cut.", ["seam.words"]),
    ("Yang belum teratasi adalah pencurian.", "What is not solved is theft, it Two times they came.",
     ["number.added", "seam.words"]),
    # quotation, attribution, signs
    ("“Harga naik,” katanya.", "“Prices rose, he said.", ["quote.open"]),
    ('"Harga naik," katanya.', '"Prices rose, he said.', ["quote.open"]),
    ('Ia berkata, "Harga beras naik."', "He said prices rose.", ["quote.lost"]),
    ('"Harga beras naik," ujar Sutrisno.', '"Rice prices rose," Sutrisno.', ["attribution.lost"]),
    ('"Harga beras naik," ujar Sutrisno.', '"Rice prices rose," Sutrisno said.', []),
    ("Apakah harga naik?", "Prices rise.", ["question.lost"]),
    ("Harga naik.", "Do prices rise?", ["question.added"]),
    ("Bank itu (BI) tutup.", "The bank (BI closed.", ["bracket.open"]),
    ("Inflasi tahunan (KLB) naik.", "Annual inflation rose.", ["acronym.lost"]),
    ("Lembaga swadaya (LSM) hadir.", "A non-governmental organization (NGO) attended.", []),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "codes"), CODES)
def test_the_codes_that_are_found(source: str, target: str, codes: list[str]) -> None:
    assert [finding.code for finding in check(source, target)] == codes


def test_every_group_of_the_lexicon_is_a_check_and_the_reverse() -> None:
    groups = {sense.group for sense in lexicon.shipped().senses} - {lexicon.OFFICE, "idiom"}
    assert {f"word.{group}" for group in groups} == {one.code for one in WORDS}


def test_every_check_has_a_test_here_or_beside_it() -> None:
    tried = {f"word.{group}" for group, *_ in TURNED} | {code for *_, codes in CODES for code in codes}
    untried = {one.code for one in (*PEOPLE, *FORM)} - tried
    assert untried <= {"quote.added", "quote.moved"}


def test_quotation_marks_brought_in_and_moved() -> None:
    added = check("Ia menolak rencana itu kemarin.", 'He "rejected" the plan yesterday.')
    assert [finding.code for finding in added] == ["quote.added"]
    moved = check(
        'Ia menulis buku "Kisah Sutrisno" di Solo.', 'He wrote a "book of tales" on Sutrisno in Solo.'
    )
    assert "quote.moved" in [finding.code for finding in moved]


def test_no_word_of_one_sense_is_firm_and_loose_at_once() -> None:
    for sense in (*lexicon.shipped().senses, *lexicon.ranks()):
        assert not {*sense.id} & {*sense.also_id}, sense.name
        assert not {*sense.en} & {*sense.also_en}, sense.name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\tb", "line 1: the columns are"),
        ("\t".join(lexicon.COLUMNS) + "\na\tb", "line 2: 2 cells under 8 columns"),
        ("\t".join(lexicon.COLUMNS) + "\na\tb\t\t\t\t\t\t", "line 2: group, sense, id and en are needed"),
    ],
)
def test_a_wrong_table_says_where(text: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        list(lexicon.read(text, "x.tsv"))


def test_cues_and_against_are_heeded() -> None:
    head = "\t".join(lexicon.COLUMNS)
    table = f"{head}\ng\tone\tsatu\t\tone\t\ttwo\tsini\ng\ttwo\tdua\t\ttwo\t\t\t\n"
    table += "g\tthree\ttiga\t\tthree\t\t\t\n"
    own = lexicon.Lexicon(lexicon.read(table, "x"))
    assert own.contradictions(words("satu sini"), words("two"))
    assert not own.contradictions(words("satu"), words("two"))
    assert not own.contradictions(words("satu sini"), words("three"))


def test_the_lists_of_words_know_their_language() -> None:
    assert all(map(vocabulary.is_english, ("ministries", "harbour", "submerges", "evacuating")))
    assert not vocabulary.is_english("baswedan")
    # Listed in the plural alone; and what only looks like the singular of a listed word.
    assert all(map(vocabulary.is_english, ("diplomat", "investor", "museum", "visa")))
    assert not any(map(vocabulary.is_english, ("basi", "stres", "kader", "desa")))
    assert vocabulary.is_indonesian("perikanan") and not vocabulary.is_indonesian("pranowo")
    assert vocabulary.looks_indonesian("menyedihkan") and not vocabulary.looks_indonesian("strength")
    assert "makassar" in vocabulary.places()


def test_the_lists_have_their_licence_beside_them() -> None:
    notice = (ROOT / "prompts" / "lexicon" / "LICENSE.md").read_text("utf-8")
    for path in (ROOT / "prompts" / "lexicon").iterdir():
        assert path.name == "LICENSE.md" or f"`{path.name}`" in notice
    assert "Apache-2.0" in notice


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_have_findings_that_can_be_said(source: str, target: str) -> None:
    for finding in check(source, target):
        assert str(finding)
        assert finding.code in {one.code for one in GUARD}
