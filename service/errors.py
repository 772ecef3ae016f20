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

from service.document import Message


class WartaError(Exception):
    """The root: its text is fit to be shown to a user as it is.

    ``InputError("file.missing", "no such file", at=path)`` has a code for programs, an English text, and the
    values of its places by name. ``at`` says where, and comes first. ``InputError(other, at=path)`` says what
    another error says. A single string is a line that has no code, such as another library's.
    """

    exit_code = 1

    def __init__(
        self,
        said: str | Message | WartaError,
        text: str = "",
        /,
        *,
        at: object = "",
        plural: str = "",
        **values: object,
    ) -> None:
        # Exceptions are copied by their arguments, from another process too: the message is all of them.
        super().__init__(message_of(said, text, at=at, plural=plural, **values))

    @property
    def message(self) -> Message:
        """What it says; ``service.messages`` has it in other languages."""
        message: Message = self.args[0]
        return message

    @property
    def code(self) -> str:
        """What it is, for programs."""
        return self.message.code


def message_of(
    said: str | Message | WartaError,
    text: str = "",
    /,
    *,
    at: object = "",
    plural: str = "",
    **values: object,
) -> Message:
    """Return what an error or a refusal with these arguments says."""
    if isinstance(said, WartaError):
        said = said.message
    if isinstance(said, Message):
        return said.placed(at) if at else said
    if not text:
        return Message.of("other", "{line}", at=at, line=said)
    inner = {name: v.message if isinstance(v, WartaError) else v for name, v in values.items()}
    return Message.of(said, text, at=at, plural=plural, **inner)


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
        super().__init__(
            "engine.busy",
            "too much is waiting already; try again in {seconds} s",
            seconds=f"{retry_after:.0f}",
        )
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[Busy], tuple[float]]:
        """Copy it by its seconds."""
        return type(self), (self.retry_after,)


class Cancelled(EngineError):
    """Whoever asked does not want the answer any more."""


class DeadlinePassed(EngineError):
    """A request's time has passed."""
