"""The Check tab: the guard over a source and a translation that were pasted."""

from collections.abc import Sequence
from functools import partial
from html import escape

from service.confined import SMALL
from service.errors import InputError, WartaError
from service.messages import text
from service.page import reading as view
from service.page.components import Word, box, label, streaming
from service.page.options import PageOptions
from service.page.runs import Runs, run_for_session
from service.page.words import Say, say_for
from service.pool import Host
from service.runtime.sandbox import Sandbox
from service.text import segment
from service.translation.guard.check import check


def checked(source: str, target: str, options: PageOptions, say: Say) -> str:
    """Return the pairs with what the guard found, as HTML.

    Raises InputError for texts that cannot be compared.
    """
    if not source.strip() or not target.strip():
        raise InputError(say.message("check_empty"))
    if max(len(source), len(target)) > options.text_limit:
        count = max(len(source), len(target))
        raise InputError(
            say.message("too_long", count=say.number(count), limit=say.number(options.text_limit))
        )
    pairs, note = paired(source, target, say)
    rows, flagged = [], 0
    for number, (ours, theirs) in enumerate(pairs, start=1):
        noted = view.flags(check(ours, theirs), say)
        flagged += bool(noted)
        rows.append(_row(number, ours, theirs, noted))
    word = "check_result" if flagged else "check_clean"
    result = say(word, flagged=flagged, count=len(pairs))
    hint = f'<p class="hint">{escape(note)}</p>' if note else ""
    return f'{box("done", result)}{hint}{view.columns(say)}<ol class="rows">{"".join(rows)}</ol>'


def checked_confined(sandbox: Sandbox, source: str, target: str, options: PageOptions, say: Say) -> str:
    """Do as :func:`checked`, in a process of its own where the texts are long."""
    if len(source) + len(target) <= SMALL:
        return checked(source, target, options, say)
    return str(sandbox.run(".page.tabs.check:checked_for", source, target, options.text_limit, say.language))


def checked_for(source: str, target: str, limit: int, language: str) -> str:
    """Do as :func:`checked`, for plain values."""
    return checked(source, target, PageOptions(text_limit=limit), Say(language))


def paired(source: str, target: str, say: Say) -> tuple[list[tuple[str, str]], str]:
    """Return the two texts side by side: by lines, else by sentences, else whole; and a word where it is
    whole.
    """
    for split in (_lines, _sentences):
        ours, theirs = split(source), split(target)
        if len(ours) == len(theirs):
            return list(zip(ours, theirs, strict=True)), ""
    whole = [(" ".join(source.split()), " ".join(target.split()))]
    return whole, say("check_uneven", ours=len(_sentences(source)), theirs=len(_sentences(target)))


def _lines(text: str) -> Sequence[str]:
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    # One long line a side says nothing about where its sentences belong.
    return lines if len(lines) > 1 else _sentences(text)


def _sentences(text: str) -> Sequence[str]:
    return [part.text for part in segment.split(text).segments]


def _row(number: int, source: str, target: str, noted: str) -> str:
    classes = "pair opens" + (" flagged" if noted else "")
    return (
        f'<li class="{classes}"><span class="number" aria-hidden="true">{number}</span>'
        f'<p class="source" lang="id">{escape(source)}</p>'
        f'<div class="target"><p lang="en">{escape(target)}</p>{noted}</div></li>'
    )


def tab(host: Host, options: PageOptions, runs: Runs, word: Word) -> None:
    """Build the tab's contents."""
    import gradio as gr

    def run(source: str, target: str, request: gr.Request) -> str:
        say = say_for(request)
        try:
            work = partial(checked_confined, host.sandbox, source or "", target or "", options, say)
            return run_for_session(runs, request.session_hash or "", "check", options.seconds, work)
        except WartaError as error:
            return box("error", f"<b>{say('error')}</b> {escape(text(error, say.language))}")

    label("check_intro")
    with gr.Row(elem_classes="twins"):
        source = gr.Textbox(label=word("check_source"), lines=10, max_lines=20, elem_id="check-source")
        target = gr.Textbox(label=word("check_target"), lines=10, max_lines=20, elem_id="check-target")
    with gr.Row(elem_classes="actions"):
        go = gr.Button(word("check_run"), variant="primary", elem_classes="go", elem_id="check-go")
    result = gr.HTML(elem_classes="result", elem_id="check-result", apply_default_css=False)
    go.click(run, [source, target], result, **streaming("check", 4))
