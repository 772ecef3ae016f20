"""What ``scripts/fuzz`` adds to schemathesis: the refusals of valid requests that no schema could foretell,
and what is wrong as JSON but right as it is sent in a form.

A request may be all that its schema says and still be refused, because of what its text means, what is
installed on this machine, or how two of its lists compare. Each reason is a row, with the message that tells
it: a refusal for any other reason fails, and so does one of another operation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

import jsonschema
import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import (
    AcceptedNegativeData,
    negative_data_rejection,
    positive_data_acceptance,
)


class Reason(NamedTuple):
    """A refusal with ``status`` and a message that has ``pattern``, where ``operation`` is in the label."""

    operation: str
    status: int
    pattern: str
    why: str


REASONS = (
    Reason(
        r"POST /(translate|translate_file)$",
        400,
        r"^[a-z]{2,3} is not supported$",
        "With source=auto the language of the text decides, and only Indonesian and English are translated",
    ),
    Reason(
        r"POST /(translate|detect)$",
        400,
        r"exceeds text limit",
        "The limit is for all texts of a list together; JSON Schema can bound each, but not their sum",
    ),
    Reason(
        r"POST /translate_file$",
        400,
        r"empty file|file format not supported|a ZIP archive, not a document|not what its name says"
        r"|, not text|holds no text",
        "What a document is stands in its name and its bytes, of which a schema says no more than binary",
    ),
    Reason(
        r"POST /v1/(read|translate|summarize|brief|facts)$",
        400,
        r"no article text",
        "A text of spaces, captions and buttons alone is no article: that is what cleaning finds out",
    ),
    Reason(
        r"POST /v1/(read|translate|summarize|brief|facts|jobs|jobs/file)$",
        400,
        r"^no model to \w+ with named|is not installed|warta models pull",
        "The models there are, and those that are installed, differ from machine to machine: GET /v1/models",
    ),
    Reason(
        r"GET /v1/inbox$",
        400,
        r"is no moment|is no length of time",
        "A day or a length of time is written in more ways than a pattern would make plain",
    ),
    Reason(
        r"POST /v1/check$",
        413,
        r"is over the limit of",
        "The limit is for all texts together, as above",
    ),
    Reason(
        r"POST /v1/check$",
        422,
        r"no pairs$",
        "As many sources as targets: JSON Schema cannot compare the lengths of two lists",
    ),
    Reason(
        r"POST /v1/jobs/file$",
        400,
        r"^the file is empty$|is not read here",
        "What a file is stands in its name and its bytes, of which a schema says no more than binary",
    ),
)


def explained(label: str, status: int, body: str) -> bool:
    """Return whether one of REASONS says why a valid request was refused."""
    message = _message(body)
    return any(
        status == reason.status and re.search(reason.operation, label) and re.search(reason.pattern, message)
        for reason in REASONS
    )


def _message(body: str) -> str:
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return ""


@schemathesis.check
def valid_data_is_accepted(ctx: CheckContext, response: Response, case: schemathesis.Case) -> bool | None:
    """Check what positive_data_acceptance does, but for REASONS."""
    try:
        return positive_data_acceptance(ctx, response, case)
    except RejectedPositiveData:
        if explained(case.operation.label, response.status_code, response.text):
            return None
        raise


@schemathesis.check
def invalid_data_is_refused(ctx: CheckContext, response: Response, case: schemathesis.Case) -> bool | None:
    """Check what negative_data_rejection does, but for a form whose fields are right as they are sent.

    That check knows such forms, but not where a field holds JSON with half of a surrogate pair.
    """
    try:
        return negative_data_rejection(ctx, response, case)
    except AcceptedNegativeData:
        if _only_the_body_is_wrong(case) and case.media_type == "multipart/form-data":
            body = case.operation.get_body_for_media_type(case.media_type)
            if body is not None and right_as_sent(case.body, body.optimized_schema):
                return None
        raise


def right_as_sent(fields: object, schema: Mapping[str, object]) -> bool:
    """Return whether ``fields`` of a multipart form agree with ``schema`` as they arrive, each as text."""
    if not isinstance(fields, dict):
        return False
    sent = {name: _as_text(value) for name, value in fields.items()}
    return bool(jsonschema.Draft202012Validator(dict(schema)).is_valid(sent))


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else json.dumps(value)


def _only_the_body_is_wrong(case: schemathesis.Case) -> bool:
    meta = case.meta
    return meta is not None and all(
        location is ParameterLocation.BODY or not meta.is_negative_at(location)
        for location in meta.components
    )
