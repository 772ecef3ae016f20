"""``/v1/jobs``: work in the background. A job belongs to the API key it was sent with.

Without keys its ID, which cannot be guessed, is what lets one in; a list of all is given only where nobody
but this machine can ask.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, File, Form, Path, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import FailFast, Field
from starlette.convertors import Convertor, register_url_convertor

from service.api import examples, uploads
from service.api.background import DONE, Full, Jobs, Limits, Order, Status
from service.api.config import ServerConfig
from service.api.middleware.limits import LOOPBACK
from service.api.openapi import SENDING, our_errors
from service.api.schemas import BriefIn, Strict, Words
from service.pool import Host
from service.refusal import Refused
from service.summary.routes import Route

FOLDER = "jobs"
RETRY = {"Retry-After": "60"}

Task = Annotated[
    Literal["translate", "summarize", "brief", "read"], Field(description="What is made of each text.")
]
Model = Annotated[Words, Field(description="A name from `/v1/models`, or auto.", max_length=100)]
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="As it was given by POST.")]
SIGNATURE = "Warta-Signature"
"""The header that says what a table's rows depend on, where the table has no place for it."""
Wide = Annotated[bool, Form(description="A table to translate comes back as that table.")]
Column = Annotated[str, Form(max_length=200, description="Where the text is in a table or an object.")]


class JobIn(Strict):
    """Texts to work on in the background."""

    texts: Annotated[
        list[Annotated[Words, Field(min_length=1)]],
        FailFast(),
        Field(min_length=1, max_length=10_000, examples=[["Banjir merendam 340 rumah di tiga desa."]]),
    ]
    task: Task = "translate"
    model: Model = "auto"
    keep_boilerplate: bool = False
    summary: BriefIn = Field(default_factory=BriefIn)


class JobOut(Strict):
    """A job. ``share`` is how much of the input is done, about; ``failures`` are records without a result."""

    id: str
    task: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    created: Annotated[str, Field(examples=["2026-03-02T09:30:00+00:00"])]
    ended: str | None
    share: float
    records: int
    failures: int
    findings: int
    error: str


class JobsOut(Strict):
    """The caller's own jobs, newest first."""

    jobs: list[JobOut]


_EXAMPLE = examples.of("v1-job")
_NOT_THERE = our_errors(404)


class _Name(Convertor[str]):
    """Anything but ``file``, which is an address of its own and not a job whose ID is wrong."""

    # "0f3a..." and any other name; not "file", while "file2" is one.
    regex = "(?!file$)[^/]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def open_jobs(host: Host, config: ServerConfig) -> Jobs:
    """Return the jobs of a server, at its home."""
    limits = Limits(config.jobs, config.jobs_each, config.jobs_bytes, config.job_bytes, config.job_seconds)
    return Jobs(host.settings.home / FOLDER, host, limits)


def router(jobs: Jobs, config: ServerConfig) -> APIRouter:
    """Return the endpoints."""
    # Starlette keeps convertors for the whole process; the same one again does no harm.
    register_url_convertor("job", _Name())
    routes = APIRouter(prefix="/v1/jobs", tags=["Jobs"], responses=our_errors(*SENDING, 422))
    _add_submission(routes, jobs, config)
    _add_results(routes, jobs, config)
    _add_ends(routes, jobs)
    return routes


def _add_submission(routes: APIRouter, jobs: Jobs, config: ServerConfig) -> None:
    """Add the routes that work is sent to."""

    @routes.post("", status_code=202, response_model=JobOut)
    async def submit(asked: JobIn, request: Request, response: Response) -> JobOut:
        """Send texts to work on in the background; the answer's `id` is what to ask for them by."""
        order = _order(request, asked.task, asked.model, asked.keep_boilerplate, asked.summary)
        return await _submitted(jobs, order, partial(_texts, asked.texts), request, response)

    @routes.post("/file", status_code=202, response_model=JobOut)
    async def submit_file(
        request: Request,
        response: Response,
        file: Annotated[UploadFile, File(description="JSON lines, CSV, TSV, Parquet or a document.")],
        task: Annotated[Task, Form()] = "translate",
        model: Annotated[Model, Form()] = "auto",
        column: Column = "text",
        keep_boilerplate: Annotated[bool, Form()] = False,
        route: Annotated[Route, Form()] = "auto",
        sentences: Annotated[int, Form(ge=1, le=20)] = 3,
        wide: Wide = False,
    ) -> JobOut:
        """Send a file of records: each record of a table is a text, a document is one.

        With `wide` a table to translate comes back as that table, with new columns behind its own.
        """
        brief = BriefIn(route=route, sentences=sentences)
        order = replace(_order(request, task, model, keep_boilerplate, brief, column), wide=wide)
        put = partial(_kept, file, config.body_bytes)
        return await _submitted(jobs, order, put, request, response)


