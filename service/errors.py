"""Every error a user can meet.

::

    WartaError                  exit code 1: one line, nothing lost
    ├── UsageError              exit code 2: the command itself is wrong
    ├── InputError              the text or file given cannot be read as an article
    │   ├── LimitExceeded       working on it takes more time, memory or room than is allowed
    │   ├── WorkerFailed        the process that worked on it ended or broke
    │   └── Mismatch            exit code 3: a baseline is not of what is held against it
    ├── PresetError             a file of prompts/ is wrong: names file and key
    ├── ModelError              a model cannot be used
    │   ├── UnknownModel        no preset of that name: lists the names there are
    │   ├── NotInstalled        the preset exists, its weights do not: says how to get them
    │   └── DamagedModel        the weights on disk differ from their manifest
    ├── StoreError              a model cannot be fetched, converted or stored
    └── EngineError             a model was loaded and failed
        ├── Busy                too much waits for it already: come back later
        ├── Cancelled           the caller asked no more
        └── DeadlinePassed      the time allowed for a request has passed

Third-party exceptions are translated into these where they enter. The message is one
line that says what is wrong and, where there is one, what to do.
"""

from __future__ import annotations


class WartaError(Exception):
    """The root: its text is fit to be shown to a user as it is."""

    exit_code = 1


class UsageError(WartaError):
    """The command, not its input, is wrong."""

    exit_code = 2


class InputError(WartaError):
    """The text or file given cannot be read as an article."""


class LimitExceeded(InputError):
    """Working on the input takes more processor time, memory or room than one input may take."""


class WorkerFailed(InputError):
    """The process that worked on the input ended without an answer."""


class Mismatch(InputError):
    """A baseline is of other text, systems or options than what is held against it."""

    exit_code = 3


class PresetError(WartaError):
    """A preset file is not what the schema asks for."""


class ModelError(WartaError):
    """A model cannot be used."""


class UnknownModel(ModelError):
    """No preset has that name."""


class NotInstalled(ModelError):
    """The preset is known, but its weights are not on this machine."""


class DamagedModel(ModelError):
    """Weights on disk differ from the sums in their manifest."""


class StoreError(WartaError):
    """A model could not be fetched, converted or stored."""


class EngineError(WartaError):
    """A loaded model failed while generating."""


class Busy(EngineError):
    """Too much waits for the model already; ``retry_after`` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"too much is waiting already; try again in {retry_after:.0f} s")
        self.retry_after = retry_after


class Cancelled(EngineError):
    """Whoever asked does not want the answer any more."""


class DeadlinePassed(EngineError):
    """A request's time has passed."""
