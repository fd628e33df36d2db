"""Figures of the comments' dashboard, and which post and summary it shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from systems.community import comment_figures as figures
from systems.community.activity_figures import Period, shown_period
from systems.community.summaries import shown
from systems.community.summaries.threads import threads_of
from utils.errors import SettingsError

POSTS = pd.DataFrame(
    [("p1", "post", date(2024, 1, 8), 5), ("p2", "poll", date(2024, 2, 1), 9), ("p3", "post", date(2024, 2, 1), 9)],
    columns=["post_id", "post_type", "day", "n_comments"],
)
PERIOD = Period(date(2024, 1, 1), date(2024, 2, 1))
COMMENTS = pd.DataFrame({"comment_id": ["c1", "c2"], "body": ["more music", "yes, more music please"], "created_at": [1, 2]})


def row(post_id: str, method: str = "model", **changed: Any) -> dict[str, Any]:
    given = {
        "post_id": post_id, "language": "en", "title": f"Title of {post_id}", "n_comments": 9, "method": method, "model": "m",
        "reason": "" if method == "model" else "no key", "summary": "One.\nTwo.", "keywords": ["maps"], "sentiment": "mixed",
        "requests": [{"request": "ships", "n_comments": 2}, {"request": "maps", "n_comments": 7}] if method == "model" else [],
        "cost_usd": 0.25, "summarised_at": date(2024, 2, 2),
    }  # fmt: skip
    return given | changed


DRAWN: dict[str, tuple[Callable[[], Figure], Callable[[], Figure]]] = {
    "by date": (lambda: figures.posts_by_date(POSTS, PERIOD), lambda: figures.posts_by_date(POSTS, None)),
    "by comments": (
        lambda: figures.posts_by_comments(POSTS, PERIOD, []), lambda: figures.posts_by_comments(POSTS[:0], PERIOD, []),
    ),
    "requests": (lambda: figures.requests([row("p1")]), lambda: figures.requests([])),
    "summarised": (lambda: figures.summarised([row("p1")]), lambda: figures.summarised([])),
}  # fmt: skip


def bars(figure: Figure) -> dict[str, float]:
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    return dict(zip(names, [patch.get_width() for patch in axes.patches], strict=True))


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_has_a_title_axis_labels_and_an_empty_state(name: str) -> None:
    full, empty = (draw().axes[0] for draw in DRAWN[name])
    for axes in (full, empty):
        assert axes.get_title(loc="left").strip() and axes.get_xlabel() and axes.get_ylabel()
    assert full.get_xlabel() == empty.get_xlabel() and not empty.patches and not empty.lines
    assert any(text.get_text().endswith(".") for text in empty.texts)


def test_posts_outside_the_days_are_not_shown() -> None:
    february = Period(date(2024, 2, 1), date(2024, 2, 29))
    assert bars(figures.posts_by_comments(POSTS, february, [])) == {"p2 (2024-02-01)": 9, "p3 (2024-02-01)": 9}
    points = [line.get_ydata().tolist() for line in figures.posts_by_date(POSTS, february).axes[0].lines]
    assert points == [[9], [9]]


def test_a_post_that_was_summarised_goes_by_its_title() -> None:
    shown_bars = bars(figures.posts_by_comments(POSTS, PERIOD, [row("p3")], n=2))
    assert shown_bars == {"p2 (2024-02-01)": 9, "Title of p3 (2024-02-01)": 9}


def test_requests_are_in_order_and_tell_their_post_where_there_are_several() -> None:
    assert list(bars(figures.requests([row("p1")])).items()) == [("maps", 7), ("ships", 2)]
    of_two = bars(figures.requests([row("p1"), row("p2", requests=[{"request": "tea", "n_comments": 4}])]))
    assert list(of_two.items()) == [("maps · Title of p1", 7), ("tea · Title of p2", 4), ("ships · Title of p1", 2)]


def test_no_request_and_requests_that_nobody_read_are_two_things() -> None:
    said = [figures.requests([each]).axes[0].texts[0].get_text() for each in (row("p1", requests=[]), row("p1", "extractive"))]
    assert said == [figures.NO_REQUEST, figures.NOT_READ]


def test_the_method_has_a_colour_and_a_hatch_of_its_own() -> None:
    axes = figures.summarised([row("p1"), row("p2", "extractive"), row("p3")]).axes[0]
    first, second, third = (patch.get_facecolor() for patch in axes.patches)
    assert [bool(patch.get_hatch()) for patch in axes.patches] == [False, True, False]
    assert first == third != second


def test_the_default_post_has_most_comments_in_the_days_and_a_named_one_may_be_older() -> None:
    assert shown.chosen_post(POSTS, "", PERIOD) == "p2"
    assert shown.chosen_post(POSTS, "", Period(date(2024, 1, 1), date(2024, 1, 31))) == "p1"
    assert shown.chosen_post(POSTS, "p1", Period(date(2024, 2, 1), date(2024, 2, 1))) == "p1"
    assert shown.chosen_post(POSTS[:0], "", shown_period(POSTS[:0], None, None)) == ""
    with pytest.raises(SettingsError, match="`p7`; expected the id of a post"):
        shown.chosen_post(POSTS, "p7", PERIOD)


def test_a_stored_summary_wins_and_without_one_key_comments_are_found_on_the_spot() -> None:
    stored = [row("p1"), row("p2", language="de")]
    assert shown.summary_of("p1", stored, COMMENTS, "en") == stored[0]
    found = shown.summary_of("p2", stored, COMMENTS, "en")
    assert found is not None and found["method"] == "extractive" and "more music" in found["summary"]
    lines = dict(shown.in_lines(found).values.tolist())
    assert lines["method"] == f"extractive: key comments, quoted ({shown.ON_THE_SPOT})"
    assert lines["post"] == "p2" and "made" not in lines
    assert shown.summary_of("", [], COMMENTS[:0], "en") is None


def test_a_summary_says_what_it_does_not_know_yet() -> None:
    (thread,) = threads_of(COMMENTS.assign(post_id="p1", title="Title of p1"))
    stored = row("p1") | {"content_hash": thread.content_hash, "n_comments": thread.n_comments}
    more = pd.concat([COMMENTS, COMMENTS.tail(1).assign(comment_id="new", body="and one more")])
    assert shown.since(stored, COMMENTS) == "" == shown.since(None, COMMENTS)
    assert shown.since(stored, more) == "1 comment more"
    assert shown.since(stored, COMMENTS[:0]) == f"{thread.n_comments} comments fewer"
    assert shown.since(stored, COMMENTS.assign(body="all of them are other words")) == "comments were changed"
    assert dict(shown.in_lines(stored, "1 comment more").values.tolist())["since then"] == "1 comment more"


def test_a_summary_is_read_line_by_line_with_its_method() -> None:
    lines = shown.in_lines(row("p1")).values.tolist()
    assert lines[:4] == [
        ["post", "Title of p1 (p1)"], ["method", "language model m"], ["comments read", "9"], ["made", "2024-02-02"],
    ]  # fmt: skip
    assert [value for what, value in lines if what == "summary"] == ["One.", "Two."]
    assert shown.in_lines(None).values.tolist() == [["summary", shown.NOTHING]]
    said = shown.said([row("p1"), row("p2", "extractive")])
    assert list(said["requests"]) == ["ships (2); maps (7)", ""] and list(said["cost (USD)"]) == ["0.2500", "0.2500"]
