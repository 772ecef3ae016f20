"""Everything that can be found in a translation or a summary: the registry of checks.

A :class:`service.document.Finding` carries a code of this list and the values of its message. The guard
takes its kinds from here, ``docs/guard.md`` its table, and ``service.messages`` the English sentences,
which its catalogues have in other languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Literal

Severity = Literal["critical", "major", "minor"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can be found.

    ``code`` is ``family.what``. ``message`` is the English sentence, ``plural`` the one for a ``count`` other
    than 1, where there are two. ``terms`` names the values that are words of ours, such as a unit, and are
    translated too. ``about`` is a line of documentation.
    """

    code: str
    severity: Severity
    message: str
    about: str
    plural: str = ""
    terms: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The family: the code up to the dot."""
        return self.code.partition(".")[0]

    @property
    def title(self) -> str:
        """The code in words, as a heading."""
        return self.code.replace(".", " ").replace("_", " ").capitalize()

    @property
    def places(self) -> frozenset[str]:
        """The names of the values that the message needs."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.plural or self.message) if name)


_EXCHANGED = "'{source}' in the source, '{target}' in the translation"

BASE = (
    Check("empty.translation", "critical", "no translation", "The source has text, the translation none."),
    Check(
        "truncated.limit",
        "critical",
        "the text was cut at the model's limit",
        "The engine reports that it cut the source or its answer.",
    ),
    Check(
        "artefact.line_break",
        "major",
        "a line break that the source does not have",
        "One sentence came out as several lines.",
    ),
    Check(
        "artefact.token",
        "major",
        "'{token}' is no part of a translation",
        "Control symbols, entities or words of a prompt.",
    ),
    Check(
        "echo.copied",
        "critical",
        "the source was copied, not translated",
        "The translation is the source, or nearly.",
    ),
    Check(
        "echo.indonesian",
        "critical",
        "still Indonesian: {words}",
        "Too many of the translation's words are Indonesian function words.",
    ),
    Check(
        "repetition.phrase",
        "critical",
        "'{phrase}' again and again",
        "A phrase follows itself, and does not in the source.",
    ),
    Check(
        "repetition.again",
        "critical",
        "'{phrase}' stands twice",
        "A phrase of five words stands twice, and nothing in the source does.",
    ),
    Check(
        "dropped.short",
        "critical",
        "{count} character for {source}",
        "The translation is far shorter than translations of such a source are.",
        plural="{count} characters for {source}",
    ),
    Check(
        "dropped.sentence",
        "critical",
        "{count} sentence in the source, fewer in the translation",
        "The translation has fewer sentences, and is as short as if one had been left out.",
        plural="{count} sentences in the source, fewer in the translation",
    ),
    Check(
        "address.lost",
        "major",
        "{address} is not in the translation",
        "A link, e-mail address or case number is missing.",
    ),
    Check(
        "address.moved",
        "major",
        "{address} was lost on the way and stands at the end",
        "The engine left an address out; it was put at the end.",
    ),
    Check(
        "number.changed",
        "major",
        "{source} in the source, {target} in the translation",
        "A number has another value.",
    ),
    Check(
        "number.unconverted",
        "major",
        "{source} was left as it is: in English it reads as another number",
        "The separators of a number were kept: 1.500 is one and a half in English.",
    ),
    Check("number.lost", "major", "{source} is not in the translation", "A number is missing."),
    Check("number.added", "major", "{target} is not in the source", "A number has no source."),
    Check(
        "number.unit",
        "major",
        "{source} in the source, {target} in the translation",
        "An equal number stands beside another unit or currency.",
        terms=("source", "target"),
    ),
    Check(
        "number.score",
        "major",
        "{source} in the source, {target} in the translation",
        "The two figures of a score changed places: 2-1 became 1-2.",
    ),
    Check(
        "number.rank",
        "major",
        "{source} in the source, {target} in the translation",
        "A rank became an amount: the 29th album (ke-29) became 29 albums.",
    ),
    Check(
        "number.times",
        "major",
        "{source} in the source, {target} in the translation",
        "How often something happened became how many did it: three times became three investigators.",
    ),
    Check("entity.lost", "minor", "{name} is not in the translation", "A name is missing in any spelling."),
    Check("entity.added", "minor", "{name} is not in the source", "A country that the source does not name."),
    Check(
        "negation.lost",
        "major",
        "'{word}' has no counterpart",
        "The source negates, and nothing in the translation does.",
    ),
    Check(
        "negation.added",
        "major",
        "'{word}' is not in the source",
        "The translation negates, and nothing in the source does.",
    ),
    Check(
        "negation.few",
        "major",
        _EXCHANGED,
        "What is not few became few: tak sedikit is many, tidak jarang often.",
    ),
)
"""Whether the engine worked at all; numbers, names and negation."""


