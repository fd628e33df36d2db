"""Every rule on a bundle that breaks it: the exact file and line, and nothing besides."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent, indent

import pytest
from databricks.bundles.core._resource_type import _ResourceType

from tests.workspace.bundle.bundles import findings, load, write
from tideline.workspace.bundle import lint, strict
from tideline.workspace.bundle.resources import model_of, resource_kinds

HEADER = "# Databricks notebook source\n"


def of_job(root: Path, job: str, **notebooks: str) -> list[str]:
    """Findings of one job `j` (its fields from line 5 on) as `place rule`; notebooks n, m, o exist."""
    for name in "nmo":
        write(root, {f"{name}.py": HEADER + notebooks.get(name, "print(1)\n")})
    text = "resources:\n  jobs:\n    j:\n" + indent(dedent(job).strip("\n"), " " * 6)
    found = lint(load(root, text))
    return [f"{finding.place.file}:{finding.place.line} {finding.rule}" for finding in found]


GOOD = """
    name: j
    tasks:
      - {task_key: a, notebook_task: {notebook_path: n.py}}
      - {task_key: b, depends_on: [{task_key: a}], notebook_task: {notebook_path: m}}
"""


def test_a_good_job_has_no_findings(tmp_path: Path) -> None:
    assert of_job(tmp_path, GOOD) == []


JOBS = {
    "unknown field": ("nam: j", ["5 unknown-or-wrong-field"]),
    "unknown depends_on": (
        """
        tasks:
          - {task_key: a, notebook_task: {notebook_path: n.py}}
          - task_key: b
            depends_on:
              - task_key: aa
            notebook_task: {notebook_path: m.py}
        """,
        ["9 unknown-depends-on"],
    ),
    "circle": (
        """
        tasks:
          - task_key: a
            depends_on: [{task_key: c}]
            notebook_task: {notebook_path: n.py}
          - task_key: b
            depends_on: [{task_key: a}]
            notebook_task: {notebook_path: m.py}
          - task_key: c
            depends_on: [{task_key: b}]
            notebook_task: {notebook_path: o.py}
        """,
        ["7 cyclic-depends-on"],
    ),
    "outcome of a notebook": (
        """
        tasks:
          - {task_key: a, notebook_task: {notebook_path: n.py}}
          - {task_key: b, notebook_task: {notebook_path: m.py}, depends_on: [{task_key: a, outcome: "true"}]}
        """,
        ["7 outcome-without-condition"],
    ),
    "odd outcome": (
        """
        tasks:
          - {task_key: a, condition_task: {op: EQUAL_TO, left: x, right: y}}
          - {task_key: b, notebook_task: {notebook_path: m.py}, depends_on: [{task_key: a, outcome: "yes"}]}
        """,
        ["7 odd-outcome"],
    ),
    "condition with retries and compute": (
        """
        tasks:
          - task_key: a
            condition_task: {op: GREATER_THAN, left: "1", right: "{{job.run_id}}"}
            max_retries: 1
            existing_cluster_id: c
        """,
        ["8 condition-with-retries", "9 condition-with-compute"],
    ),
    "numbers compared as text": (
        "tasks: [{task_key: a, condition_task: {op: EQUAL_TO, left: '{{job.run_id}}', right: '12'}}]",
        ["5 number-compared-as-text"],
    ),
    "text compared as number": (
        "tasks: [{task_key: a, condition_task: {op: LESS_THAN, left: x, right: '12'}}]",
        ["5 text-compared-as-number"],
    ),
    "undeclared parameter": (
        """
        parameters: [{name: country, default: x}]
        tasks:
          - task_key: a
            notebook_task:
              notebook_path: n.py
              base_parameters:
                p: "{{job.parameters.country}}"
                q: "{{job.parameters.contry}}"
        """,
        ["11 parameter-never-read", "12 parameter-never-read", "12 undeclared-parameter"],
    ),
    "odd references": (
        """
        tasks:
          - task_key: a
            condition_task:
              op: EQUAL_TO
              left: "{{job.start_time.isodate}}"
              right: "{{ job.id }} {{jobs.id}}"
          - {task_key: b, condition_task: {op: EQUAL_TO, left: "{{job.id}", right: "{{run_id}}"}}
          - {task_key: c, condition_task: {op: EQUAL_TO, left: "{{input}}", right: "{{tasks.m-y.run_id}}"}}
          - {task_key: d, condition_task: {op: NOT_EQUAL, left: x, right: "{{job.trigger.file_arrival.x}}"}}
        """,
        [
            "9 unknown-reference",
            "10 unknown-reference",
            "11 odd-braces",
            "11 deprecated-reference",
            "12 input-outside-loop",
            "12 unknown-reference",
            "13 trigger-not-set",
        ],
    ),
    "values of tasks that are not upstream": (
        """
        tasks:
          - {task_key: a, notebook_task: {notebook_path: n.py}}
          - {task_key: b, condition_task: {op: EQUAL_TO, left: "{{tasks.a.values.x}}", right: y}}
          - task_key: c
            depends_on: [{task_key: a}]
            condition_task: {op: EQUAL_TO, left: "{{tasks.a.values.x}}", right: "{{tasks.z.run_id}}"}
        """,
        ["7 value-not-upstream", "10 value-never-set", "10 value-of-unknown-task"],
    ),
    "missing notebook and file without header": (
        """
        tasks:
          - {task_key: a, notebook_task: {notebook_path: none.py}}
          - {task_key: b, notebook_task: {notebook_path: databricks.yml}}
          - {task_key: c, spark_python_task: {python_file: n.py}, environment_key: e}
          - {task_key: d, sql_task: {file: {path: q.sql}, warehouse_id: w}}
        environments: [{environment_key: e, spec: {environment_version: "4", base_environment: x}}]
        """,
        [
            "6 notebook-missing",
            "7 notebook-without-header",
            "8 script-is-notebook",
            "9 sql-file-missing",
            "10 two-environments",
        ],
    ),
    "loops": (
        """
        tasks:
          - task_key: a
            max_retries: 1
            for_each_task:
              inputs: "[1, {}]"
              task: {task_key: i, for_each_task: {inputs: "[1]", task:
                {task_key: k, notebook_task: {notebook_path: n.py}}}}
          - task_key: b
            for_each_task: {inputs: "[1, [2]]", task: {task_key: l, notebook_task: {notebook_path: n.py}}}
          - task_key: c
            for_each_task: {inputs: "a,b", task: {task_key: m, notebook_task: {notebook_path: n.py}}}
        """,
        [
            "7 retries-on-for-each",
            "9 for-each-inputs",
            "10 nested-for-each",
            "13 for-each-inputs",
            "15 for-each-inputs",
        ],
    ),
    "bad schedule": (
        """
        schedule:
          quartz_cron_expression: "0 12 * * *"
          timezone_id: Europe/Berln
        continuous: {pause_status: PAUSED}
        """,
        ["6 bad-cron", "7 bad-time-zone", "8 several-triggers"],
    ),
    "short timer": (
        "trigger: {file_arrival: {url: /Volumes/a/b/c, min_time_between_triggers_seconds: 30}}",
        ["5 short-timer"],
    ),
    "sizes": (
        f"""
        tags: {{t: {"x" * 300}}}
        parameters:
          - {{name: p, default: {"x" * 5000}}}
        """,
        ["5 long-tag", "7 parameter-never-read", "7 long-default"],
    ),
    "long parameters": (
        f"tasks: [{{task_key: a, spark_python_task: {{python_file: p.py, parameters: [{'x' * 10_001}]}}}}]",
        ["5 python-file-missing", "5 long-parameters"],
    ),
    "unknown job": ("tasks: [{task_key: a, run_job_task: {job_id: 7}}]", ["5 run-of-unknown-job"]),
    "job that runs itself with a parameter that it lacks": (
        """
        tasks:
          - task_key: a
            run_job_task:
              job_id: ${resources.jobs.j.id}
              job_parameters:
                p: x
        """,
        ["8 job-runs-itself", "10 undeclared-parameter"],
    ),
    "no work, two kinds, unknown cluster": (
        """
        tasks:
          - {task_key: a}
          - {task_key: b, notebook_task: {notebook_path: n}, condition_task: {op: EQUAL_TO, left: a,right: b}}
          - {task_key: c, job_cluster_key: small, notebook_task: {notebook_path: n.py}}
        """,
        ["6 task-without-work", "7 task-of-two-kinds", "8 undeclared-job-cluster"],
    ),
}


@pytest.mark.parametrize("name", JOBS)
def test_each_mistake_of_a_job_is_found_at_its_line(tmp_path: Path, name: str) -> None:
    job, expected = JOBS[name]
    assert of_job(tmp_path, job) == [f"databricks.yml:{finding}" for finding in expected]


ONE_TASK = """
    parameters: [{name: country, default: x}]
    tasks: [{task_key: a, notebook_task: {notebook_path: n.py}}]
