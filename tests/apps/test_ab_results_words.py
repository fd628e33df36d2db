"""What the web app says in words, in HTML, and of an address: from verdicts that are judged as in gold."""

from __future__ import annotations

import re
from typing import Any

import pytest

from apps.ab_results import markup, words
from apps.ab_results.selection import Selection, selected
from systems.ab_testing import config
from systems.ab_testing.verdict_figures import in_words
from systems.ab_testing.verdicts import judge_family
from tests.apps.experiments_gold import World, variant_rows

DANGER = "<script>alert(1)</script> | *bold* [x](y) 'q' \"d\" & `c`"


def judged(name: str, **others: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """The row of one experiment, beside whatever else is tested in the period."""
    rows = judge_family(variant_rows(World(others), "whole", "later_purchase")).to_dict("records")
    return next(row for row in rows if row["experiment"] == name)


def said(row: dict[str, Any]) -> str:
    return words.summary(row).replace(words.GAP, " ")


def test_a_winner_is_named_with_both_rates_and_how_sure_that_is() -> None:
    row = judged("a", a={"A": (4100, 402), "B": (4050, 490)})
    assert said(row).startswith(
        "Variant B won. 12.1 % of variant B's users bought, 9.8 % of the control's (variant A). "
        "We are more than 99 % sure that it is the best."
    )


def test_a_control_that_won_is_compared_with_the_next_best() -> None:
    row = judged("a", a={"DEFAULT": (4000, 480), "1": (4000, 300), "2": (4000, 360)})
    assert "12.0 % of variant DEFAULT's, the control's, users bought, 9.0 % of variant 2's, the next best." in said(row)


def test_a_difference_that_many_tests_explain_is_not_called_a_winner() -> None:
    even = {f"e{n}": {"1": (1000, 100), "2": (1000, 100 + n % 3)} for n in range(20)}
    row = judged("a", a={"A": (1000, 100), "B": (1000, 131)}, **even)
    assert row["p_value"] < 0.05 < row["adjusted_p_value"]
    assert "No winner: the difference may be chance." in said(row)
    assert "Looked at alone, it would be the best with 98 % probability. But many experiments are tested at once" in said(row)


def test_an_open_race_says_how_sure_one_would_have_to_be() -> None:
    assert "We are 77 % sure that it is the best; 95 % is asked for." in said(judged("a", a={"A": (1000, 100), "B": (1000, 110)}))


def test_equal_rates_have_no_leader() -> None:
    row = judged("a", a={"A": (1000, 100), "B": (1000, 100)})
    assert said(row).startswith("No winner: the difference may be chance. The variants share the highest rate")


def test_few_users_and_one_variant_have_words_of_their_own() -> None:
    few = judged("a", a={"A": (90, 3), "B": (95, 4)})
    assert "The smallest variant has 90 users, and 7 users bought in all; at least 100 users" in said(few)
    single = judged("a", a={"DEFAULT": (2000, 220)})
    assert "All 2,000 users saw variant DEFAULT; 11.0 % of them bought." in said(single)


def test_a_variant_that_only_contaminated_users_met_is_not_the_smallest() -> None:
    few = judged("a", a={"A": (90, 3), "B": (95, 4), "C": (0, 0)})
    assert "The smallest variant has 90 users" in said(few)
    uneven = judged("a", a={"1": (1000, 100), "2": (1400, 150), "3": (0, 0)})
    assert "1,000 in variant 1 and 1,400 in variant 2 (p" in said(uneven)


def test_where_nobody_said_how_users_are_dealt_equal_shares_are_said_to_be_assumed() -> None:
    stray = judged("a", a={"1": (2705, 270), "2": (2643, 260), "DEFAULT": (5, 1)})
    assert said(stray).startswith(
        "Do not trust this comparison: the split is not even. Users were not dealt to the variants in equal shares, which are "
        "assumed because none are configured: 2,705 in variant 1, 2,643 in variant 2 and 5 in variant DEFAULT (p < 0.001). "
        "Variant DEFAULT stands out. Unless users are meant to be dealt like this"
    )
    assert "in equal shares, which are assumed because none are configured; variant DEFAULT stands out" in in_words(stray)


def test_a_split_that_is_not_the_configured_one_is_called_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(config.SHARES, "a", {"1": 0.9, "2": 0.1})
    broken = judged("a", a={"1": (1000, 100), "2": (1400, 150)})
    assert "the split is broken. Users were not dealt to the variants as meant: 1,000 in variant 1 and 1,400" in said(broken)
    assert "Variant 2 stands out." in said(broken) and "not dealt to the variants as meant; variant 2" in in_words(broken)


def test_those_who_met_several_variants_are_said_to_be_left_out() -> None:
    assert said(judged("a", a={"A": (1000, 100), "B": (1000, 100)})).endswith("3 users met several variants and are left out.")


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0.0 %"), (0.00001, "< 0.1 %"), (0.1214, "12.1 %"), (0.99999, "> 99.9 %"), (1.0, "100.0 %"), (None, "–")],
)
def test_a_share_is_never_rounded_to_none_or_all(share: float | None, shown: str) -> None:
    assert words.percent(share).replace(words.GAP, " ") == shown


