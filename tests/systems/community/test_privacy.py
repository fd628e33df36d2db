"""No output of the community holds a user's id: neither pages nor figures, prompts, models, logs or gold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.spec import Published
from tests.systems.community.chat_server import KEY, ChatServer, chat_server
from tests.systems.deployment import Deployment, deployed
from tideline.samples import write_day
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.notebook.results import NotebookResult, NotebookTask
from tideline.workspace.server import ServerAddress

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]
SCALE, SEED = 0.02, 5
# Notebooks in the order of the job: what models publish is there when dashboards are drawn.
MODELS, DASHBOARDS = "notebooks/ml/community_*.py", "notebooks/dashboards/community_*.py"
PROFILED = ("community_bronze.users", "community_bronze.votes", "community_silver.comments", "community_gold.suggestions")
PLANTED = "ffffffffffffffffffff0042"


@dataclass
class Outputs:
    """What was shown, sent and kept, as text per place; and the ids that must not be in it."""

    results: dict[str, NotebookResult]
    server: ChatServer
    deployment: Deployment
    home: Path
    ids: set[str]

    def found_in(self, text: str) -> set[str]:
        runs = re.findall("[0-9a-f]{24,}", text)  # an id may touch a letter that could be its own
        return self.ids & {run[start : start + 24] for run in runs for start in range(len(run) - 23)}


def quoting(landing: Path) -> None:
    """A comment whose author, a marked user, names another user by the id."""
    moment = {"$date": "2023-06-02T05:00:00.000Z"}
    posts = json.loads(min(landing.glob("posts-*.json")).read_text(encoding="utf-8-sig"))
    author, post = {"$oid": PLANTED}, posts[0]["_id"]
    body = f"please add maps, says id{PLANTED}, who would love to see maps"
    comments = [{"_id": {"$oid": f"{n:024x}"}, "user_id": author, "post_id": post, "body": f"{body} {n}", "created_at": moment}
                for n in range(1, 31)]  # fmt: skip
    user = {"_id": author, "created_at": moment, "country": "BR", "language": "en", "patreon_status": {
        "is_patron": True, "campaign_lifetime_support_cents": 9_000_000, "lifetime_support_cents": 9_000_000,
        "currently_entitled_amount_cents": 500}}  # fmt: skip
    choice = {"votes": [{"index": 0, "weight": 400}], "created_at": moment}
    vote = {"_id": {"$oid": f"{99:024x}"}, "user_id": author, "post_id": post, **choice}
    for name, documents in (("users", [user]), ("posts_comments", comments), ("votes", [vote])):
        (landing / f"{name}-2023-06-02_23-00-00.json").write_text(json.dumps(documents))


@pytest.fixture(scope="module")
def outputs(
    spark: Any, spark_server: ServerAddress, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outputs]:
    """The community over two days, every notebook that shows or learns run over it, with a model behind the summaries."""
    layout = Layout(tmp_path_factory.mktemp("home"))
    layout.home.mkdir(parents=True, exist_ok=True)
    layout.secrets.write_text(json.dumps({"tideline": {"llm_api_key": KEY, "pseudonym_key": "a secret of the tests"}}))
    with (
        deployed(spark, tmp_path_factory.mktemp("volumes"), "community", "exports") as deployment,
        chat_server() as server,
        KernelPool(spark_server, layout, repository, size=1) as pool,
    ):
        for day in (1, 2):
            write_day("community", deployment.landing, day, scale=SCALE, seed=SEED)
        quoting(deployment.landing)
        deployment.run("raw", "bronze", "silver", "gold")

        def run(path: Path, **parameters: str) -> NotebookResult:
            given = {"catalog": "spark_catalog", "schema_prefix": deployment.settings.schema_prefix, "as_of": "2023-06-02"}
            if path.parent.name == "ml":
                given |= {"base_url": server.url, "model": "m", "input_price": "1", "output_price": "2",
                          "volume_root": deployment.settings.volume_root}  # fmt: skip
            task = NotebookTask(path=path, root=repository, parameters=given | parameters, timeout_seconds=500)
            return pool.run(task, on_event=lambda event: None, cancel=None)

        notebooks = [path for pattern in (MODELS, DASHBOARDS) for path in sorted(repository.glob(pattern))]
        results = {path.name: run(path) for path in notebooks}
        for table in PROFILED:
            shown = f"{deployment.settings.schema_prefix}{table}"
            results[f"profile of {table}"] = run(repository / "notebooks" / "dashboards" / "profile.py", table=shown)
        ids = {row[0] for row in deployment.sql("SELECT id_oid FROM {bronze.users}")}
        yield Outputs(results, server, deployment, layout.home, ids)


def test_every_notebook_ran_and_the_marked_user_is_among_those_who_must_not_be_seen(outputs: Outputs) -> None:
    assert {name: result.error for name, result in outputs.results.items() if result.state != "SUCCESS"} == {}
    assert len(outputs.results) >= 9 and PLANTED in outputs.ids and len(outputs.ids) > 500
    (kept,) = outputs.deployment.sql(f"SELECT count(*) FROM {{silver.comments}} WHERE user_id = '{PLANTED}'")
    assert kept == (30,)


def test_no_page_holds_an_id(outputs: Outputs) -> None:
    shown = {name: json.dumps([cell.outputs for cell in result.cells]) + str(result.exit_value)
             for name, result in outputs.results.items()}  # fmt: skip
    assert {name: found for name, text in shown.items() if (found := outputs.found_in(text))} == {}


def test_no_prompt_holds_an_id(outputs: Outputs) -> None:
    prompts = [json.dumps(call.body) for call in outputs.server.calls]
    assert len(prompts) >= 5 and any("maps" in prompt for prompt in prompts)
    assert [found for prompt in prompts if (found := outputs.found_in(prompt))] == []


def test_no_model_figure_or_log_holds_an_id(outputs: Outputs) -> None:
    files = [path for path in outputs.home.rglob("*") if path.is_file()]
    assert any(path.name == "mlflow.db" for path in files) and any(path.suffix == ".png" for path in files)
    found = {path.name: seen for path in files if (seen := outputs.found_in(path.read_bytes().decode("latin-1")))}
    assert found == {}


def test_no_table_of_gold_holds_an_id(outputs: Outputs) -> None:
    tables = outputs.deployment.system.tables_of("gold")
    assert any(isinstance(table, Published) for table in tables)
    for table in tables:
        rows = outputs.deployment.sql(f"SELECT to_json(struct(*)) FROM {{{table.path}}}")
        assert outputs.found_in(" ".join(row[0] for row in rows)) == set(), table.path
