"""The bodies of requests and answers under /v1: nothing unknown is taken, nothing undeclared is given."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, FailFast, Field, model_validator

from service.document import FactKind, FactStatus
from service.findings import Severity

TEXT = (
    "Banjir di Demak\n\nBanjir merendam 340 rumah di tiga desa sejak Senin malam. Warga mengungsi ke balai "
    "desa. Pemerintah menyalurkan bantuan makanan pada Selasa pagi. Air mulai surut pada sore hari."
)


MOST_KEYS = 100


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 3.0 is as whole as 3, there as in JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Outermost, so that the bounds are of the number itself, and described.
WHOLE = BeforeValidator(_whole)


class Strict(BaseModel):
    """No key that is not declared, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, value: Any) -> Any:
        """Every unknown key is an error that takes time to be made, while nothing else is answered."""
        if isinstance(value, dict) and len(value) > MOST_KEYS:
            raise ValueError(f"more than {MOST_KEYS} keys")
        return value


class Given(BaseModel):
    """An answer holds what is declared, and nothing else."""

    model_config = ConfigDict(extra="forbid")


def _encodable(text: str | None) -> str | None:
    """JSON can spell half of a surrogate pair, which is no character; a field left null has none."""
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None
    return text


Words = Annotated[str, AfterValidator(_encodable)]
Text = Annotated[
    str,
    Field(min_length=1, description="Indonesian, as it was copied.", examples=[TEXT]),
    AfterValidator(_encodable),
]


class ArticleIn(Strict):
    """An article, or where it is, and the model that is to translate it."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["text"], "properties": {"text": {"type": "string"}, "url": {"type": "null"}}},
                {"required": ["url"], "properties": {"url": {"type": "string"}, "text": {"type": "null"}}},
            ]
        }
    )

    text: Text | None = None
    url: Annotated[
        str | None,
        Field(max_length=4096, description="A public page to read instead of a text."),
        AfterValidator(_encodable),
    ] = None
    model: Annotated[
        str,
        Field(max_length=100, description="A name from `/v1/models`, or auto."),
        AfterValidator(_encodable),
    ] = "auto"
    beam_size: Annotated[
        Annotated[int, Field(ge=1, le=8), WHOLE] | None,
        Field(description="1 is fastest; default: the model's own."),
    ] = None
    keep_furniture: Annotated[
        bool, Field(description="Leave captions, bylines and the like in the text.")
    ] = False
    keep_lines: Annotated[
        list[Annotated[int, Field(ge=0), WHOLE]],
        Field(
            max_length=1000,
            description="Lines of the text, from 0, that stay though they look like furniture.",
        ),
    ] = []

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.text is None) == (self.url is None):
            raise ValueError("give either a text or a url")
        return self


class TranslateIn(ArticleIn):
    """What to translate."""


class BriefIn(Strict):
    """What kind of summary is wanted."""

    route: Literal["auto", "extractive", "mt5", "crosssum", "translate-first"] = "auto"
    sentences: Annotated[int, Field(ge=1, le=20), WHOLE] = 3
    words: Annotated[
        Annotated[int, Field(ge=1, le=500), WHOLE] | None, Field(description="Instead of sentences.")
    ] = None
    language: Annotated[Literal["en", "id"], Field(description="Of the summary.")] = "en"


class ReadIn(ArticleIn):
    """What to read: translation and summary."""

    summary: BriefIn = Field(default_factory=BriefIn)


class BriefArticleIn(ArticleIn):
    """What to make a brief of."""


class FactsIn(ArticleIn):
    """What to compare fact by fact."""


class SummarizeIn(ArticleIn):
    """What to summarise."""

    summary: BriefIn = Field(default_factory=BriefIn)


Pairs = Annotated[
    list[Words],
    Field(min_length=1, max_length=10_000, description="As many sources as targets."),
]


class CheckIn(Strict):
    """Segments and what somebody made of them, pair by pair."""

    source: Annotated[Pairs, FailFast(), Field(examples=[["Banjir merendam 340 rumah."]])]
    target: Annotated[Pairs, FailFast(), Field(examples=[["Floods hit 430 homes."]])]


class FindingOut(Given):
    """Something to check: ``code``, ``kind`` (its first part) and ``severity`` are from fixed lists.

    ``message`` is for people, and says what ``values`` hold by name.
    """

    code: str
    kind: str
    severity: Severity
    message: str
    values: dict[str, str]


class PairOut(Given):
    """A title in both languages."""

    source: str
    target: str


class SuggestionOut(Given):
    """One's own translation of nearly the same sentence; ``similarity`` is from 0 to 1."""

    source: str
    target: str
    similarity: float


