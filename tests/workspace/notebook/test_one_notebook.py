"""One notebook with everything in it runs once on a real kernel; each test looks at one part of what came out."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from tests.workspace.notebook.conftest import Bench, texts
from tideline.workspace.notebook.html import cells_to_html, page
from tideline.workspace.notebook.markdown import cells_to_markdown
from tideline.workspace.notebook.results import CellEvent, NotebookResult
from tideline.workspace.notebook.saved import save_notebook

SECRET = 'hunter2<&">'
CELLS = {
    "markdown": "# MAGIC %md\n# MAGIC # A question\n# MAGIC <script>alert(1)</script> ![x](http://localhost/x.png)",
    "place": """
        import os, sys
        print(os.getcwd(), sys.path[:2], os.environ.get("DATABRICKS_RUNTIME_VERSION"), os.environ["TZ"])
        print([name for name in os.environ if "SECRET" in name])
        from helper_module import answer
        answer()
    """,
    "widgets": """
        # DBTITLE 1,Widgets <b>
        dbutils.widgets.text("as_of", "1999-01-01")
        dbutils.widgets.dropdown("city", "Oslo", ["Oslo", "Rome"])
        print(dbutils.widgets.get("as_of"), getArgument("city"), dbutils.widgets.getArgument("none", "default"))
    """,
    "sql": """
        # MAGIC %sql
        # MAGIC create or replace temporary view people as
        # MAGIC   select * from values (1, 'a;b', null), (2, '<i>', 2.5) as t(id, name, score);
        # MAGIC -- a comment; with a semicolon
        # MAGIC select *, :as_of as as_of from people where name <> ':city' order by id
    """,
    "sqldf": "(_sqldf.count(), sql('select 1 as one').collect()[0].one, table('people').count())",
    "ddl": "# MAGIC %sql\n# MAGIC create or replace temporary view empty as select 1 as x where false",
    "run": "# MAGIC %run ./lib/child $who=\"Ada\" $as_of='2001-01-01'",
    "after_run": "print(shared, dbutils.widgets.get('as_of'), 'who' in dbutils.widgets.getAll())",
    "display": """
        import pandas as pd
        display(spark.range(3).selectExpr("id", "'<u>' as tag"))
        display(spark.range(1001))
        display(pd.DataFrame({"n": [1.0, None], "s": ["x", "<y>"]}))
        display({"a": {"b": 1}})
        display([{"a": 1}, {"b": "<z>"}])
        display("text <b>")
        displayHTML("<h1>own</h1>")
    """,
    "figures": """
        import matplotlib.pyplot as plt
        shown, axes = plt.subplots(); axes.set_title("shown by display")
        display(shown)
        left_open, axes = plt.subplots(); axes.set_title("left open")
        None
    """,
    "shell": "# MAGIC %sh\n# MAGIC echo from bash; pwd\n# MAGIC false",
    "fs_calls": "dbutils.fs.put('/Volumes/c/s/v/a.txt', 'hi'); print(dbutils.fs.head('/Volumes/c/s/v/a.txt'))",
    "files": "# MAGIC %fs ls /Volumes/c/s/v",
    "pip": "# MAGIC %pip install pandas",
    "ipython": "# MAGIC %%time\n# MAGIC timed = 1 + 1",
    "line_magics": "%time x = 5\nout = !echo shell-out\nprint(out, x)",
    "await": "import asyncio\nawait asyncio.sleep(0, 'awaited')",
    "skipped": "# MAGIC %skip\n# MAGIC raise ValueError('never')",
    "python_magic": "# MAGIC %python\n# MAGIC print('python cell')",
    "secrets": """
        import base64, html
        secret = dbutils.secrets.get("scope", "key")
        print(secret, html.escape(secret), repr(secret), dbutils.secrets.list("scope"), dbutils.secrets.listScopes())
        print(len(secret), dbutils.secrets.getBytes("scope", "key") == secret.encode())
        display([{"value": secret}]); display({"value": secret})
    """,
    "task_values": """
        dbutils.jobs.taskValues.set("rows", {"n": [1, 2]})
        dbutils.jobs.taskValues.set("leak", secret)
        print(dbutils.jobs.taskValues.get("up", "n"), dbutils.jobs.taskValues.get("up", "z", default=0, debugValue=9))
        problems = []
        for call in (
            lambda: dbutils.jobs.taskValues.set("big", "x" * 49_152), lambda: dbutils.jobs.taskValues.set("bad", {1, 2}),
            lambda: dbutils.jobs.taskValues.get("up", "z", debugValue=9), lambda: dbutils.secrets.get("scope", "none"),
            lambda: dbutils.credentials.show(), lambda: dbutils.fs.mount("x"), lambda: sc.parallelize([1]),
            lambda: dbutils.notebook.entry_point.getDbutils().notebook().getContext().apiToken(),
            lambda: display(1, checkpoint="x"),
        ):
            try: call()
            except Exception as error: problems.append(f"{type(error).__name__}: {error}")
        print("\\n".join(problems))
    """,
    "runtime": """
        from databricks.sdk.runtime import *
        import databricks.sdk.runtime as runtime
        print(sorted(runtime.__all__), runtime.dbutils is dbutils, hasattr(dbutils, "credentials"))
    """,
    "context": """
        context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()
        print(context.notebookPath().get(), context.jobId().get(), context.tags().apply("userName"), context.toJson())
    """,
    "nested": """
        print("child says", dbutils.notebook.run("./lib/exits", 60, {"who": "Bob"}))
        try: dbutils.notebook.run("./lib/fails", 60)
        except Exception as error: print(type(error).__name__, error)
        try: dbutils.notebook.run("./nowhere", 60)
        except Exception as error: print(error)
        print("view" in str(spark.catalog.listTables()), "child_view" in str(spark.catalog.listTables()))
    """,
    "summary": "dbutils.data.summarize(spark.range(4))",
    "restart": "kept = 1\ndbutils.library.restartPython()\nprint('not reached')",
    "after_restart": "print('kept' in globals(), dbutils.widgets.get('as_of'), spark.table('people').count())",
    "restart_magic": "# MAGIC %restart_python",
    "exit": """
        try:
            dbutils.notebook.exit("the end " + dbutils.secrets.get("scope", "key"))
        except Exception:
            print("swallowed")
        print("not reached")
    """,
    "never": "raise ValueError('after the exit')",
}
NUMBERS = {name: number for number, name in enumerate(CELLS, start=1)}
EVENTS: list[CellEvent] = []


@pytest.fixture(scope="module")
def result(bench: Bench) -> NotebookResult:
    bench.layout.secrets.parent.mkdir(parents=True, exist_ok=True)
    bench.layout.secrets.write_text(json.dumps({"scope": {"key": SECRET}}))
    bench.write("work/helper_module.py", "def answer():\n    return 42")
    bench.write(
        "work/lib/child.py",
        'dbutils.widgets.text("who", "nobody")',
        'shared = dbutils.widgets.get("who")\nprint("in child", shared, getArgument("as_of"))',
    )
    bench.write(
        "work/lib/exits.py",
        'spark.range(1).createOrReplaceTempView("child_view")',
        'dbutils.notebook.exit("hello " + dbutils.widgets.get("who"))',
    )
    bench.write("work/lib/fails.py", "x = 1", "x / 0")
    path = bench.write("work/main.py", *CELLS.values())
    context = {"job_id": "77", "in_job": True, "task_values": {"up": {"n": 41}}}
    return bench.run(path, parameters={"as_of": "2024-06-30"}, events=EVENTS, **context)


def text(result: NotebookResult, name: str) -> str:
    return texts(result, NUMBERS[name])


def data(result: NotebookResult, name: str) -> list[dict[str, str]]:
    return [output["data"] for output in result.cells[NUMBERS[name] - 1].outputs if "data" in output]


def test_the_notebook_succeeds_until_its_exit_and_no_further(result: NotebookResult) -> None:
    assert (result.state, result.error) == ("SUCCESS", None)
    states = {name: result.cells[number - 1].state for name, number in NUMBERS.items()}
    assert states.pop("skipped") == "skipped"
    assert (states.pop("exit"), states.pop("never")) == ("exited", "not_run")
    assert set(states.values()) == {"ok"}
    assert "swallowed" not in text(result, "exit") and "not reached" not in text(result, "exit")


def test_the_kernel_stands_in_the_notebooks_folder_without_secrets(
    result: NotebookResult, bench: Bench
) -> None:
    folder = str(bench.root / "work")
    assert text(result, "place").startswith(f"{folder} {[folder, str(bench.root)]} None UTC\n[]\n")
    assert text(result, "place").endswith("42")


def test_parameters_win_over_widget_defaults(result: NotebookResult) -> None:
    assert text(result, "widgets") == "2024-06-30 Oslo default\n"


def test_sql_runs_every_statement_and_shows_the_last(result: NotebookResult) -> None:
    assert text(result, "sql").split("\n")[2:] == [
        " 1  a;b    null  2024-06-30", " 2  <i>     2.5  2024-06-30",
    ]  # fmt: skip
    assert (
        "&lt;i&gt;" in data(result, "sql")[0]["text/html"]
        and "<i>" not in data(result, "sql")[0]["text/html"]
    )
    assert text(result, "sqldf") == "(2, 1, 2)"
    assert text(result, "ddl") == "OK"


def test_run_shares_the_namespace_and_its_arguments_end_with_it(result: NotebookResult) -> None:
    assert text(result, "run") == "in child Ada 2001-01-01\n"
    assert text(result, "after_run") == "Ada 2024-06-30 False\n"


def test_display_draws_every_kind_with_text_beside_it(result: NotebookResult) -> None:
    shown = data(result, "display")
    assert all("text/plain" in each for each in shown) and len(shown) == 7
    assert "&lt;u&gt;" in shown[0]["text/html"]
    assert shown[1]["text/html"].count("<tr>") == 1001 and "first 1,000 rows shown" in shown[1]["text/plain"]
    assert "null" in shown[2]["text/plain"] and "&lt;y&gt;" in shown[2]["text/html"]
    assert '"b": 1' in shown[3]["text/plain"] and "&lt;z&gt;" in shown[4]["text/html"]
    assert shown[5] == {"text/plain": "text <b>"} and shown[6]["text/html"] == "<h1>own</h1>"


def test_a_figure_is_shown_once_whether_displayed_or_left_open(result: NotebookResult) -> None:
    shown = data(result, "figures")
    assert [bool(each.get("image/png")) for each in shown] == [True, True]
    assert "shown by display" in shown[0]["text/plain"]


def test_shell_files_pip_and_ipython_magics_run(result: NotebookResult, bench: Bench) -> None:
    assert text(result, "shell").startswith(f"from bash\n{bench.root}/work\n(exit code 1")
    assert text(result, "fs_calls").split("\n")[0] == "hi"
    assert "/Volumes/c/s/v/a.txt" in text(result, "files")
    assert "is installed" in text(result, "pip")
    assert "Wall time" in text(result, "ipython")
    assert text(result, "line_magics").endswith("['shell-out'] 5\n")
    assert text(result, "await") == "'awaited'"
    assert text(result, "python_magic") == "python cell\n"


def test_no_trace_of_a_secret_leaves_the_run(result: NotebookResult, tmp_path: Path) -> None:
    saved = save_notebook(result, tmp_path / "out.ipynb").read_text()
    everything = [saved, cells_to_html(result), cells_to_markdown(result), str(result)]
    assert all("hunter2" not in each and "[REDACTED]" in each for each in everything)
    assert text(result, "secrets").split("\n")[1] == f"{len(SECRET)} True"
    assert result.exit_value == "the end [REDACTED]"


def test_task_values_are_kept_as_json(result: NotebookResult) -> None:
    assert result.task_values == {"rows": {"n": [1, 2]}, "leak": "[REDACTED]"}
    assert text(result, "task_values").split("\n")[0] == "41 0"


def test_what_is_not_there_is_refused_by_name(result: NotebookResult) -> None:
    problems = "\n".join(text(result, "task_values").split("\n")[1:])
    for problem in (
        "TaskValueError: task value `big` has 49154 bytes of JSON, at most 49152",
        "TaskValueError: task value `bad` is not JSON",
        "TaskValueError: task `up` has no value `z`, and no default is given; known: {'up': ['n']}",
        "SecretNotFound: Secret does not exist with scope: scope and key: none; set TIDELINE_SECRET_SCOPE_NONE",
        "NotEmulated: `dbutils.credentials` is not emulated on a laptop",
        "NotEmulated: `dbutils.fs.mount` is not emulated",
        "NotEmulated: `sc.parallelize` is not emulated on a laptop; Spark Connect has no context",
        "getContext().apiToken` is not emulated",
        "NotEmulated: `display(..., checkpoint=)` is not emulated",
    ):
        assert problem in problems


def test_the_runtime_module_is_served_with_all_ten_names(result: NotebookResult) -> None:
    names = [
        "dbutils",
        "display",
        "displayHTML",
        "getArgument",
        "sc",
        "spark",
        "sql",
        "sqlContext",
        "table",
        "udf",
    ]
    assert text(result, "runtime") == f"{names} True False\n"


def test_the_context_knows_path_job_and_user(result: NotebookResult) -> None:
    assert text(result, "context").startswith("/work/main 77 local@example.com {")


def test_a_child_run_shares_nothing_and_its_error_comes_back(result: NotebookResult) -> None:
    lines = text(result, "nested").strip().split("\n")
    assert lines[0] == "child says hello Bob"
    assert lines[1].startswith(
        "WorkflowException FAILED: notebook ./lib/fails: ZeroDivisionError: division by zero (cell 2, line 6)"
    )
    assert "no such notebook" in lines[2]
    assert lines[3] == "False False" or lines[3].endswith("False")
    assert [child.state for child in result.children] == ["SUCCESS", "FAILED"]


def test_restart_empties_the_namespace_and_keeps_the_session(result: NotebookResult) -> None:
    assert "not reached" not in text(result, "restart")
    assert text(result, "after_restart") == "False 2024-06-30 2\n"
    assert "count" in text(result, "summary")


def test_events_tell_each_cell_that_begins_and_ends(result: NotebookResult) -> None:
    told = [(event.number, event.state) for event in EVENTS]
    assert told[:2] == [(1, "running"), (1, "ok")] and told[-1] == (NUMBERS["exit"], "exited")
    assert EVENTS[4].title == "Widgets <b>" and EVENTS[4].total == len(CELLS)


def test_the_saved_notebook_is_valid_and_keeps_the_figures(result: NotebookResult, tmp_path: Path) -> None:
    document = nbformat.read(save_notebook(result, tmp_path / "a" / "out.ipynb"), as_version=4)
    nbformat.validate(document)
    assert document.cells[NUMBERS["figures"] - 1].outputs[0].data["image/png"]
    assert document.metadata.tideline.state == "SUCCESS"


def test_the_page_holds_no_script_and_fetches_nothing(result: NotebookResult) -> None:
    shown = page(result, "A <title>")
    assert "<script" not in shown and 'http://localhost/x.png"' not in shown.replace(
        'href="http://localhost/x.png"', ""
    )
    assert 'sandbox="allow-scripts" srcdoc="&lt;h1&gt;own&lt;/h1&gt;"' in shown
    assert "Widgets &lt;b&gt;" in shown and "data:image/png;base64," in shown


def test_the_overhead_is_what_the_cells_did_not_take(result: NotebookResult) -> None:
    own = sum(cell.seconds for cell in result.cells)
    assert result.overhead_seconds == pytest.approx(result.seconds - own, abs=0.2)


def test_the_widgets_that_were_declared_are_told(result: NotebookResult) -> None:
    told = {widget.name: widget for widget in result.widgets}
    as_of, city = told["as_of"], told["city"]
    assert (as_of.kind, as_of.default, as_of.value) == ("text", "1999-01-01", "2024-06-30")
    assert (city.kind, city.choices, city.value) == ("dropdown", ("Oslo", "Rome"), "Oslo")
