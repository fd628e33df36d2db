"""A small bundle of notebooks: a dashboard with every kind of widget, and notebooks that end badly."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.workspace.bundle.bundles import write
from tests.workspace.web.conftest import Site, site_of
from tideline.workspace.server import ServerAddress

OWN = "document.title='owned'"
DANGER = f'<script>{OWN}</script><img src=x onerror="{OWN}"><a href="javascript:{OWN}">go</a>'
SECRET = "kN7-hidden-value"
FILES = {
    "databricks.yml": """
        bundle: {name: small}
        variables: {region: {default: north}}
        targets: {dev: {default: true}}
        sync: {exclude: ["kept_out/**"]}
        """,
    "dashboards/sales.py": '''
        # Databricks notebook source
        # MAGIC %md
        # MAGIC # Sales: what was sold, and where?
        # MAGIC Shows what was sold. It reads nothing.

        # COMMAND ----------

        import matplotlib.pyplot as plt

        dbutils.widgets.text("n_bars", "3", "Number of bars")
        dbutils.widgets.dropdown("colour", "blue", ["blue", "red"], "Colour")
        dbutils.widgets.combobox("currency", "EUR", ["EUR", "USD"], "Currency")
        dbutils.widgets.multiselect("days", "mon", ["mon", "tue", "wed"], "Days")
        dbutils.widgets.text("region", "south", "Region")
        n_bars = int(dbutils.widgets.get("n_bars"))

        # COMMAND ----------

        # MAGIC %md
        # MAGIC ## More every year

        # COMMAND ----------

        figure, axes = plt.subplots(figsize=(7, 3))
        axes.bar(range(n_bars), range(1, n_bars + 1), color=dbutils.widgets.get("colour"))
        axes.set_title(f"{n_bars} years in {dbutils.widgets.get('currency')}")
        display(figure)

        # COMMAND ----------

        rows = spark.range(n_bars).count()
        display([{"region": dbutils.widgets.get("region"), "days": dbutils.widgets.get("days"), "rows": rows}])
        ''',
    "slow.py": """
        # Databricks notebook source
        dbutils.widgets.text("seconds", "3")
        print("first", flush=True)

        # COMMAND ----------

        import time
        time.sleep(float(dbutils.widgets.get("seconds")))

        # COMMAND ----------

        print("last")
        """,
    "fails.py": """
        # Databricks notebook source
        print("before")

        # COMMAND ----------

        numbers = {"a": 1}
        numbers["<b>"]

        # COMMAND ----------

        print("never")
        """,
    "foreign.py": f"""
        # Databricks notebook source
        displayHTML({"<h1>foreign</h1>" + DANGER!r})

        # COMMAND ----------

        from IPython.display import publish_display_data
        publish_display_data({{"text/html": {DANGER!r}, "text/plain": "forged"}}, {{"text/html": {{"tideline": "table"}}}})

        # COMMAND ----------

        display([{{"text": {DANGER!r}}}])
        print({DANGER!r})

        # COMMAND ----------

        # MAGIC %md
        # MAGIC {DANGER} [go](javascript:document.title='owned')
        """,
    "drawn.py": """
        # Databricks notebook source
        import plotly.graph_objects as go
        display(go.Figure(go.Bar(x=["pear", "plum"], y=[3, 5]), layout={"title": "Fruit by kind"}))
        """,
    "prints.py": """
        # Databricks notebook source
        line = "x" * 99 + "\\n"
        for _ in range(1_000_000):
            print(line, end="")

        # COMMAND ----------

        print("y" * 100_000_000)

        # COMMAND ----------

        "z" * 100_000_000

        # COMMAND ----------

        for number in range(2000):
            display("w" * 100_000)

        # COMMAND ----------

        print("after")
        """,
    "dies.py": """
        # Databricks notebook source
        print("alive", flush=True)

        # COMMAND ----------

        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    "spark.py": """
        # Databricks notebook source
        print(spark.range(3).count(), flush=True)

        # COMMAND ----------

        import time
        time.sleep(8)
        print(spark.range(5).count())
        """,
    "secret.py": """
        # Databricks notebook source
        # MAGIC %md
        # MAGIC # About kN7-hidden-value

        # COMMAND ----------

        dbutils.widgets.text("word", dbutils.secrets.get("vault", "word"), "kN7-hidden-value")
        print(dbutils.widgets.get("word"))

        # COMMAND ----------

        raise ValueError(dbutils.widgets.get("word"))
        """,
    "kept_out/test.py": "# Databricks notebook source\n",
    "plain.py": "print('no notebook')\n",
}


@dataclass
class Person:
    """Somebody with a browser that runs no scripts."""

    site: Site
    session: requests.Session

    def get(self, path: str, status: int = 200) -> str:
        answer = self.session.get(self.site.host + path, timeout=60)
        assert answer.status_code == status, answer.text
        return answer.text

    def run(self, notebook: str, **values: str | list[str]) -> str:
        """Press Run; the id of the execution."""
        url = f"{self.site.host}/notebooks/at/{notebook}"
        answer = self.session.post(url, values, headers={"Origin": self.site.host}, timeout=60, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        self.there = answer.headers["location"]
        return parse_qs(urlsplit(self.there).query)["execution-id"][0]

    def cancel(self, execution_id: str) -> None:
        url = f"{self.site.host}/notebooks/executions/{execution_id}/cancel"
        assert self.session.post(url, headers={"Origin": self.site.host}, timeout=60).status_code == 200

    def changes(self, execution_id: str, after: int = 0) -> Iterator[tuple[str, str]]:
        """Target and HTML of every change, as they are sent, until the end."""
        url = f"{self.site.host}/notebooks/executions/{execution_id}/changes?after={after}"
        with self.session.get(url, stream=True, timeout=180) as answer:
            assert answer.status_code == 200
            for event in _events(answer.iter_content(chunk_size=None)):
                if event.startswith(b"event: end"):
                    return
                told = json.loads(event.removeprefix(b"data: "))
                yield told["target"], told["html"]

    def waits(self, execution_id: str) -> dict[str, str]:
        """The last HTML of every target, at the end."""
        return dict(self.changes(execution_id))


def _events(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Server-sent events: what stands between empty lines."""
    parts: list[bytes] = []
    for chunk in chunks:
        parts.append(chunk)
        if chunk.endswith(b"\n\n"):
            yield from b"".join(parts).removesuffix(b"\n\n").split(b"\n\n")
            parts = []


def state_of(html: str) -> str:
    """What the head of an execution says."""
    found = re.search(r'role="status">(\w+)<', html)
    assert found is not None
    return found[1]


def words(html: str) -> str:
    """The text between tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@contextmanager
def notebook_site(root: Path, server: ServerAddress | None) -> Iterator[Site]:
    """The bundle's site, over a Spark server that runs, or with one of its own."""
    write(root, FILES)
    (root / ".tideline").mkdir(exist_ok=True)
    (root / ".tideline" / "secrets.json").write_text(json.dumps({"vault": {"word": SECRET}}))
    with pytest.MonkeyPatch.context() as patch:
        if server is not None:
            patch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", server.token)
        with site_of(root, *(["--remote", server.remote] if server else [])) as found:
            yield found


def until(condition: object, seconds: float = 60) -> None:
    """Wait until the function says so."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)
