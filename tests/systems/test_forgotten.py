"""Promise 26, system by system: who is forgotten is in no table and no file, and does not come back, whatever the source is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest

from engine.forgetting.person import forget
from engine.outcomes import Outcome
from engine.publish import opened
from engine.run import Run
from engine.sources.reconcile import reconcile
from tests.engine.forgetting.everywhere import files_with, folders_of
from tests.samples.payments_api import payments_service
from tests.systems.deployment import Deployment, deployed
from tests.systems.funnel.funnel_world import funnel_world
from tideline.samples import funnel, payments, write_day

pytestmark = [pytest.mark.deep, pytest.mark.timeout(1500)]
LAYERS = ("raw", "bronze", "silver", "gold")
KEY = "a secret of the tests"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def forgotten(deployment: Deployment, id_: str) -> dict[str, Outcome]:
    settings = replace(deployment.settings, run_id="a run of forgetting")
    return {each.table: each for each in forget(deployment.spark, deployment.system, settings, id_, 0).all}


def files_of(deployment: Deployment, *ids: str) -> list[str]:
    """Files of tables and the landing folder with an id, or the pseudonym of one."""
    needles = [*ids, *map(deployment.settings.pseudonym, ids)]
    return files_with(needles, *folders_of(deployment.spark, *deployment.schemas), Path(deployment.settings.landing))


def fingerprints(deployment: Deployment) -> dict[str, Any]:
    return {path: found for layer in LAYERS[1:] for path, found in deployment.fingerprint(layer).items()}


def is_as_rebuilt(deployment: Deployment) -> None:
    """Every table is what a rebuild from raw makes of it."""
    before = fingerprints(deployment)
    deployment.run(*LAYERS[1:], rebuild=True)
    assert fingerprints(deployment) == before


def publish(deployment: Deployment, path: str, rows: list[tuple[Any, ...]], **fixed: Any) -> None:
    """A model's results, made up: the first columns are given, the others fixed."""
    names = [column.name for column in deployment.system.table(path).columns]
    given = [name for name in names if name not in fixed]
    frame = pd.DataFrame(rows, columns=given).assign(**{name: [value] * len(rows) for name, value in fixed.items()})
    opened(deployment.spark, deployment.system, path, deployment.settings).publish(frame)


def publish_what_models_say(community: Deployment) -> None:
    comments = community.sql("SELECT comment_id FROM {silver.comments}")
    publish(community, "silver.comment_predictions", comments, sentiment="neutral", sentiment_score=0.9, is_suggestion=True,
            suggestion_score=0.9, model_version="1", language="en")  # fmt: skip
    posts = community.sql("SELECT DISTINCT post_id FROM {silver.comments}")
    publish(community, "gold.comment_summaries", posts, language="en", title="t", n_comments=1, content_hash="h",
            method="extractive", reason="no key", model="m", prompt_version="1", summary="s", keywords=[],
            sentiment="unknown", requests=[], cost_usd=0.0, tokens_in=0, tokens_out=0,
            summarised_at=date(2023, 6, 2))  # fmt: skip
    people = community.sql("SELECT user_pseudonym FROM {gold.support_distribution}")
    publish(community, "gold.supporter_segments", people, segment=1, segment_name="all", distance=0.0, run_id="r")


