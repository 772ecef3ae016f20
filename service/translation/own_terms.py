"""The terms that a user gave on the page, in a table of their own beside the translation memory."""

from __future__ import annotations

import threading
from pathlib import Path

from service.errors import InputError, StoreError
from service.translation.glossary import Term, load_user

NAME = "glossary.tsv"
"""The table's file in the settings' home."""
LONGEST = 200
"""Characters of a term, and of its English."""
MOST = 10_000
_COLUMNS = "id\ten"


class OwnTerms:
    """The table at ``path``, which need not be there. Safe from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def terms(self) -> list[Term]:
        """Return the terms, the last given last. Raises InputError for a file that is no such table."""
        return load_user(self._path) if self._path.exists() else []

    def add(self, source: str, english: str) -> str:
        """Keep the English of a term; return what it was before, empty where there was none.

        Raises InputError for what is no term, StoreError where the file cannot be written.
        """
        source, english = (" ".join(text.split()) for text in (source, english))
        for text in (source, english):
            if not any(map(str.isalnum, text)) or len(text) > LONGEST:
                raise InputError(
                    "terms.no_term",
                    "a term and its English are words, of up to {count} characters",
                    count=LONGEST,
                )
        with self._lock:
            terms = {term.id: term.en for term in self.terms()}
            if source not in terms and len(terms) >= MOST:
                raise InputError("terms.most", "there are {count} terms; no more are kept", count=MOST)
            # Taken out and put in again, it stands last.
            before = terms.pop(source, "")
            self._write({**terms, source: english})
        return before

    def remove(self, source: str) -> None:
        """Forget a term. Raises StoreError where the file cannot be written."""
        with self._lock:
            self._write({term.id: term.en for term in self.terms() if term.id != source})

    def _write(self, terms: dict[str, str]) -> None:
        rows = [_COLUMNS, *(f"{source}\t{english}" for source, english in terms.items())]
        # Written beside it and renamed: a crash leaves one table or the other, whole.
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not terms:
                self._path.unlink(missing_ok=True)
                return
            fresh.write_text("\n".join(rows) + "\n", "utf-8")
            fresh.replace(self._path)
        except OSError as error:
            raise StoreError(
                "terms.unwritable",
                "{name} cannot be written: {reason}",
                name=self._path,
                reason=error.strerror,
            ) from error
