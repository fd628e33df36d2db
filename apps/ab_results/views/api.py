"""The same answers over HTTP: the real API is asked, and what it says is shown."""

from __future__ import annotations

import streamlit as st

from apps.ab_results import markup, show
from apps.ab_results.api import Answer, ask, path_of
from apps.ab_results.views import View

UNKNOWN, NO_DAY = "no-such-experiment", "yesterday"


def draw(view: View) -> None:
    chosen, config = view.selection, view.config
    if not config.api:
        show.html(markup.notice("The app was told no address of an API (TIDELINE_API_URL), so that there is none to ask."))
        return
    about = f"Programs ask the API at {config.api}. These are its answers just now."
    show.html(markup.heading("The same answers over HTTP"), markup.paragraph(about))
    rule = {"attribution": chosen.attribution}
    questions = {
        "The chosen experiment": path_of(chosen.experiment, "result", day=chosen.day, **rule),
        "An experiment that does not exist": path_of(UNKNOWN, "result", day=chosen.day, **rule),
        "A day that is none": path_of(chosen.experiment, "result", day=NO_DAY, **rule),
    }
    for number, (title, path) in enumerate(questions.items()):
        with st.spinner("Asking the API …"):
            answer = ask(config, path)
        show.html(markup.heading(title, 3))
        _answer(answer, is_open=number > 0)
        if answer.error:
            why = f"The API at {config.api} cannot be asked: {answer.error}. On a laptop, start it in another terminal by"
            show.html(markup.notice(why, "warning", command="tideline app api"))
            return
    _own_question(view)


def _answer(answer: Answer, *, is_open: bool) -> None:
    st.code(f"GET {answer.path}", language=None, wrap_lines=True)
    if answer.error:
        return
    said = f"{answer.status}" + (f", {answer.says}" if answer.says else "")
    show.html(markup.facts([("Status", said), ("Took", f"{answer.milliseconds:.0f} ms")]))
    with st.expander("The answer, as JSON", expanded=is_open):
        st.code(answer.text, language="json", wrap_lines=True, height=min(400, 60 + 22 * answer.text.count("\n")))


def _own_question(view: View) -> None:
    show.html(markup.heading("A question of your own", 3))
    with st.form("own"):
        experiment = st.text_input("Experiment to ask for", view.selection.experiment, max_chars=300)
        day = st.text_input("Day: YYYY-MM-DD, YYYY-MM-DD HH or whole", view.selection.day, max_chars=40)
        is_asked = st.form_submit_button("Ask the API")
    if is_asked and experiment:
        answer = ask(view.config, path_of(experiment, "result", day=day, attribution=view.selection.attribution))
        _answer(answer, is_open=True)
        if answer.error:
            show.html(markup.notice(f"No answer: {answer.error}.", "warning"))