def test_promise_26_a_user_of_the_community(spark: Any, tmp_path: Path, stack: ExitStack) -> None:
    community = stack.enter_context(deployed(spark, tmp_path, "community", "exports"))
    for day in (1, 2):
        write_day("community", community.landing, day, scale=0.02, seed=5)
    community.run(*LAYERS)
    publish_what_models_say(community)
    (hers,) = community.sql(
        "SELECT c.user_id FROM {silver.comments} c JOIN {silver.votes} v ON c.user_id = v.user_id JOIN {bronze.users} u "
        "ON u.id_oid = c.user_id GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )[0]
    said = {post for (post,) in community.sql(f"SELECT DISTINCT post_id FROM {{silver.comments}} WHERE user_id = '{hers}'")}
    n_comments = community.sql("SELECT count(*) FROM {silver.comments}")[0][0]
    n_hers = community.sql(f"SELECT count(*) FROM {{silver.comments}} WHERE user_id = '{hers}'")[0][0]
    copies = {path.name: path.read_bytes() for path in community.landing.iterdir()}
    assert len(files_of(community, hers)) > 20 and n_hers > 0

    done = forgotten(community, hers)

    assert files_of(community, hers) == []
    assert done["raw.users"].counts.deleted >= 1 and done["raw.posts_comments"].counts.deleted >= n_hers
    assert community.sql("SELECT count(*) FROM {silver.comments}") == [(n_comments - n_hers,)]
    assert done["silver.comment_predictions"].counts.deleted == n_hers
    assert not said & {post for (post,) in community.sql("SELECT post_id FROM {gold.comment_summaries}")}
    assert done["gold.supporter_segments"].counts.deleted == 1

    for name, content in copies.items():  # delivered again under the same names, and a third day
        (community.landing / name).write_bytes(content)
    write_day("community", community.landing, 3, scale=0.02, seed=5)
    community.run(*LAYERS)
    assert files_of(community, hers) == []
    is_as_rebuilt(community)


def test_promise_26_a_user_of_the_experiments(spark: Any, tmp_path: Path, stack: ExitStack) -> None:
    experiments = stack.enter_context(deployed(spark, tmp_path, "ab_testing", "events"))
    write_day("ab_testing", experiments.landing, 1, scale=0.01, seed=5)
    experiments.run(*LAYERS)
    hers, n = experiments.sql("SELECT user_id, count(*) FROM {bronze.events} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1")[0]
    total = experiments.sql("SELECT count(*) FROM {bronze.events}")[0][0]
    done = forgotten(experiments, hers)
    assert done["raw.events"].counts.deleted >= n
    for table in ("raw.events", "bronze.events", "silver.exposures", "silver.purchases", "silver.user_steps"):
        assert experiments.sql(f"SELECT count(*) FROM {{{table}}} WHERE trim(user_id) = '{hers}'") == [(0,)]
    assert experiments.sql("SELECT count(*) FROM {bronze.events}") == [(total - n,)]
    write_day("ab_testing", experiments.landing, 2, scale=0.01, seed=5)
    experiments.run(*LAYERS)
    assert experiments.sql(f"SELECT count(*) FROM {{raw.events}} WHERE trim(user_id) = '{hers}'") == [(0,)]
    is_as_rebuilt(experiments)


def test_promise_26_a_client_of_the_payments(spark: Any, tmp_path: Path, stack: ExitStack) -> None:
    service = stack.enter_context(payments_service())
    deployment = stack.enter_context(deployed(spark, tmp_path, "payments", "none"))
    secrets = {"payments_url": service.served.url, "payments_token": service.served.token, "pseudonym_key": KEY}
    deployment.settings = replace(deployment.settings, secret=secrets.__getitem__, as_of=date(2023, 6, 1))
    with psycopg.connect(service.owner.dsn) as connection:
        payments.write_day(connection, payments.sample(7, 0.02, date(2023, 6, 1)), 1)
    deployment.run(*LAYERS)
    busiest = "SELECT external_client_id FROM {silver.client_company} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    hers = deployment.sql(busiest)[0][0]
    assert len(files_of(deployment, hers)) > 3
    forgotten(deployment, hers)
    assert files_of(deployment, hers) == []
    deployment.run(*LAYERS)  # the source has the client still
    assert files_of(deployment, hers) == []
    assert {each.n_missing for each in reconcile(Run(spark, deployment.settings, deployment.system), days=1)} == {0}
    is_as_rebuilt(deployment)


def test_promise_26_a_user_of_the_funnel(spark: Any, tmp_path: Path, stack: ExitStack) -> None:
    world = stack.enter_context(funnel_world(spark, tmp_path))
    deployment = world.deployment
    secrets = deployment.settings.secret
    deployment.settings = replace(deployment.settings, secret=lambda key: KEY if key == "pseudonym_key" else secrets(key))
    with psycopg.connect(world.owner.dsn) as connection:
        funnel.write_day(connection, funnel.sample(7, 0.02, date(2023, 6, 1)), 1)
    world.run()
    hers = deployment.sql("SELECT user_id FROM {silver.fct_step_visit} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")[0][0]
    forgotten(deployment, str(hers))
    world.run()  # the source has the user still
    tables = [source.path for source in deployment.system.sources]
    tables += [table.path for table in deployment.system.tables if "user_id" in table.column_names]
    assert len(tables) > 20
    counts = " UNION ALL ".join(f"SELECT count(*) AS n FROM {{{table}}} WHERE user_id = {hers}" for table in tables)
    assert deployment.sql(f"SELECT sum(n) FROM ({counts})") == [(0,)]
    assert {each.n_missing for each in reconcile(Run(spark, deployment.settings, deployment.system), days=1)} == {0}
    is_as_rebuilt(deployment)
