"""The bodies of requests and of errors under /v1; those of answers are :mod:`service.render.schema`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, FailFast, Field, model_validator

from service.render import schema
from service.summary.routes import Route

TEXT = (
    "Banjir di Demak\n\nBanjir merendam 340 rumah di tiga desa sejak Senin malam. Warga mengungsi ke balai "
    "desa. Pemerintah menyalurkan bantuan makanan pada Selasa pagi. Air mulai surut pada sore hari."
)


MOST_KEYS = 100


def _whole(value: object) -> object:
    """Take 3.0 for 3: JSON has one kind of number, as has JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Outermost, so that the bounds are of the number itself, and described.
WHOLE = BeforeValidator(_whole)


class Strict(BaseModel):
    """No key that is not declared, no value of another type."""

    # Strict, or "yes" would be true and "3" a number, and clients would rely on it.
    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, value: object) -> object:
        """Refuse many unknown keys: each is an error that takes time to be made, while nothing else is
        answered.
        """
        if isinstance(value, dict) and len(value) > MOST_KEYS:
            raise ValueError(f"more than {MOST_KEYS} keys")
        return value


def _encodable(text: str | None) -> str | None:
    """Refuse half of a surrogate pair, which JSON can spell and which is no character."""
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
            # For the description only; the check is ``_one_of_them``. Null counts as absent.
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
    keep_boilerplate: Annotated[
        bool, Field(description="Leave captions, bylines and the like in the text.")
    ] = False
    keep_lines: Annotated[
        list[Annotated[int, Field(ge=0), WHOLE]],
        Field(
            max_length=1000,
            description="Lines of the text, from 0, that stay though they look like boilerplate.",
        ),
    ] = []

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.text is None) == (self.url is None):
            raise ValueError("give either a text or a url")
        return self


class CaptionedIn(ArticleIn):
    """An article whose captions can be translated too."""

    captions: Annotated[bool, Field(description="Translate the captions of the pictures too.")] = False


class TranslateIn(CaptionedIn):
    """What to translate."""


class BriefIn(Strict):
    """What kind of summary is wanted."""

    route: Route = "auto"
    sentences: Annotated[int, Field(ge=1, le=20), WHOLE] = 3
    words: Annotated[
        Annotated[int, Field(ge=1, le=500), WHOLE] | None, Field(description="Instead of sentences.")
    ] = None
    language: Annotated[Literal["en", "id"], Field(description="Of the summary.")] = "en"


class ReadIn(CaptionedIn):
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

    # Stops at the first bad item: ten thousand errors would take long to be made.
    source: Annotated[Pairs, FailFast(), Field(examples=[["Banjir merendam 340 rumah."]])]
    target: Annotated[Pairs, FailFast(), Field(examples=[["Floods hit 430 homes."]])]


class ErrorBody(schema.Model):
    """``type`` and the finer ``code`` are for programs, ``message`` for people, in their language."""

    type: str
    code: str
    message: str


class ErrorOut(schema.Model):
    """Every error under /v1."""

    error: ErrorBody


class PlainErrorOut(schema.Model):
    """Every error elsewhere, as LibreTranslate has it."""

    error: str
