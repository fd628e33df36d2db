"""The recommender that is served: trained, saved, read back, validated, asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from systems.payments import figures
from systems.payments.gold import recommendations
from systems.payments.judging import TOP, top
from systems.payments.models import MODELS, Embeddings, matrix_of
from systems.payments.questions import recommend_companies
from systems.payments.recommender import Recommender
from systems.payments.taste import Taste
from systems.payments.training import KNOWN, SERVED, Trained, train
from systems.payments.validation import refuse_unless_valid, validate
from tests.systems.payments.tastes import CLOSED, SECRET, tables, taste_of
from tideline.samples.payments.known_answer import best_companies
from tideline.samples.payments.world import World
from utils.errors import CheckFailed, SettingsError
from utils.pseudonyms import pseudonym_of

PAYMENTS = 180_000


@pytest.fixture(scope="module")
def world() -> World:
    return World.of(7, companies=2_000, clients=15_000)


@pytest.fixture(scope="module")
def trained(world: World) -> Trained:
    taste, popular = taste_of(world, PAYMENTS)
    return train(taste, popular, known_answer_of(world), say=lambda _: None)


@pytest.fixture(scope="module")
def served(trained: Trained, tmp_path_factory) -> Recommender:
    folder = tmp_path_factory.mktemp("served")
    trained.recommender.save(folder, trained.facts())
    found, facts = Recommender.load(folder)
    assert facts["judgements"][SERVED]["recall"] == trained.judgements[SERVED].recall
    return found


def known_answer_of(world: World) -> pd.DataFrame:
    rows = best_companies(world, 60)
    return rows.assign(client=[pseudonym_of(SECRET, each) for each in rows["external_client_id"]])


def test_the_winner_finds_twice_what_popularity_finds_and_the_index_loses_next_to_nothing(trained: Trained) -> None:
    recall = {name: each.recall for name, each in trained.judgements.items()}
    print(f"\n{recall}")
    assert trained.winner == max(MODELS, key=lambda name: recall[name])
    assert recall[SERVED] >= 2 * recall["popularity"]
    assert recall[SERVED] >= 0.95 * recall[trained.winner]
    assert recall[trained.winner] < recall[KNOWN]


def test_figures_show_what_was_judged(trained: Trained) -> None:
    judged = trained.table()
    bars = figures.rankings(judged, trained.winner).axes[0].patches
    assert sorted((bar.get_width() for bar in bars), reverse=True) == sorted(judged["recall"], reverse=True)
    drawn = figures.rankings(judged, trained.winner).axes[0]
    said = " ".join(text.get_text() for text in drawn.texts)
    best, known = trained.judgements[trained.winner].recall, trained.judgements[KNOWN].recall
    assert f"{best / known:.0%} of what is possible" in said
    points = figures.coverage(judged).axes[0].collections
    assert {round(float(p.get_offsets()[0][0]), 6) for p in points} == {round(trained.judgements[m].coverage, 6) for m in MODELS}
    ranked = trained.recommender.recommend(np.arange(300), 10)
    curve = figures.how_often_named(ranked, len(trained.recommender.companies)).axes[0].lines[0].get_ydata()
    assert (curve - 1).sum() == (ranked.companies >= 0).sum()


def test_what_was_saved_answers_as_before(trained: Trained, served: Recommender) -> None:
    rows = np.arange(0, len(served.clients), 7)
    before, after = trained.recommender.recommend(rows, 20), served.recommend(rows, 20)
    assert (before.companies == after.companies).all()
    assert (before.because == after.because).all()
    widths = [each.index.graph.expansion_search for each in (trained.recommender, served)]
    assert widths[0] == widths[1], "the file forgets how widely the graph is searched"


def test_every_winner_can_be_served(trained: Trained, tmp_path) -> None:
    made = trained.recommender
    for name, kind in MODELS.items():
        model = made.embeddings if name == "embeddings" else kind.fit(made.paid)
        replace(made, model=model).save(tmp_path / name, {})
        found, facts = Recommender.load(tmp_path / name)
        assert facts["model"] == found.model.name == name
        here, there = (each.recommend(np.arange(50), 5) for each in (replace(made, model=model), found))
        assert (here.companies == there.companies).all()


def test_the_table_is_what_the_api_answers(world: World, served: Recommender) -> None:
    table = recommendations(served)
    assert not table.duplicated(["client", "rank"]).any()
    for client in range(0, world.n_clients, 1371):
        answer = recommend_companies(served, SECRET, world.client_id(client), 20)
        mine = table[table["client"] == pseudonym_of(SECRET, world.client_id(client))].sort_values("rank")
        if answer.fallback:
            assert mine.empty
            continue
        found = [(c.company_id, c.company_code, c.company_name, c.reason) for c in answer.recommended_companies]
        expected = mine[["company_id", "company_code", "company_name", "reason"]].itertuples(index=False, name=None)
        assert found == list(expected)
        assert np.allclose([c.score for c in answer.recommended_companies], mine["score"])


def test_no_company_that_is_paid_or_closed_is_named_and_rank_follows_the_model(world: World, served: Recommender) -> None:
    paid, _, _ = tables(world, PAYMENTS)
    pairs = set(zip(paid["client"], paid["company_id"], strict=True))
    table = recommendations(served)
    closed = set(world.company_id[CLOSED - 1 :: CLOSED])
    assert not closed & set(table["company_id"])
    assert not pairs & set(zip(table["client"], table["company_id"], strict=True))
    assert (table.groupby("client")["score"].diff().dropna() <= 0).all()
    assert table.groupby("client")["rank"].max().median() == 20


def test_a_reason_names_a_company_that_the_client_pays(world: World, served: Recommender) -> None:
    paid, companies, _ = tables(world, PAYMENTS)
    names = companies.set_index("company_id")["company_name"]
    mine = paid.assign(name=paid["company_id"].map(names)).groupby("client")["name"].agg(set)
    table = recommendations(served)
    reasoned = table[table["reason"] != "Many clients pay it."]
    assert len(reasoned) > 0.5 * len(table)
    for client, reason in zip(reasoned["client"][::97], reasoned["reason"][::97], strict=True):
        assert reason.removeprefix("Clients who pay ").removesuffix(" pay it, too.") in mine[client]


def test_an_unknown_client_gets_popular_companies(served: Recommender) -> None:
    answer = recommend_companies(served, SECRET, "0" * 64, 5)
    assert answer.fallback == "popular"
    ids = served.companies["company_id"].to_numpy()
    assert [c.company_id for c in answer.recommended_companies] == ids[served.popular[:5]].tolist()
    n_clients = served.companies["n_clients"].to_numpy()[served.popular]
    assert (np.diff(n_clients) <= 0).all()


def test_a_good_candidate_passes_every_check(trained: Trained, served: Recommender) -> None:
    findings = validate(served, trained.facts(), trained.facts())
    assert [each.check for each in findings if not each.holds] == []
    assert len(findings) == 9


def damaged(found: Recommender, what: str) -> Recommender:
    """A recommender with one thing wrong."""
    if what == "vectors of other companies":
        vectors = np.roll(found.embeddings.vectors, 17, axis=0)
        return replace(found, embeddings=replace(found.embeddings, vectors=vectors))
    if what == "a half-empty index":
        taste = Taste(found.clients, found.companies, found.paid, np.array([]))
        few = Recommender.fit(taste, found.model, found.embeddings, found.popular)
        few.index.graph.remove(np.flatnonzero(found.is_open)[::2].astype(np.uint64))
        return replace(found, index=few.index)
    assert what == "all companies closed"
    return replace(found, is_open=np.zeros_like(found.is_open))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("vectors of other companies", "recall of the index"),
        ("a half-empty index", "companies in the index"),
        ("all companies closed", "known clients without a recommendation"),
    ],
)
def test_a_damaged_candidate_is_refused_by_name(trained: Trained, served: Recommender, what: str, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        refuse_unless_valid(validate(damaged(served, what), trained.facts(), None))


def test_a_candidate_worse_than_popularity_or_half_as_large_is_refused(trained: Trained, served: Recommender) -> None:
    facts = trained.facts()
    worse = {**facts, "judgements": {**facts["judgements"], SERVED: {"recall": 0.0}}}
    with pytest.raises(CheckFailed, match="against popularity's: 0.000"):
        refuse_unless_valid(validate(served, worse, None))
    with pytest.raises(CheckFailed, match="of the one that is served: 2000.000, expected at least 4000"):
        refuse_unless_valid(validate(served, facts, {**facts, "n_companies": 8_000}))


def test_training_again_gives_the_same_recommender(world: World, trained: Trained) -> None:
    taste, popular = taste_of(world, PAYMENTS)
    again = train(taste, popular, say=lambda _: None)
    rows = np.arange(0, len(again.recommender.clients), 11)
    assert (again.recommender.recommend(rows, 10).companies == trained.recommender.recommend(rows, 10).companies).all()


def test_neighbours_share_a_taste_and_not_the_size_of_their_tickets(world: World, served: Recommender) -> None:
    """The ten nearest of every company, as the index names them; the largest companies belong to no taste."""
    asked = np.flatnonzero(world.cluster >= 0)
    near = served.index.near(served.embeddings.vectors[asked], TOP + 1)
    other = near != asked[:, None]
    one = np.repeat(asked, other.sum(axis=1))
    tickets, anybody = np.log10(world.ticket), np.random.default_rng(1).choice(asked, len(one))
    of_neighbours, by_chance = (np.abs(tickets[one] - tickets[beside]).mean() for beside in (near[other], anybody))
    assert (world.cluster[one] == world.cluster[near[other]]).mean() > 0.5, "by chance it would be 0.006"
    assert of_neighbours > 0.95 * by_chance


def test_features_do_not_depend_on_how_dear_companies_are_as_a_whole(world: World) -> None:
    """Amounts lie on a log scale beside the rest."""
    taste, _ = taste_of(world, PAYMENTS)
    features = taste.features()
    assert abs(features[:, 0].std() - 1) < 1e-3
    dearer = replace(taste, companies=taste.companies.assign(mean_log10_amount=taste.companies["mean_log10_amount"] + 2))
    assert np.allclose(features, dearer.features(), atol=1e-4)
    assert set(np.unique(features[:, 3 : 3 + taste.companies["category"].nunique()])) == {0.0, 1.0}


def test_a_company_that_nobody_shares_lies_near_those_with_its_features() -> None:
    companies = pd.DataFrame(
        {
            "company_id": range(60), "company_code": "x", "company_name": "x", "category": ["gas", "gym"] * 30,
            "is_top_biller": False, "is_closed": False, "n_clients": 5, "mean_log10_amount": 4.0, "median_gap_days": 30.0,
        }
    )  # fmt: skip
    draw = np.random.default_rng(3)
    clients = np.repeat(np.arange(400), 4)
    company = (draw.integers(0, 28, 1600) * 2 + clients % 2).clip(max=57)  # 58 and 59 are new; tastes follow the category
    pairs = pd.DataFrame({"client": [f"{c:032d}" for c in clients], "company_id": company, "first_paid_us": range(1600)})
    taste = Taste.of(pairs.drop_duplicates(["client", "company_id"]), companies)
    found = Embeddings.fit(taste.paid, dimensions=4).filled(taste.features())
    near = found.vectors[58:] @ found.vectors[:58].T
    assert near[0, ::2].mean() > near[0, 1::2].mean() + 0.2
    assert near[1, 1::2].mean() > near[1, ::2].mean() + 0.2


def test_too_little_to_learn_from_is_said() -> None:
    world = World.of(7, companies=50, clients=10)
    with pytest.raises(SettingsError, match="clients paid more than one company; expected at least 20"):
        taste_of(world, 30)


def test_the_best_are_the_best_with_ties_to_the_smaller_column() -> None:
    draw = np.random.default_rng(2)
    scores = draw.integers(0, 6, (200, 40)).astype(np.float32)
    paid = matrix_of(draw.integers(0, 200, 900), draw.integers(0, 40, 900), (200, 40))
    for row, found in enumerate(top(scores, paid, TOP)):
        mine = set(paid.indices[paid.indptr[row] : paid.indptr[row + 1]])
        expected = sorted((c for c in range(40) if c not in mine), key=lambda c: (-scores[row, c], c))[:TOP]
        assert found.tolist() == expected
