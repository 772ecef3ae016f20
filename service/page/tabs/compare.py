"""The Compare tab: an article through every model that is installed, side by side."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html import escape

from eval.comparison import scores
from service.comparison import able, compare
from service.context import Ask
from service.errors import Cancelled, InputError, NotInstalled, WartaError
from service.messages import text as said
from service.page.components import Word, box, label, quick, stopper, streaming
from service.page.options import PageOptions
from service.page.runs import Runs, events
from service.page.words import Say, say_for
from service.pipeline import to_article
from service.pool import Host
from service.render.comparison import Compared, as_html

KIND = "compare"
HEADS = ("model", "sentences", "to check", "loading", "translating", "source")


def compared(
    host: Host, text: str, reference: str, ask: Ask, options: PageOptions, say: Say
) -> Iterator[str]:
    """Yield the comparison as HTML each time a model is done. Raises WartaError, Cancelled when stopped."""
    if not text.strip():
        raise InputError(say.message("compare_empty"))
    longest = max(len(text), len(reference))
    if longest > options.text_limit:
        raise InputError(
            say.message("too_long", count=say.number(longest), limit=say.number(options.text_limit))
        )
    names = able(host.store)
    if not names:
        raise NotInstalled(say.message("compare_none"))
    article, english = to_article(text), [reference] if reference.strip() else []
    yield _running(say("compare_running", done=0, count=len(names)))

    def work(tell: Callable[[Compared], None]) -> None:
        for one in compare([article], names, host.pipeline):
            tell(replace(one, scores=scores(one, english)))

    found: list[Compared] = []
    for told in events(ask, work):
        found += told
        rest = len(names) - len(found)
        status = _running(say("compare_running", done=len(found), count=len(names))) if rest else ""
        yield status + shown(found, say)


def shown(found: Sequence[Compared], say: Say) -> str:
    """Return the tables, and why a model could not run where one could not."""
    words = {head: say("compare_" + head.replace(" ", "_")) for head in HEADS}
    failed = [f"{one.model}: {one.error}" for one in found if one.error]
    return "".join(box("error", escape(line)) for line in failed) + as_html(found, words, say.language)


def _running(text: str) -> str:
    return box("running", f"<progress></progress>{text}")


def tab(host: Host, options: PageOptions, runs: Runs, word: Word) -> None:
    """Build the tab's contents."""
    import gradio as gr

    def run(text: str, reference: str, request: gr.Request) -> Iterator[tuple[object, object]]:
        # Stop can be pressed while there is something to stop.
        for shown_now in go_on(text, reference, request):
            yield shown_now, gr.update(interactive=True)
        yield gr.skip(), gr.update(interactive=False)

    def go_on(text: str, reference: str, request: gr.Request) -> Iterator[str]:
        say = say_for(request)
        ask = runs.begin(request.session_hash or "", KIND)
        last = ""
        try:
            for last in compared(host, text or "", reference or "", ask, options, say):
                yield last
            if ask.cancelled.is_set():
                yield box("stopped", say("compare_stopped")) + last.partition("</div>")[2]
        except Cancelled:
            yield box("stopped", say("compare_stopped"))
        except WartaError as error:
            yield box("error", f"<b>{say('error')}</b> {escape(said(error, say.language))}")
        finally:
            runs.end(ask)

    label("compare_intro")
    with gr.Row(elem_classes="twins"):
        text = gr.Textbox(label=word("compare_text"), lines=10, max_lines=20, elem_id="compare-text")
        reference = gr.Textbox(
            label=word("compare_reference"), lines=10, max_lines=20, elem_id="compare-reference"
        )
    with gr.Row(elem_classes="actions"):
        go = gr.Button(word("compare_run"), variant="primary", elem_classes="go", elem_id="compare-go")
        stop = gr.Button(word("stop"), interactive=False, elem_classes="halt", elem_id="compare-stop")
    result = gr.HTML(elem_classes="result", elem_id="compare-result", apply_default_css=False)
    go.click(run, [text, reference], [result, stop], **streaming(KIND, 1))
    stop.click(stopper(runs, KIND), None, None, **quick())