@pytest.mark.parametrize(("p", "shown"), [(None, "–"), (0.0000001, "< 0.001"), (0.0124, "0.012"), (0.9999, "1"), (0.5, "0.500")])
def test_p_values_have_three_digits_and_no_false_zero(p: float | None, shown: str) -> None:
    assert words.p_value(p).replace(words.GAP, " ") == shown


def test_differences_are_points_with_a_sign_unless_they_are_none() -> None:
    shown = [words.points(each).replace(words.GAP, " ") for each in (0.0234, -0.0234, 0.0001, None)]
    assert shown == ["+2.3 points", "−2.3 points", "0.0 points", "–"]
    stands = [words.above(each).replace(words.GAP, " ") for each in (0.02, -0.02, 0.0)]
    assert stands == ["2.0 points above", "2.0 points below", "as high as"]


def test_periods_are_said_as_people_do() -> None:
    assert [words.period(day) for day in ("whole", "2021-08-01", "2021-08-01 23")] == [
        "all days", "2021-08-01", "2021-08-01, 23:00 to 24:00"]  # fmt: skip


def test_every_text_is_escaped_in_html() -> None:
    row = [markup.Link(DANGER, f'?experiment="{DANGER}"'), DANGER]
    pieces = [
        markup.paragraph(DANGER, DANGER), markup.heading(DANGER), markup.notice(DANGER, DANGER),
        markup.verdict(DANGER, DANGER, [DANGER]), markup.facts([(DANGER, DANGER)]),
        markup.table(DANGER, (DANGER, "n"), [row], ("n",)),
    ]  # fmt: skip
    for piece in pieces:
        assert "<script" not in piece and DANGER not in piece and "&lt;script&gt;" in piece
        attributes = re.findall(r'\s[a-z-]+="([^"]*)"', piece)
        assert not [each for each in attributes if "<" in each]


def test_a_table_names_its_columns_and_rows_for_screen_readers() -> None:
    html = markup.table("Counts", ("Variant", "Users"), [["A", "1,000"]], ("Users",))
    assert "<caption>Counts</caption>" in html
    assert '<th scope="col" role="columnheader" class="number">Users</th>' in html
    assert '<th scope="row" role="rowheader">A</th><td role="cell" data-column="Users" class="number">1,000</td>' in html


EXPERIMENTS, PERIODS = [DANGER, "a", "b/c"], ["whole", "2021-08-01"]


def first() -> str:
    return "a"


def test_an_address_that_says_nothing_shows_the_first() -> None:
    assert selected({}, EXPERIMENTS, PERIODS, first) == (Selection("result", "a", "whole", "later_purchase"), [])


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_address_leads_back_to_the_selection_that_it_was_made_of(name: str) -> None:
    from urllib.parse import parse_qsl

    there = Selection("funnel", name, "2021-08-01", "same_item")
    assert selected(dict(parse_qsl(there.url().removeprefix("?"))), EXPERIMENTS, PERIODS, first) == (there, [])
    assert there.url(page="days").startswith("?page=days&experiment=")


def test_what_does_not_exist_is_said_and_replaced() -> None:
    asked = {"page": "x", "experiment": "b|c", "day": "2020-01-01", "attribution": "any"}
    found, notices = selected(asked, EXPERIMENTS, PERIODS, first)
    assert found == Selection("result", "b/c", "whole", "later_purchase")
    assert notices == [
        "There is no page “x”; this shows “Result”.", "There is no day “2020-01-01”; this shows “all days”.",
        "There is no attribution “any”; this shows “Any later purchase”.",
    ]  # fmt: skip