"""

NOTEBOOKS = {
    "a widget that nothing feeds": (
        "dbutils.widgets.get('country')\nprint(dbutils.widgets.get('contry'))\n",
        ["n.py:3 widget-without-value"],
    ),
    "a parameter that nothing reads": ("print(1)\n", ["databricks.yml:5 parameter-never-read"]),
    "a widget in SQL": (
        "\n# MAGIC %sql\n# MAGIC select 'a:b', x::int,\n# MAGIC :country, :month\n",
        ["n.py:5 widget-without-value"],
    ),
    "widgets by a constant": (
        "NAMES = {'country': 'x', 'm': 'y'}\nfor n, t in NAMES.items():\n    dbutils.widgets.text(n, t)\n",
        [],
    ),
    "widgets that cannot be seen": ("print(dbutils.widgets.getAll())\n", []),
    "a call that fails over Connect": (
        "dbutils.widgets.get('country')\nspark.sparkContext.parallelize([1])\nspark.table('t').rdd\n",
        ["n.py:3 not-over-connect", "n.py:4 not-over-connect"],
    ),
    "caching": ("dbutils.widgets.get('country')\nspark.table('t').cache()\n", ["n.py:3 not-on-serverless"]),
    "values written into the text of SQL": (
        "c, D = dbutils.widgets.get('country'), 1\n"
        "spark.sql(f\"SELECT * FROM {t} WHERE a = '{c}' AND b IN ('{c.name}') OR c = '{D}'\")\n"
        "spark.sql(f\"INSERT INTO t VALUES ('{c}')\")\n",
        ["n.py:3 value-in-sql-text", "n.py:3 value-in-sql-text", "n.py:4 value-in-sql-text"],
    ),
    "what SQL takes no parameter for": (
        "c = dbutils.widgets.get('country')\n"
        "spark.sql(f\"ALTER TABLE {t} SET TBLPROPERTIES ('a' = '{c}')\")\n"
        "spark.sql(f\"SELECT * FROM table_changes('{t}', 1) WHERE n = {n:d}\")\n"
        "spark.sql(f\"SELECT variant_get(v, '{c}', 'string') FROM t WHERE a = :a\", args={'a': c})\n",
        [],
    ),
    "a value of a task that is not upstream": (
        "dbutils.widgets.get('country')\ndbutils.jobs.taskValues.get(taskKey='b', key='k', debugValue=1)\n",
        ["n.py:3 value-of-unknown-task"],
    ),
    "broken Python": ("dbutils.widgets.get('country'\n", ["n.py:2 broken-python"]),
    "a %run that leads nowhere": (
        "dbutils.widgets.get('country')\n\n# COMMAND ----------\n\n# MAGIC %run ./none\n",
        ["n.py:6 run-missing"],
    ),
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_mistake_of_a_notebook_is_found_at_its_line(tmp_path: Path, name: str) -> None:
    text, expected = NOTEBOOKS[name]
    assert of_job(tmp_path, ONE_TASK, n=text) == expected


def test_a_widget_read_in_a_notebook_that_is_run_counts(tmp_path: Path) -> None:
    run = '\n# MAGIC %run ./m $month="1"\n'
    assert (
        of_job(tmp_path, ONE_TASK, n=run, m="dbutils.widgets.get('country')\ndbutils.widgets.get('month')\n")
        == []
    )


def test_a_module_that_gets_dbutils_counts_and_is_searched_for_failing_calls(tmp_path: Path) -> None:
    module = "def read(dbutils, spark):\n    dbutils.widgets.get('country')\n    return spark._jvm\n"
    write(tmp_path, {"src/own/settings.py": module})
    text = "from own.settings import read\nread(dbutils, spark)\n"
    assert of_job(tmp_path, ONE_TASK, n=text) == ["src/own/settings.py:3 not-over-connect"]


def test_widgets_that_the_own_functions_read_are_followed_by_name(tmp_path: Path) -> None:
    module = """
        WIDGETS = {"country": "x"}

        class Settings:
            @classmethod
            def read(cls, dbutils):
                return {name: dbutils.widgets.get(name) for name in WIDGETS}

        def number(dbutils, name, *, least):
            return text(dbutils, name, "0")

        def text(dbutils, name, default):
            dbutils.widgets.text(name, default)
            return dbutils.widgets.get(name)
        """
    write(tmp_path, {"src/own/settings.py": module})
    start = "from own.settings import Settings, number\nSettings.read(dbutils)\n"
    assert of_job(tmp_path, ONE_TASK, n=start) == []
    job = """
        parameters: [{name: country, default: x}, {name: bins, default: "1"}, {name: bin, default: "1"}]
        tasks: [{task_key: a, notebook_task: {notebook_path: n.py}}]
        """
    found = of_job(tmp_path, job, n=start + "number(dbutils, 'bins', least=1)\n")
    assert found == ["databricks.yml:5 parameter-never-read"]


@pytest.mark.parametrize(
    "text", ["w = dbutils.widgets\nw.get('x')\n", "import other\nother.read(dbutils)\n", "d = dbutils\n"]
)
def test_nothing_is_said_about_widgets_that_are_out_of_sight(tmp_path: Path, text: str) -> None:
    assert of_job(tmp_path, ONE_TASK, n=text) == []


def test_braces_of_nested_json_are_no_reference(tmp_path: Path) -> None:
    job = """
        tasks:
          - task_key: a
            for_each_task:
              inputs: '[{"a": {"b": 1}}]'
              task: {task_key: i, notebook_task: {notebook_path: n.py}}
          - {task_key: b, condition_task: {op: EQUAL_TO, left: "{job.id}}", right: "{ {job.id} }"}}
        """
    assert of_job(tmp_path, job) == ["databricks.yml:10 odd-braces"]


def test_a_task_value_set_in_a_loop_is_refused(tmp_path: Path) -> None:
    job = """
        tasks:
          - task_key: a
            for_each_task: {inputs: "[1]", task: {task_key: i, notebook_task: {notebook_path: n.py}}}
        """
    assert of_job(tmp_path, job, n="dbutils.jobs.taskValues.set('k', 1)\n") == ["n.py:2 task-value-in-loop"]


def test_messages_say_what_was_found_and_meant(tmp_path: Path) -> None:
    yaml = """
        resources:
          jobs:
            j:
              tasks:
                - {task_key: load, notebook_task: {notebook_path: a.py}}
                - {task_key: report, depends_on: [{task_key: lod}], notebook_tsk: {notebook_path: b.py}}
        """
    shown = [str(finding) for finding in findings(tmp_path, yaml)]
    places = ["databricks.yml:7:11", "databricks.yml:7:43", "databricks.yml:7:61"]
    said = [
        "`report` says not what it does (add notebook_task) [task-without-work]",
        "`report` depends on `lod`, no task of this job (did you mean `load`?) [unknown-depends-on]",
        "jobs.j.tasks[report] has an unknown field `notebook_tsk` (did you mean `notebook_task`?)"
        + " [unknown-or-wrong-field]",
    ]
    assert shown == [f"{place}: error: {text}" for place, text in zip(places, said, strict=True)]


def test_what_a_deployment_refuses_is_seen_without_a_workspace(tmp_path: Path) -> None:
    yaml = """
        include: [none/*.yml]
        sync: {exclude: [none/**]}
        resources:
          jobs: {a: {name: a}}
          volumes: {v: {name: v, catalog_name: c, schema_name: s, volume_type: EXTERNAL}}
        targets:
          prod:
            mode: production
        """
    found = [(finding.place.line, finding.rule, finding.severity) for finding in findings(tmp_path, yaml)]
    assert found == [
        (2, "pattern-matches-nothing", "warning"),
        (3, "pattern-matches-nothing", "warning"),
        (6, "volume-storage", "error"),
        (9, "production-without-path", "error"),
    ]


MORE = {
    "loops and clusters": (
        """
        job_clusters: [{job_cluster_key: k, new_cluster: {spark_version: x}}]
        tasks:
          - {task_key: a, notebook_task: {notebook_path: n.py}, environment_key: e}
          - task_key: b
            for_each_task:
              inputs: "[1]"
              concurrency: 2
              task:
                task_key: i
                depends_on: [{task_key: a}]
                job_cluster_key: k
                notebook_task: {notebook_path: n.py}
        """,
        ["7 undeclared-environment", "14 depends-on-in-loop", "15 loop-on-one-cluster"],
    ),
    "parameters": (
        """
        parameters:
          - {name: a, default: "{{job.parameters.b}}"}
          - {name: b, default: "{{tasks.t.values.x}}"}
        tasks:
          - task_key: t
            notebook_task:
              notebook_path: n.py
              base_parameters: {a: "1", c: "${resources.jobs.j.id}"}
        """,
        [
            "6 parameter-of-parameter",
            "7 task-in-parameter",
            "12 parameter-hidden",
            "12 known-after-deployment",
        ],
    ),
    "entry point": (
        "tasks: [{task_key: a, python_wheel_task: {package_name: own-tool, entry_point: mian}}]",
        ["5 entry-point-missing"],
    ),
    "file outside": (
        "tasks: [{task_key: a, sql_task: {warehouse_id: w, file: {path: ../outside.sql}}}]",
        ["5 file-outside-bundle"],
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_each_rarer_mistake_is_found_at_its_line(tmp_path: Path, name: str) -> None:
    project = '[project]\nname = "own_tool"\nscripts = {main = "own:main"}\n'
    write(tmp_path, {"outside.sql": "select 1", "bundle/pyproject.toml": project})
    job, expected = MORE[name]
    widgets = [f"dbutils.widgets.get('{widget}')\n" for widget in "abc" if "base_parameters" in job]
    found = of_job(tmp_path / "bundle", job, n="".join(widgets))
    assert found == [f"databricks.yml:{finding}" for finding in expected]


def test_a_file_that_sync_adds_from_outside_is_deployed(tmp_path: Path) -> None:
    write(tmp_path, {"shared/q.sql": "select 1"})
    yaml = """
        sync: {paths: [., ../shared]}
        resources:
          jobs:
            a: {tasks: [{task_key: a, sql_task: {warehouse_id: w, file: {path: ../shared/q.sql}}}]}
        """
    assert findings(tmp_path / "bundle", yaml) == []


def test_a_job_with_too_many_tags_and_odd_folders_is_found(tmp_path: Path) -> None:
    tags = ", ".join(f"t{number}: x" for number in range(26))
    yaml = f"""
        sync: {{include: [/etc]}}
        workspace: {{root_path: /Workspace/Shared/x}}
        resources:
          jobs: {{a: {{tags: {{{tags}}}, run_as: {{user_name: u}}}}}}
        targets: {{prod: {{mode: production}}}}
        """
    found = [(finding.place.line, finding.rule) for finding in findings(tmp_path, yaml)]
    assert found == [(2, "odd-pattern"), (3, "shared-path"), (5, "many-tags")]


def test_a_long_default_of_a_widget_is_found(tmp_path: Path) -> None:
    text = f"dbutils.widgets.text('country', '{'x' * 2049}')\n"
    assert of_job(tmp_path, ONE_TASK, n=text) == ["n.py:2 long-default"]


def test_every_rule_has_a_case_here() -> None:
    folder = Path(strict.__file__).parent
    sources = [
        *(folder / "rules").glob("*.py"),
        *map(folder.joinpath, ("connect_calls.py", "notebooks.py", "sql_values.py", "strict.py")),
    ]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    rules = set(re.findall(r"\"([a-z]+(?:-[a-z]+)+)\"", text)) - {"entry-points"}
    own = Path(__file__).read_text(encoding="utf-8")
    assert len(rules) > 40
    assert sorted(rule for rule in rules if f" {rule}" not in own and f'"{rule}"' not in own) == []


def test_a_wrong_value_of_any_kind_of_resource_is_found(tmp_path: Path) -> None:
    yaml = """
        resources:
          schemas: {s: {name: s, catalog_name: c, grants: [{principal: p, privileges: [SELCT]}]}}
          volumes: {v: {name: v, schema_name: s, comment: }}
          jobs: {j: {timeout_seconds: soon, queue: {enabled: maybe}, tasks: {a: 1}}}
        """
    said = findings(tmp_path, yaml)
    assert [finding.rule for finding in said if finding.severity == "warning"] == ["empty-field"]
    found = [f"{finding.place.line}: {finding.message} {finding.hint}".strip() for finding in said]
    assert found == [
        "3: schemas.s.grants[0].privileges[0] is `SELCT`, which is no Privilege did you mean `SELECT`?",
        "4: volumes.v lacks its field `catalog_name`",
        "4: volumes.v.comment is empty, expected text leave the field out",
        "5: jobs.j.timeout_seconds is `soon`, expected a whole number",
        "5: jobs.j.queue.enabled is `maybe`, expected true or false",
        "5: jobs.j.tasks is a map, expected a list",
    ]


def test_the_kinds_of_resources_are_those_of_the_official_package() -> None:
    official = {kind.plural_name: kind.resource_type for kind in _ResourceType.all()}
    assert {kind: model_of(kind) for kind in resource_kinds()} == official
