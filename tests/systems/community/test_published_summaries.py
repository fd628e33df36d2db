"""The summaries' notebook in a real kernel over Delta tables: without a key, with an endpoint on loopback, and once more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from engine.changes import head_of
from systems.community.gold.comment_summaries import COMMENT_SUMMARIES
from systems.community.silver import COMMENTS, POSTS_ENGLISH
from tests.systems.community.chat_server import KEY, ChatServer, Messages, chat_server, counting
from tests.systems.deployment import Deployment, deployed
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.notebook.results import NotebookResult, NotebookTask
from tideline.workspace.server import ServerAddress

pytestmark = pytest.mark.long

SECRET = "TIDELINE_SECRET_TIDELINE_LLM_API_KEY"
MARKED = "feedc0ffee00000000000001"
BODIES = {"p1": ["please add maps", "please add maps again", f"please add ships, says {MARKED}"], "p2": ["hello there"]}
TABLE = (
    "SELECT post_id, language, title, n_comments, method, summary, sentiment, requests, cost_usd > 0, tokens_in > 0, "
    "string(summarised_at) FROM {gold.comment_summaries} ORDER BY ALL"
)
MADE = (True, True, "2024-02-01")
DASHBOARD = "dashboards/community_post_comments_summary.py"
NOTEBOOK = "ml/community_comment_summaries.py"


@pytest.fixture(scope="module")
def deployment(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Silver with two posts, one of them with three comments, and a comment below a post that nobody has."""
    with deployed(spark, tmp_path_factory.mktemp("volumes"), "community", "exports") as deployment:
        rows = [
            f"('c{post}{n}', '{post}', '{MARKED}', '{body}', 1, timestamp'2024-01-0{n + 1}', null, 'post', "
            f"timestamp'2024-01-01', 'BR', 'patron', {post != 'p9'}, true)"
            for post, bodies in [*BODIES.items(), ("p9", ["lost"])] for n, body in enumerate(bodies)
        ]  # fmt: skip
        titles = [f"('{post}', {n}, 'poll', 'published', false, null, null, 'en', true, 'Title {post}', '', 'x')"
                  for post in BODIES for n in range(2)]  # fmt: skip
        for table, given in ((COMMENTS, rows), (POSTS_ENGLISH, titles)):
            typed = ", ".join(f"CAST(c{n} AS {column.type}) AS {column.name}" for n, column in enumerate(table.columns))
            names = ", ".join(f"c{n}" for n in range(len(table.columns)))
            name = deployment.settings.name_of(table.path)
            query = f"SELECT {typed} FROM VALUES {', '.join(given)} AS given({names})"
            spark.sql(f"CREATE TABLE {name} USING DELTA AS {query}").collect()
        yield deployment


@pytest.fixture(scope="module")
def pool(spark_server: ServerAddress, tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[KernelPool]:
    with KernelPool(spark_server, Layout(tmp_path_factory.mktemp("home")), repository, size=1) as pool:
        yield pool


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, KEY)


def run(deployment: Deployment, pool: KernelPool, repository: Path, name: str = NOTEBOOK, **parameters: str) -> NotebookResult:
    given = {"catalog": "spark_catalog", "schema_prefix": deployment.settings.schema_prefix, **parameters}
    task = NotebookTask(path=repository / "notebooks" / name, root=repository, parameters=given, timeout_seconds=180)
    return pool.run(task, on_event=lambda event: None, cancel=None)


def asked(server: ChatServer) -> dict[str, str]:
    return {"base_url": server.url, "model": "m", "input_price": "1", "output_price": "2", "as_of": "2024-02-01"}


def version(deployment: Deployment) -> int:
    head = head_of(deployment.spark, deployment.settings.name_of("gold.comment_summaries"))
    assert head is not None
    return head.version


def output_of(result: NotebookResult) -> str:
    return str([cell.outputs for cell in result.cells])


def test_without_a_key_comments_are_quoted_and_labelled(deployment: Deployment, pool: KernelPool, repository: Path) -> None:
    assert SECRET not in os.environ
    result = run(deployment, pool, repository, as_of="2024-01-31")
    assert result.state == "SUCCESS", result.error
    assert "extractive: key comments, quoted (no key)" in output_of(result)
    rows = deployment.sql(TABLE)
    assert [row[:5] for row in rows] == [("p1", "en", "Title p1", 3, "extractive"), ("p2", "en", "Title p2", 1, "extractive")]
    assert rows[1][5:] == ("“hello there”", "unknown", [], False, False, "2024-01-31")