def _word(group: str, severity: Severity, about: str) -> Check:
    """Return the check of a group of ``prompts/lexicon/pairs.tsv``."""
    return Check(f"word.{group}", severity, _EXCHANGED, about)


WORDS = (
    _word("trend", "critical", "What rises falls, or the reverse."),
    _word("outcome", "critical", "Who won lost, or the reverse."),
    _word("trade", "critical", "Exports became imports, or the reverse."),
    _word("sale", "critical", "Selling became buying, or the reverse."),
    _word("balance", "critical", "A surplus became a deficit, or the reverse."),
    _word("profit", "critical", "A profit became a loss, or the reverse."),
    _word("order", "critical", "Before became after, or the reverse."),
    _word(
        "deadline",
        "critical",
        "The latest became the earliest, or the reverse: paling lambat is no later than.",
    ),
    _word("bound", "critical", "At least became at most, or the reverse."),
    _word("span", "critical", "Since became until, or the reverse."),
    _word("season", "critical", "The dry season became the rainy season, or another season changed."),
    _word("daypart", "critical", "Another part of the day: dini hari is before dawn, siang midday."),
    _word("compass", "critical", "Another point of the compass: barat daya is southwest."),
    _word("side", "critical", "Left became right, or the reverse."),
    _word("measure", "critical", "What is lifted was imposed, or the reverse."),
    _word("custody", "critical", "Who was arrested was released, or the reverse."),
    _word("post", "critical", "Who was appointed was dismissed, or the reverse."),
    _word("verdict", "critical", "What was rejected was granted, or the reverse."),
    _word("stance", "critical", "Support became opposition, or the reverse."),
    _word("permit", "critical", "What is allowed is forbidden, or the reverse."),
    _word("gate", "critical", "Opened became closed, or the reverse."),
    _word("course", "critical", "A beginning became an end, or the reverse."),
    _word("casualty", "critical", "The dead, the injured and the unharmed were exchanged."),
    _word("sex", "critical", "Men became women, or the reverse."),
    _word("spouse", "critical", "A husband became a wife, or the reverse."),
    _word("child", "critical", "A son became a daughter, or the reverse."),
    _word("parent", "critical", "A father became a mother, or the reverse."),
    _word("grandparent", "critical", "A grandfather became a grandmother, or the reverse."),
    _word("uncle", "critical", "An uncle became an aunt, or the reverse."),
    _word("share", "critical", "Most, half, a third and a quarter were exchanged."),
    _word("scale", "critical", "Dozens, hundreds, thousands and more were exchanged."),
    _word("timeunit", "critical", "Hours, days, weeks, months and years were exchanged."),
    _word("relative", "critical", "Last year became next year, yesterday became tomorrow, or the reverse."),
    _word("modal", "critical", "What must be may be, or the reverse."),
    _word("sofar", "critical", "Already became not yet, or the reverse: belum is not yet."),
    _word("threshold", "critical", "Above became below, or the reverse."),
    _word("sentence", "critical", "Guilty became not guilty, or the reverse."),
    _word("legal", "critical", "Legal became illegal, or the reverse."),
    _word(
        "role", "critical", "Suspect, defendant, convict, witness, victim, judge, prosecutor were exchanged."
    ),
    _word(
        "kin", "critical", "A relation changed: a child became a son-in-law, a younger sister an older one."
    ),
    _word("staff", "critical", "Subordinates became children: anak buah are no children."),
    _word("crime", "critical", "Another crime: a murder became a robbery."),
    _word("law", "major", "Another law: the one on electronic information became the one on terrorism."),
    _word("ministry", "critical", "Another ministry or its minister."),
    _word("agency", "critical", "Another agency, court, house of parliament or force."),
    _word("grade", "major", "Another rank of the police or the army."),
    _word(
        "opposite",
        "critical",
        "A word became its opposite: rich and poor, easy and difficult, arrived and departed.",
    ),
    _word("body", "major", "Another part of the body."),
    _word("illness", "major", "Another illness."),
    _word("job", "major", "Another occupation: a singer became a writer, a soldier a police officer."),
    _word("work", "major", "Another kind of work: a song became a film, a novel an album."),
    _word("position", "major", "Another position on the field: a goalkeeper became a striker."),
    _word("sport", "major", "Another sport."),
    _word("round", "major", "Another round of a contest or half of a match."),
    _word("court", "major", "Another step of a case: appeal, cassation, verdict, indictment."),
    _word("poll", "major", "Another kind of election."),
    _word("paper", "major", "Another document or degree, or shares that became bonds."),
    _word("prize", "major", "Another prize: a cup became a crown or a medal."),
    _word("club", "major", "The AS of a football club became US."),
    _word("mineral", "major", "Another mineral or fuel."),
    _word("clothes", "major", "Other clothes."),
    _word("place", "major", "Another kind of place: a port became an airport, a hospital a school."),
    _word("weapon", "major", "Another weapon."),
    _word("religion", "major", "Another religion."),
    _word("feast", "major", "Another holiday."),
    _word("meal", "major", "Another meal."),
    _word("device", "major", "Another device."),
    _word("weather", "major", "Rain, snow and fog were exchanged."),
    _word("level", "major", "Higher became lower, or the reverse."),
    _word("weight", "major", "Larger became smaller, or the reverse."),
    _word("age", "major", "The oldest became the youngest, or the reverse."),
    _word("foreign", "major", "Domestic became foreign, or the reverse."),
    _word("owner", "major", "State-owned became private, or the reverse."),
    _word("rank", "major", "The first became the last, or the reverse."),
    _word(
        "people",
        "major",
        "Another group of people: passengers, drivers, teachers, students, patients, doctors.",
    ),
    _word("politics", "major", "The government became the opposition, or the reverse."),
    _word("payment", "major", "Taxes, subsidies and debts were exchanged."),
    _word("unit", "major", "Village, city and province were exchanged."),
    _word("school", "major", "Another level of school."),
    _word("hazard", "major", "Another kind of disaster."),
    _word("vehicle", "major", "Another kind of vehicle."),
    _word("medal", "major", "Gold, silver and bronze were exchanged."),
    _word("faith", "major", "Mosque, church and temple were exchanged."),
    _word("animal", "major", "Another animal."),
    _word("crop", "major", "Another crop or food."),
    _word("colour", "minor", "Another colour."),
)
"""Words whose exchange turns a fact round, one check a group of ``prompts/lexicon/pairs.tsv``."""