class SegmentOut(PairOut):
    """A sentence in both languages, with what is known of it."""

    paragraph: int
    score: float
    confidence: float
    band: str
    truncated: bool
    repaired: bool
    cached: bool
    findings: list[FindingOut]
    suggestions: list[SuggestionOut]


class FurnitureOut(Given):
    """What cleaning set aside, and by which rule."""

    text: str
    reason: str
    line: int


class DecodingOut(Given):
    """How the model searched."""

    beam_size: int
    max_new_tokens: int
    length_penalty: float
    repetition_penalty: float
    no_repeat_ngram_size: int


class SignatureOut(Given):
    """What the result depends on; ``text`` is all of it in a line."""

    preset: str
    model: str
    revision: str
    engine: str
    decoding: DecodingOut
    version: str
    route: str
    glossary: str
    repair: bool
    text: str


class TranslationOut(Given):
    """An article in English; ``text`` has its paragraphs, ``roles`` says what each of them is.

    ``byline``, ``published`` and ``site`` are as the page writes them; ``captions`` are in Indonesian.
    """

    title: PairOut | None
    text: str
    segments: list[SegmentOut]
    warnings: list[str]
    furniture: list[FurnitureOut]
    byline: str
    published: str
    site: str
    roles: list[str]
    captions: list[str]
    signature: SignatureOut


class SummarySentenceOut(Given):
    """A sentence of a summary; ``support`` numbers the source segments it rests on, from 0."""

    text: str
    support: list[int]
    score: float
    findings: list[FindingOut]
    source: str


class SummaryOut(Given):
    """A summary, how it was made, and what to know of it."""

    sentences: list[SummarySentenceOut]
    language: str
    route: str
    packs: int
    notes: list[str]
    signature: SignatureOut


class FactOut(Given):
    """Something that must not change; ``sentence`` counts from 0 and is null in the title.

    ``start`` to ``end`` are its characters in the sentence, ``target_start`` to ``target_end`` those of its
    English words, which are empty where none answer to it.
    """

    kind: FactKind
    source: str
    target: str
    status: FactStatus
    sentence: int | None
    start: int
    end: int
    target_start: int
    target_end: int


class FactsOut(Given):
    """The facts of an article in reading order, and how many there are of each status."""

    facts: list[FactOut]
    counts: dict[FactStatus, int]


class CutOut(Given):
    """What was left out of a sentence, in both languages."""

    kind: str
    source: str
    target: str


class KeySentenceOut(Given):
    """A sentence of a brief, shortened; ``sentence`` is its number in the article, from 0."""

    text: str
    sentence: int
    source: str
    confidence: float
    band: str
    cuts: list[CutOut]
    findings: list[FindingOut]


class KeyFactOut(Given):
    """A figure or name of a brief: who, where, when, how much or how many."""

    label: str
    value: str
    role: str
    fact: FactOut


class HeadlineOut(Given):
    """A headline in both languages, and what to check in it; ``source`` is empty where it was made."""

    source: str
    target: str
    band: str
    findings: list[FindingOut]


class BriefOut(Given):
    """What happened, the key points in the order of the article, figures and names."""

    headline: HeadlineOut
    what: KeySentenceOut
    points: list[KeySentenceOut]
    facts: list[KeyFactOut]
    notes: list[str]
    signature: SignatureOut


class ReadingOut(TranslationOut):
    """A translation with its summary, brief and facts; ``headline`` is the English title."""

    headline: str
    summary: SummaryOut
    brief: BriefOut | None
    facts: list[FactOut]
    seconds: float


class CheckOut(Given):
    """The findings of each pair, in order."""

    findings: list[list[FindingOut]]


class ModelOut(Given):
    """A model; ``state`` is installed, ready, damaged, built in or empty. ``size`` is in bytes."""

    name: str
    task: str
    state: str
    size: int
    revision: str
    licence: str
    licence_note: str
    model: str
    about: str


class ModelsOut(Given):
    """Every model there is, and which one ``auto`` means."""

    auto: str
    models: list[ModelOut]


class StartOut(Given):
    """The first event of a stream: how many segments follow; the title, if any, comes before them."""

    title: str
    segments: int


class EndOut(Given):
    """The last event of a stream."""

    text: str
    warnings: list[str]
    furniture: list[FurnitureOut]
    signature: SignatureOut
    seconds: float


class ErrorBody(Given):
    """``type`` is for programs, ``message`` for people."""

    type: str
    message: str


class ErrorOut(Given):
    """Every error under /v1."""

    error: ErrorBody


class PlainErrorOut(Given):
    """Every error elsewhere, as LibreTranslate has it."""

    error: str