def test_a_model_s_answers_replace_quotations_and_a_second_run_makes_no_call_and_no_commit(
    deployment: Deployment, pool: KernelPool, repository: Path, key: None
) -> None:
    with chat_server() as server:
        result = run(deployment, pool, repository, **asked(server))
        assert result.state == "SUCCESS", result.error
        rows, at, n_calls = deployment.sql(TABLE), version(deployment), len(server.calls)
        again = run(deployment, pool, repository, **asked(server))
        assert again.state == "SUCCESS", again.error
        assert (len(server.calls), version(deployment), deployment.sql(TABLE)) == (n_calls, at, rows) and n_calls == 2
    assert rows == [
        ("p1", "en", "Title p1", 3, "model", "3 comments were read", "mixed", [("maps", 2), ("ships", 1)], *MADE),
        ("p2", "en", "Title p2", 1, "model", "1 comments were read", "mixed", [], *MADE),
    ]
    assert "maps (2); ships (1)" in output_of(result) and "language model m" in output_of(result)
    assert KEY not in output_of(result)


def test_no_marked_id_of_a_user_stands_in_a_prompt_an_output_or_the_table(
    deployment: Deployment, pool: KernelPool, repository: Path, key: None
) -> None:
    with chat_server() as server:
        result = run(deployment, pool, repository, **asked(server), language="de")
        dashboard = run(deployment, pool, repository, DASHBOARD, post_id="p1", language="fr")
        assert (result.state, dashboard.state) == ("SUCCESS", "SUCCESS"), (result.error, dashboard.error)
        assert "extractive" in output_of(dashboard) and "please add ships, says [id]" in output_of(dashboard)
        assert len(server.calls) == 2 and "[id]" in str([call.body for call in server.calls])
        everything = [output_of(result), output_of(dashboard), [call.body for call in server.calls]]
    everything.append(deployment.sql("SELECT to_json(struct(*)) FROM {gold.comment_summaries}"))
    assert MARKED not in str(everything)


def test_what_another_run_publishes_meanwhile_stays(
    deployment: Deployment, pool: KernelPool, repository: Path, key: None
) -> None:
    """The calls take minutes in which the table goes on: somebody summarises another language."""
    names = COMMENT_SUMMARIES.column_names
    values = ", ".join("'ko'" if name == "language" else name for name in names)
    rows = f"SELECT {values} FROM {{gold.comment_summaries}} WHERE language = 'en'"
    meanwhile = [f"INSERT INTO {{gold.comment_summaries}} ({', '.join(names)}) {rows}"]
    lock = Lock()

    def model(messages: Messages) -> str:
        with lock:
            while meanwhile:
                deployment.sql(meanwhile.pop())
        return counting(messages)

    with chat_server(model) as server:
        result = run(deployment, pool, repository, **asked(server), language="it")
    assert result.state == "SUCCESS", result.error
    counts = dict(deployment.sql("SELECT language, count(*) FROM {gold.comment_summaries} GROUP BY language"))
    assert (counts["ko"], counts["it"]) == (2, 2)


def test_a_wrong_key_is_one_sentence_and_the_table_stays(
    deployment: Deployment, pool: KernelPool, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "another-key-of-the-tests")
    before = deployment.sql(TABLE)
    with chat_server() as server:
        result = run(deployment, pool, repository, **asked(server), language="ja")
    assert result.state == "FAILED" and result.error is not None
    assert "status 401" in result.error.message and "llm_api_key" in result.error.message
    assert "another-key-of-the-tests" not in output_of(result) + str(result.error)
    assert deployment.sql(TABLE) == before


@pytest.mark.parametrize(
    ("widgets", "said"),
    [
        ({"budget_usd": "0"}, "widget `budget_usd`"),
        ({"input_price": ""}, "widget `input_price`: no price of `m`"),
        ({"post_id": "p7"}, "the id of a post that has comments"),
    ],
)
def test_what_cannot_be_meant_is_said_before_any_call(
    deployment: Deployment, pool: KernelPool, repository: Path, key: None, widgets: dict[str, str], said: str
) -> None:
    with chat_server() as server:
        result = run(deployment, pool, repository, **{**asked(server), "language": "tr", **widgets})
        assert result.state == "FAILED" and result.error is not None and said in result.error.message
        assert server.calls == []
