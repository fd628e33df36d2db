"""Who won: each verdict, the careless versions, and how often verdicts are wrong where the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from systems.ab_testing import config, verdicts
from systems.ab_testing.verdicts import MISMATCH, NO_EVIDENCE, SINGLE, TOO_LITTLE, WINNER, judge


def counts(**experiments: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Rows from experiment -> variant -> (participants, buyers)."""
    rows = [(name, variant, n, b) for name, variants in experiments.items() for variant, (n, b) in variants.items()]
    return pd.DataFrame(rows, columns=["experiment", "variant", "n_participants", "n_buyers"])


def judged(**variants: tuple[int, int]) -> dict[str, object]:
    """The verdict on one experiment, whose variants are v1, v2 ... or DEFAULT."""
    named = {name.removeprefix("v"): each for name, each in variants.items()}
    return judge(counts(one=named)).to_dict("records")[0]


@pytest.mark.parametrize(("variants", "verdict", "winner"), [
    ({"v1": (1000, 100), "v2": (1000, 160)}, WINNER, "2"),
    ({"v1": (1000, 100), "v2": (1000, 104)}, NO_EVIDENCE, None),
    ({"v1": (1000, 100), "v2": (1000, 100)}, NO_EVIDENCE, None),
    ({"v1": (90, 5), "v2": (90, 60)}, TOO_LITTLE, None),
    ({"v1": (1000, 1), "v2": (1000, 8)}, TOO_LITTLE, None),
    ({"v1": (1000, 0), "v2": (1000, 0)}, TOO_LITTLE, None),
    ({"v1": (1000, 100)}, SINGLE, None),
    ({"v1": (1000, 100), "v2": (0, 0)}, SINGLE, None),
    ({"v1": (0, 0)}, SINGLE, None),
    ({"v1": (1000, 100), "v2": (1200, 300)}, MISMATCH, None),
])  # fmt: skip
def test_every_verdict_has_its_case(variants: dict[str, tuple[int, int]], verdict: str, winner: str | None) -> None:
    found = judged(**variants)
    assert (found["verdict"], found["winner"]) == (verdict, winner)


def test_the_rate_decides_and_not_the_count() -> None:
    found = judge(counts(one={"1": (2000, 200), "2": (1000, 170)})).iloc[0]
    assert found["leader"] == "2"


def test_a_tie_of_fractions_has_no_leader() -> None:
    assert judged(v1=(300, 30), v2=(100, 10))["leader"] is None


def test_two_of_three_variants_that_are_alike_give_no_winner() -> None:
    found = judged(v1=(2000, 300), v2=(2000, 303), v3=(2000, 150))
    assert found["p_value"] < 1e-9 and (found["verdict"], found["leader"]) == (NO_EVIDENCE, "2")


def test_variants_are_text_and_default_is_the_control() -> None:
    found = judged(v7=(1000, 100), vDEFAULT=(1000, 160))
    assert (found["winner"], found["control"]) == ("DEFAULT", "DEFAULT")
    by_variant = {each["variant"]: each for each in found["variants"]}
    assert by_variant["DEFAULT"]["difference"] is None
    assert by_variant["7"]["difference"] == pytest.approx(-0.06, abs=1e-12)
    assert by_variant["7"]["difference_low"] < -0.06 < by_variant["7"]["difference_high"] < 0


def test_without_default_the_configured_variant_is_the_control_else_the_smallest_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(v10=(500, 50), v9=(500, 50))["control"] == "9"
    monkeypatch.setitem(config.CONTROLS, "one", "10")
    assert judged(v10=(500, 50), v9=(500, 50))["control"] == "10"


def test_a_split_that_is_meant_to_be_uneven_is_no_mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(v1=(9000, 900), v2=(1000, 160))["verdict"] == MISMATCH
    monkeypatch.setitem(config.SHARES, "one", {"1": 0.9, "2": 0.1})
    assert judged(v1=(9000, 900), v2=(1000, 160))["verdict"] == WINNER


def test_the_order_of_rows_changes_nothing() -> None:
    rows = counts(one={"1": (1000, 100), "2": (1000, 160), "3": (1000, 90)}, two={"a": (500, 50), "b": (500, 60)})
    pd.testing.assert_frame_equal(judge(rows.sample(frac=1, random_state=4)), judge(rows))


def test_p_values_are_adjusted_over_all_experiments_of_the_period() -> None:
    alone = judge(counts(one={"1": (1000, 100), "2": (1000, 132)})).iloc[0]
    others = {f"other{n}": {"1": (1000, 100), "2": (1000, 100 + n % 3)} for n in range(20)}
    among = judge(counts(one={"1": (1000, 100), "2": (1000, 132)}, **others)).set_index("experiment").loc["one"]
    assert (alone["verdict"], among["verdict"]) == (WINNER, NO_EVIDENCE)
    assert among["p_value"] == alone["p_value"] and among["adjusted_p_value"] > alone["adjusted_p_value"]


def simulated(rates: tuple[float, ...], participants: int, experiments: int, rng: np.random.Generator) -> pd.DataFrame:
    buyers = rng.binomial(participants, rates, size=(experiments, len(rates)))
    return counts(**{
        f"e{number}": {str(place): (participants, int(b)) for place, b in enumerate(row)} for number, row in enumerate(buyers)
    })  # fmt: skip


def test_where_nothing_has_an_effect_at_most_one_family_in_twenty_names_a_winner() -> None:
    """400 families of 20 experiments without any effect. False by chance of this test: below 1 in 1,000 at a true 5 %."""
    rng = np.random.default_rng(20)
    families = 400
    false = sum((judge(simulated((0.1, 0.1), 400, 20, rng))["verdict"] == WINNER).any() for _ in range(families))
    assert false <= stats.binom.ppf(0.999, families, 0.05)


def test_a_planted_effect_is_found_as_often_as_theory_says() -> None:
    rng, n, rates = np.random.default_rng(21), 1000, (0.10, 0.15)
    pooled = sum(rates) / 2
    spread = np.sqrt(sum(rate * (1 - rate) for rate in rates) / n)
    threshold = stats.norm.ppf(1 - config.SIGNIFICANT / 2) * np.sqrt(2 * pooled * (1 - pooled) / n)
    power = stats.norm.sf((threshold - (rates[1] - rates[0])) / spread)
    runs = [judge(simulated(rates, n, 1, rng)).iloc[0] for _ in range(600)]
    found = np.mean([row["winner"] == "1" for row in runs])
    assert found == pytest.approx(power, abs=4 * np.sqrt(power * (1 - power) / len(runs)))


def test_no_interval_leaves_out_the_difference_beside_it() -> None:
    one, other = judged(v1=(200, 0), v2=(3, 3))["variants"]  # type: ignore[misc]  # a list of two
    assert (one["difference"], other["difference"]) == (None, 1.0)
    assert other["difference_low"] < 0.5 and other["difference_high"] == 1.0


def test_ids_of_thousands_of_digits_are_text_and_stop_nothing() -> None:
    endless = "9" * 4301
    assert [each["variant"] for each in judged(**{"v10": (500, 50), "v9": (500, 51), f"v{endless}": (500, 52)})["variants"]] == [  # type: ignore[attr-defined]  # a list
        "9", "10", endless]  # fmt: skip


def test_all_verdicts_are_known_to_the_table() -> None:
    assert set(verdicts.VERDICTS) == {WINNER, NO_EVIDENCE, TOO_LITTLE, SINGLE, MISMATCH}