PEOPLE = (
    Check(
        "name.changed",
        "critical",
        "{source} in the source, {target} in the translation",
        "A name is lost, and the translation has one that the source does not have.",
    ),
    Check(
        "name.exchanged",
        "critical",
        "{first} and {second} changed places: who did what to whom?",
        "Two names changed places: A met B became B met A.",
    ),
    Check(
        "name.added",
        "major",
        "{name} is not in the source",
        "A name in English that nothing in the source resembles.",
    ),
    Check("office.changed", "critical", _EXCHANGED, "Another office: a regent became a governor."),
    Check(
        "office.lost",
        "major",
        "'{rank}' has no counterpart",
        "What stands before an office is lost: former, deputy, acting, candidate.",
    ),
    Check(
        "office.added",
        "major",
        "'{rank}' is not in the source",
        "Former, deputy, acting or candidate before an office, which the source does not say.",
    ),
)
"""Names of people, and what they are."""

FORM = (
    Check(
        "left.word",
        "major",
        "'{word}' was left in Indonesian",
        "An Indonesian word stands in the English, without quotation marks.",
    ),
    Check(
        "left.decimal",
        "major",
        "{number} has an Indonesian decimal comma",
        "A decimal comma was left: 5,75 percent.",
    ),
    Check("doubled.phrase", "minor", "'{phrase}' stands twice", "A word or phrase follows itself at once."),
    Check("doubled.number", "major", "{number} stands twice", "A number follows itself at once."),
    Check(
        "seam.words",
        "minor",
        "'{words}' is not English",
        "Words side by side that never are, as where parts were joined.",
    ),
    Check(
        "quote.open",
        "minor",
        "a quotation mark opens or closes alone",
        "The source's quotation marks match, the translation's do not.",
    ),
    Check(
        "quote.lost", "major", "the quotation marks are gone", "The source quotes, the translation does not."
    ),
    Check(
        "quote.added",
        "major",
        "the source does not quote: {quote}",
        "The translation quotes, the source does not.",
    ),
    Check(
        "quote.moved",
        "major",
        "{word} is quoted in the source, not in the translation",
        "Quotation marks stand around other words.",
    ),
    Check(
        "attribution.lost",
        "major",
        "'{word}' has no counterpart: who said it?",
        "The source says that somebody said it, the translation does not.",
    ),
    Check(
        "question.lost",
        "major",
        "the source asks, the translation does not",
        "A question became a statement.",
    ),
    Check(
        "question.added",
        "major",
        "the translation asks, the source does not",
        "A statement became a question.",
    ),
    Check(
        "bracket.open",
        "minor",
        "a bracket opens or closes alone",
        "The source's brackets match, the translation's do not.",
    ),
    Check(
        "acronym.lost",
        "minor",
        "({acronym}) is not in the translation",
        "An acronym that the source gives in brackets is missing.",
    ),
)
"""What is wrong with the English by its form."""

