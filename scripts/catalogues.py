"""The catalogues, brought into step with the source: ``scripts/messages``. For a checkout; needs Babel.

What is said is gathered from the registry of ``service.findings`` and from every call in the source that
gives a code and an English text: ``InputError("input.empty", "empty")``.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from service.facts.ledger import KINDS as FACTS
from service.findings import CHECKS
from service.intake.plain import GROUPS
from service.messages import LANGUAGES, PLACES, TERM
from service.models.pull import STAGES
from service.page.words import english
from service.presets import TASKS
from service.summary.keyfacts import LABELS
from service.text.language import NAMES
from service.translation.guard import units

ROOT = Path(__file__).parents[1]
HERE = ROOT / "service" / "messages"
_CODE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+|term")


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """One sentence of the program: its code, the English, its plural if it has one, and a comment."""

    code: str
    english: str
    plural: str = ""
    comment: str = ""


def gather() -> list[Text]:
    """Return everything that is said, sorted, each text once."""
    texts = [Text(one.code, one.message, one.plural, one.about) for one in CHECKS.values()]
    kinds = {code.partition(".")[0] for code in CHECKS}
    said = (*units.NAMES, *NAMES.values(), *TASKS, *GROUPS.values(), *LABELS.values())
    texts += [Text(TERM, word) for word in (*said, *PLACES, *FACTS, *STAGES, *kinds)]
    texts += [Text(f"page.{name}", one, plural) for name, (one, plural) in english().items()]
    trees = list(sources().values())
    names = makers(trees)
    return sorted({*texts, *(text for tree in trees for text in called(tree, names))})


@cache
def sources() -> Mapping[Path, ast.Module]:
    """Return the program's modules as syntax trees."""
    paths = sorted(path for root in (ROOT / "service", ROOT / "eval") for path in root.rglob("*.py"))
    return {path: ast.parse(path.read_text("utf-8")) for path in paths}


def makers(trees: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names of what is called with a code and a text: messages, refusals, errors of ours."""
    found = {"Message", "of", "Refused", "WartaError", "__init__"}
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    size = 0
    while size < len(found):
        size = len(found)
        found |= {one.name for one in classes if found & {getattr(base, "id", "") for base in one.bases}}
    return frozenset(found)


def called(tree: ast.AST, names: Collection[str]) -> Iterator[Text]:
    """Yield the texts of the calls that give a code and a text."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or called_name(node) not in names:
            continue
        given = [
            one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        match given:
            case [code, english] if _CODE.fullmatch(code):
                yield Text(code, english, _plural(node))


def called_name(node: ast.Call) -> str:
    """Return the last name of what is called."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _plural(node: ast.Call) -> str:
    for word in node.keywords:
        if word.arg == "plural" and isinstance(word.value, ast.Constant):
            return str(word.value.value)
    return ""


class Plain(Catalog):
    """A catalogue whose header says nothing that another day or another Babel would say otherwise."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        forms = [("Language", str(self.locale)), ("Plural-Forms", self.plural_forms)] if self.locale else []
        return [
            *forms,
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]

    # What Babel has here is a property that can be set, too.
    mime_headers = property(_get_mime_headers)


def filled(texts: Iterable[Text], known: Catalog | None = None) -> Catalog:
    """Return a catalogue of the texts with the translations that ``known`` has for them.

    A text is known again by its code: the translation of an older text is kept, and marked as fuzzy.
    """
    locale = known.locale if known else None
    catalogue = Plain(locale=locale, fuzzy=False, header_comment="# What Warta says. See scripts/messages.")
    entries = {entry.context: entry for entry in known or () if entry.id and entry.context != TERM}
    for text in texts:
        name = (text.english, text.plural) if text.plural else text.english
        same = known.get(name, context=text.code) if known else None
        old = same or entries.get(text.code)
        fuzzy = old is not None and (same is None or same.fuzzy)
        catalogue.add(
            name,
            _fitting(_forms(old.string), text) if old else None,
            context=text.code,
            flags=["fuzzy"] if fuzzy else [],
            auto_comments=[text.comment] if text.comment else [],
        )
    return catalogue


def _fitting(forms: tuple[str, ...], text: Text) -> str | tuple[str, ...]:
    """Return a translation as a plural has it or a singular, whichever the text is."""
    return forms if text.plural else forms[0]


def problems(catalogue: Catalog) -> list[str]:
    """Return what is wrong with a catalogue: entries missing, fuzzy, or without a place of the English."""
    found = []
    for entry in catalogue:
        if not entry.id:
            continue
        where = f"{catalogue.locale}: {entry.context}: {_forms(entry.id)[0]!r}"
        forms = _forms(entry.string)
        if not all(forms):
            found.append(f"{where} is not translated")
        elif entry.fuzzy:
            found.append(f"{where} is fuzzy")
        elif {frozenset(_places(form)) for form in forms} - {
            frozenset(_places(form)) for form in _forms(entry.id)
        }:
            found.append(f"{where} has other places than the English")
    return found


def po(catalogue: Catalog) -> bytes:
    """Return a catalogue as a PO file, in the order of the codes."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100)
    return buffer.getvalue()


def mo(catalogue: Catalog) -> bytes:
    """Return a catalogue as a MO file, which is what runs."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def main(arguments: Sequence[str]) -> int:
    """Update the files, or with ``--check`` only say what is wrong; return the exit status."""
    check = "--check" in arguments
    texts = gather()
    made = {HERE / "warta.pot": po(filled(texts))}
    wrong = []
    for language in LANGUAGES[1:]:
        folder = HERE / language / "LC_MESSAGES"
        with (folder / "warta.po").open("rb") as file:
            catalogue = filled(texts, read_po(file, locale=language))
        wrong += problems(catalogue)
        made |= {folder / "warta.po": po(catalogue), folder / "warta.mo": mo(catalogue)}
    for path, data in made.items():
        if not check:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            wrong.append(f"{path.relative_to(ROOT)}: out of step; run scripts/messages")
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return bool(wrong)


def _forms(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return (value or "",) if value is None or isinstance(value, str) else tuple(value)


def _places(text: str) -> set[str]:
    return {f"{name}!{quoted}" for _, name, _, quoted in Formatter().parse(text) if name is not None}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