def _add_results(routes: APIRouter, jobs: Jobs, config: ServerConfig) -> None:
    """Add the routes that say how far jobs are, and what they made."""

    @routes.get("", response_model=JobsOut, responses=examples.of("v1-jobs"))
    def list_jobs(request: Request) -> JobsOut:
        """List your own jobs; without API keys only where the server is for this machine alone."""
        owner = _owner(request)
        if not owner and not _alone(config):
            raise Refused(403, "jobs.list", "jobs are listed for an API key only")
        return JobsOut(jobs=[_out(status) for status in jobs.all(owner)])

    @routes.get("/{id:job}", response_model=JobOut, responses={**_NOT_THERE, **_EXAMPLE})
    def progress(id: Id, request: Request) -> JobOut:
        """Return how far a job is."""
        return _out(_own(jobs, id, request))

    @routes.get("/{id:job}/result", response_class=Response, responses={**our_errors(404, 409), 200: _LINES})
    def result(id: Id, request: Request) -> Response:
        """Return the result of a job that is done: a line of JSON for each record, in the order of the input.

        Of a table that was sent with `wide` to be translated it is that table, of its own type.
        """
        status = _own(jobs, id, request)
        if status.state != DONE:
            raise Refused(
                409, "jobs.not_done", "the job is {state}, not done", type="not_done", state=status.state
            )
        made = jobs.result(status)
        # Headers are ASCII, a model's name need not be.
        headers = {SIGNATURE: made.signature.encode("ascii", "backslashreplace").decode()}
        return StreamingResponse(
            _opened(made.chunks()),
            media_type=_TYPES[made.path.suffix],
            headers=headers if made.signature else None,
        )


def _add_ends(routes: APIRouter, jobs: Jobs) -> None:
    """Add the routes that end a job."""

    @routes.post("/{id:job}/cancel", response_model=JobOut, responses={**_NOT_THERE, **_EXAMPLE})
    def cancel(id: Id, request: Request) -> JobOut:
        """Stop a job. One that is over stays as it is."""
        jobs.cancel(_own(jobs, id, request).id)
        # Asked for anew: what it was before is not what it is now.
        return _out(_own(jobs, id, request))

    @routes.delete("/{id:job}", status_code=204, responses=_NOT_THERE)
    def delete(id: Id, request: Request) -> None:
        """Cancel a job and remove its input and its result."""
        jobs.delete(_own(jobs, id, request).id)


_TYPES = {
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_LINES = {
    "description": "The rows, or the table",
    "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in _TYPES.values()},
}


async def _submitted(
    jobs: Jobs, order: Order, put: Callable[[FilePath], FilePath], request: Request, response: Response
) -> JobOut:
    if jobs.why:
        raise Refused(503, jobs.why, type="jobs", headers=RETRY)
    try:
        status = await run_sync(jobs.submit, order, put)
    except Full as error:
        raise Refused(429, error, type="jobs", headers=RETRY) from None
    response.headers["Location"] = f"{request.url.path.removesuffix('/file')}/{status.id}"
    return _out(status)


def _order(
    request: Request, task: str, model: str, keep_boilerplate: bool, brief: BriefIn, column: str = "text"
) -> Order:
    return Order(
        _owner(request),
        task,
        model,
        column,
        keep_boilerplate,
        brief.route,
        brief.sentences,
        brief.words,
        brief.language,
    )


def _texts(texts: list[str], folder: FilePath) -> FilePath:
    path = folder / "texts.jsonl"
    path.write_text("".join(json.dumps(text) + "\n" for text in texts), "utf-8")
    return path


def _kept(file: UploadFile, most: int, folder: FilePath) -> FilePath:
    return uploads.keep(file.file, file.filename or "", folder, most)


def _owner(request: Request) -> str:
    key = request.scope["state"].get("key")
    return key.id if key else ""


def _alone(config: ServerConfig) -> bool:
    """Return whether nobody else can reach the server: not by its address, and not by a proxy on this
    machine.
    """
    return config.host in LOOPBACK and not (config.trusted_proxies or config.allowed_hosts)


def _own(jobs: Jobs, id: str, request: Request) -> Status:
    """Return a job of whoever asks; another's is as if it were not there."""
    status = jobs.get(id, _owner(request))
    if not status:
        raise Refused(404, "jobs.unknown", "there is no such job (any more)")
    return status


def _opened(rows: Iterator[bytes]) -> Iterator[bytes]:
    """Yield ``rows``, begun: what cannot be opened is an error now, not in the middle of an answer."""
    first = next(rows, b"")

    def all_of_them() -> Iterator[bytes]:
        yield first
        yield from rows

    return all_of_them()


def _out(status: Status) -> JobOut:
    totals = status.totals
    return JobOut(
        id=status.id,
        task=status.order.task,
        state=status.state,  # type: ignore[arg-type]
        created=_time(status.created),
        ended=_time(status.ended) if status.ended else None,
        share=round(status.share, 4),
        records=totals.records,
        failures=totals.failures,
        findings=totals.findings,
        error=status.error,
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