ARTICLE = (
    Check(
        "consistency.name",
        "major",
        "{name} is spelled {first} before and {second} here",
        "One name of the source has two spellings in one article.",
    ),
    Check(
        "consistency.term",
        "minor",
        "{term} is '{first}' before and '{second}' here",
        "One term has two English names in one article.",
    ),
    Check(
        "consistency.sentence",
        "minor",
        "the same sentence was translated otherwise before: {first}",
        "One sentence stands twice in an article and was translated unlike.",
    ),
    Check(
        "pronoun.woman",
        "major",
        "'{pronoun}' may stand for {name}, a woman",
        "English says he; whom the article names last is a woman.",
    ),
)
"""What is found by comparing the sentences of one article."""

USER = (
    Check("rule.critical", "critical", "your rule: {message}", "A rule of the user's, of severity critical."),
    Check("rule.major", "major", "your rule: {message}", "A rule of the user's, of severity major."),
    Check("rule.minor", "minor", "your rule: {message}", "A rule of the user's, of severity minor."),
)
"""What the user's own rules find."""


GUARD = (*BASE, *WORDS, *PEOPLE, *FORM, *ARTICLE, *USER)
"""What the guard finds in a sentence and in an article, the families gravest first."""

DOCUMENT = (
    Check(
        "empty.cue",
        "critical",
        "the English sentence had fewer words than its cues",
        "A subtitle cue got no words.",
    ),
    Check(
        "truncated.rest",
        "critical",
        "not all was translated",
        "A part of a document was cut at the model's limit.",
    ),
    Check(
        "placeholder.changed",
        "critical",
        "left as it was: {words} did not come through",
        "A placeholder or a tag of a program's text was lost or made; the text stays Indonesian.",
    ),
    Check(
        "placeholder.unread",
        "critical",
        "left as it was: its choices cannot be read: {reason}",
        "A program's text that chooses among others is broken or too deep; it stays Indonesian.",
    ),
    Check(
        "format.at_end",
        "minor",
        "not found in the translation, so put at the end of the sentence: '{phrase}'",
        "Marked words, such as a link, were not found in the translation; the mark is at the sentence's end.",
    ),
)
"""What is found on top where a document is written again."""

SUMMARY = (
    Check(
        "number.unsupported",
        "major",
        "not in the source: {number}",
        "A summary sentence has a number that its sources do not hold.",
    ),
    Check(
        "entity.unsupported",
        "minor",
        "not in the source: {name}",
        "A summary sentence has a name that its sources do not hold.",
    ),
    Check(
        "negation.unsupported",
        "major",
        "the source does not negate: {word}",
        "A summary sentence negates what its sources assert.",
    ),
    Check(
        "negation.dropped",
        "major",
        "the source negates: {word}",
        "A summary sentence asserts what its sources negate.",
    ),
    Check(
        "unsupported.sentence",
        "critical",
        "no source sentence says: {sentence}",
        "No sentence of the article carries a summary sentence.",
    ),
)
"""What is found in a sentence of a summary."""

CHECKS: Mapping[str, Check] = {check.code: check for check in (*GUARD, *DOCUMENT, *SUMMARY)}
"""Code -> check, of all that can be found."""
