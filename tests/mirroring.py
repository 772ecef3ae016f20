"""A folder of documents in one process, as `warta batch` does it without workers."""

from __future__ import annotations

from service.batch.executors import in_this_process
from service.batch.folder import mirror_with
from service.batch.job import Job
from service.batch.journal import Totals
from service.batch.run import Watch
from service.pipeline import Pipeline


def mirror(job: Job, pipeline: Pipeline, watch: Watch = lambda _: None) -> Totals:
    """Do a job whose output is a folder with one pipeline; return what has been done in all runs."""
    with in_this_process(job, pipeline) as executor:
        return mirror_with(executor, watch)
