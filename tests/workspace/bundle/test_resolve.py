"""Resolution: includes, merging, targets, variables, references, modes, paths, defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import load, write
from tideline.workspace.bundle import load_bundle
from tideline.workspace.bundle.user import LocalUser, local_user
from tideline.workspace.errors import BundleError, JobError

JOB = """
resources:
  jobs:
    a:
      name: a
"""


def refused(root: Path, yaml: str, **options: object) -> str:
    """The message of the refusal, with the root left out of its place."""
    with pytest.raises(BundleError) as raised:
        load(root, yaml, **options)
    return str(raised.value).replace(f"{root.resolve()}/", "")


def test_a_folder_without_a_bundle_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"databricks.yml is missing.*--root DIR"):
        load_bundle(tmp_path)


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("a:\n\t- b", "databricks.yml:3:1: the YAML is broken: a tab indents this line (indent with spaces)"),
        (
            "resources:\n  jobs:\n  jobs:",
            "databricks.yml:4:3: the key `jobs` stands twice in one map (first in line 3)",
        ),
        ("resources: [1", "databricks.yml:2:14: the YAML is broken: expected ',' or ']'"),
        (
            "include: [missing.yml]",
            "databricks.yml:2:11: `include` names `missing.yml`, which does not exist",
        ),
        ("include: [x/**.yml, 'no']", "databricks.yml:2:21: `include` names `no`, which does not exist"),
        ("1: x", "databricks.yml:2:1: a key is not text"),
        (
            "resource: {}",
            "databricks.yml:2:1: a bundle file has no key `resource` (did you mean `resources`?)",
        ),
        ("resources:\n  job: {}", "databricks.yml:3:3: `resources` has no kind `job` (did you mean `jobs`?)"),
        ("x: &x\n  - *x", "databricks.yml:2:4: this anchor contains itself"),
        ("targets: {a: {varables: {}}}", "databricks.yml:2:15: target `a` has no key `varables`"),
        ("workspace: {host: 'https://${var.a}'}", "databricks.yml:2:13: `workspace.host` takes no variables"),
        ("resources:\n  <<: {jobs: {}}", "databricks.yml:3:3: `<<` takes an alias, not a map"),
        ("resources: {jobs: {a: }}", "databricks.yml:2:20: jobs.a is empty, expected its fields"),
        ("mode: development", "databricks.yml:2:1: a bundle file has no key `mode`"),
        (
            "targets: {a: {mode: dev}}",
            "databricks.yml:2:15: `mode` is `dev`, expected one of development, production",
        ),
        (
            "targets: {a: {}, b: {}}",
            "databricks.yml:2:1: the bundle has targets a, b and none is the default",
        ),
        ("variables: {a: {}}", "databricks.yml:2:13: variable `a` has no value (give it with --var a=...,"),
        (
            "python: {resources: ['x:load']}",
            "databricks.yml:2:1: `python` makes resources in Python, which is not",
        ),
    ],
)
def test_a_broken_file_is_one_line_with_its_place(tmp_path: Path, yaml: str, message: str) -> None:
    assert refused(tmp_path, yaml).startswith(message)


def test_maps_merge_and_lists_concatenate_over_includes(tmp_path: Path) -> None:
    write(tmp_path, {"r/b.yml": "resources: {jobs: {b: {name: b}}}\nsync: {exclude: [y]}"})
    bundle = load(tmp_path, f"include: [r/*.yml, none/*.yml]\nsync: {{exclude: [x]}}{JOB}")
    assert list(bundle.jobs) == ["a", "b"]
    exclude = bundle.tree.get("sync", "exclude")
    assert exclude is not None and exclude.plain() == ["x", "y"]
    assert [path.name for path in bundle.sources] == ["databricks.yml", "b.yml"]


def test_a_resource_in_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"b.yml": "resources: {jobs: {a: {name: b}}}"})
    assert "b.yml:1:20: resource jobs.a is defined twice" in refused(tmp_path, f"include: [b.yml]{JOB}")


def test_a_key_is_unique_over_all_kinds(tmp_path: Path) -> None:
    yaml = "resources: {jobs: {a: {name: a}}, schemas: {a: {name: a, catalog_name: c}}}"
    assert "schemas.a has the key of jobs.a" in refused(tmp_path, yaml)


def test_anchors_and_merge_keys_work_and_holders_of_anchors_vanish(tmp_path: Path) -> None:
    bundle = load(
        tmp_path,
        """
        shared: &shared {timeout_seconds: 60, description: base}
        resources:
          jobs:
            a:
              <<: *shared
              description: own
        """,
    )
    assert bundle.job("a")["timeout_seconds"] == 60
    assert bundle.job("a")["description"] == "own"


def test_words_that_are_not_true_or_false_stay_text(tmp_path: Path) -> None:
    job = load(
        tmp_path, "resources: {jobs: {a: {tags: {a: yes, b: 2021-01-01, c: 0x10, d: '3', e: 1.50}}}}"
    ).job("a")
    assert job["tags"] == {"a": "yes", "b": "2021-01-01", "c": 16, "d": "3", "e": 1.5}


def test_tasks_and_parameters_of_a_target_merge_by_their_key(tmp_path: Path) -> None:
    bundle = load(
        tmp_path,
        """
        resources:
          jobs:
            a:
              parameters: [{name: p, default: "1"}, {name: q, default: "2"}]
              tasks: [{task_key: z, max_retries: 1}, {task_key: y}]
        targets:
          prod:
            resources:
              jobs:
                a:
                  parameters: [{name: q, default: "3"}]
                  tasks: [{task_key: z, timeout_seconds: 60}, {task_key: x}]
        """,
    )
    assert bundle.job("a")["parameters"] == [{"name": "p", "default": "1"}, {"name": "q", "default": "3"}]
    assert bundle.job("a")["tasks"] == [
        {"task_key": "z", "max_retries": 1, "timeout_seconds": 60},
        {"task_key": "y"},
        {"task_key": "x"},
    ]


def test_the_same_task_twice_in_one_list_is_refused(tmp_path: Path) -> None:
    yaml = "resources: {jobs: {a: {tasks: [{task_key: t}, {task_key: t}]}}}"
    assert "jobs.a gives task_key `t` twice" in refused(tmp_path, yaml)


def test_the_default_target_is_chosen_and_an_unknown_one_gets_a_suggestion(tmp_path: Path) -> None:
    yaml = "targets: {dev: {default: true}, prod: {}}"
    assert load(tmp_path, yaml).target == "dev"
    assert load(tmp_path, yaml, target="prod").target == "prod"
    assert "there is no target `prdo` (did you mean `prod`?)" in refused(tmp_path, yaml, target="prdo")


VARIABLES = """
variables: {v: {default: default}}
resources: {jobs: {a: {name: "${var.v}"}}}
targets: {t: {variables: {v: target}}, u: {}, w: {default: true, variables: {v: {default: definition}}}}
"""


def test_variables_come_from_five_sources_in_order(tmp_path: Path) -> None:
    def name(target: str, **options: object) -> str:
        return str(load(tmp_path, VARIABLES, target=target, **options).job("a")["name"])

    assert (name("u"), name("t"), name("w")) == ("default", "target", "definition")
    write(tmp_path, {".databricks/bundle/t/variable-overrides.json": '{"v": "file"}'})
    assert (name("u"), name("t")) == ("default", "file")
    write(tmp_path, {"pyproject.toml": '[tool.tideline.variables]\nv = "{volumes}/x"\n'})
    assert name("t") == f"{tmp_path.resolve()}/.tideline/volumes/x"
    assert name("t", has_local_settings=False) == "file"
    assert name("t", environment={"BUNDLE_VAR_v": "environment"}) == "environment"
    assert name("t", environment={"BUNDLE_VAR_v": "environment"}, variables={"v": "option"}) == "option"


def test_a_value_for_a_variable_that_nobody_declared_is_refused(tmp_path: Path) -> None:
    assert "--var: there is no variable `vv` (did you mean `v`?)" in refused(
        tmp_path, VARIABLES, variables={"vv": "1"}
    )
    assert "databricks.yml:3:28: there is no variable `w`" in refused(
        tmp_path, "variables: {v: {default: 1}}\ntargets: {t: {variables: {w: 1}}}".replace("{t", "{ t")
    )


def test_a_reference_keeps_its_type_and_several_become_text(tmp_path: Path) -> None:
    bundle = load(
        tmp_path,
        """
        variables:
          n: {default: 3}
          flag: {default: true}
          tags: {type: complex, default: {team: "t${var.n}", list: [a, b]}}
        resources:
          jobs:
            a:
              timeout_seconds: ${var.n}
              queue: {enabled: "${var.flag}"}
              tags: ${var.tags}
              name: ${bundle.name}-${var.n}-${var.flag}-${var.tags.list[1]}-{{job.id}}-$${var.n}
        """,
    )
    job = bundle.job("a")
    assert job["timeout_seconds"] == 3
    assert job["queue"] == {"enabled": True}
    assert job["tags"] == {"team": "t3", "list": ["a", "b"]}
    assert job["name"] == "small-3-true-b-{{job.id}}-$${var.n}"
    assert bundle.variables["tags"]["team"] == "t3"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("${var.countr}", "databricks.yml:4:27: there is no variable `countr` (did you mean `country`?)"),
        ("${bundle.nme}", "databricks.yml:4:27: `${bundle.nme}` names nothing (did you mean `name`?)"),
        ("${resources.jobs.b.id}", "databricks.yml:4:27: `${resources.jobs.b}` names nothing"),
        (
            "${resources.jobs.a.nme}",
            "databricks.yml:4:27: `${resources.jobs.a.nme}` names nothing (did you mean `name`",
        ),
        ("${var.loop}", "databricks.yml:3:4: references go in a circle: var.loop -> var.loop"),
        ("${var.found}", "databricks.yml:4:27: variable `found` is looked up in a workspace"),
        ("x ${var.map}", "databricks.yml:4:27: `${var.map}` is a map and cannot stand inside a text"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(tmp_path: Path, name: str, message: str) -> None:
    yaml = (
        "variables: {country: {default: c}, found: {lookup: {warehouse: w}}, map: {default: {a: 1}},\n"
        f"   loop: {{default: '${{var.loop}}'}}}}\n"
        f"resources: {{jobs: {{a: {{name: x, description: '{name}'}}}}}}"
    )
    assert message.split(": ", 1)[1] in refused(tmp_path, yaml)


def test_a_lookup_takes_an_override(tmp_path: Path) -> None:
    yaml = "variables: {w: {lookup: {warehouse: x}}}\nresources: {jobs: {a: {name: '${var.w}'}}}"
    assert load(tmp_path, yaml, variables={"w": "id"}).job("a")["name"] == "id"


def test_resources_are_referred_to_after_names_got_their_prefix(tmp_path: Path) -> None:
    bundle = load(
        tmp_path,
        """
        resources:
          schemas: {s: {name: gold, catalog_name: main}}
          volumes: {v: {name: drop, schema_name: "${resources.schemas.s.name}", catalog_name: main}}
          jobs:
            a:
              name: ${resources.volumes.v.volume_path} of ${workspace.current_user.short_name}
              tasks: [{task_key: t, run_job_task: {job_id: "${resources.jobs.b.id}"}}]
            b: {name: b}
        targets: {dev: {mode: development}}
        """,
    )
    assert bundle.job("a")["name"] == "[dev ada] /Volumes/main/dev_ada_gold/drop of ada"
    assert bundle.job_key_of(bundle.job("a")["tasks"][0]["run_job_task"]["job_id"]) == "b"


def test_development_prefixes_tags_pauses_and_allows_four_runs(tmp_path: Path) -> None:
    yaml = """
        experimental: {skip_name_prefix_for_schema: true}
        resources:
          schemas: {s: {name: gold, catalog_name: main}}
          registered_models: {m: {name: model, catalog_name: main, schema_name: ml}}
          experiments: {e: {name: /Shared/x/e, tags: [{key: a, value: b}]}}
          clusters: {c: {cluster_name: c, custom_tags: {dev: own}}}
          jobs:
            a: {name: a, schedule: {quartz_cron_expression: "0 0 6 * * ?", timezone_id: UTC}}
            b: {name: b, max_concurrent_runs: 2, trigger: {pause_status: UNPAUSED}}
        targets: {dev: {mode: development}}
        """
    resources = load(tmp_path, yaml).resources
    assert resources["jobs"]["a"]["name"] == "[dev ada] a"
    assert resources["jobs"]["a"]["tags"] == {"dev": "ada"}
    assert resources["jobs"]["a"]["schedule"]["pause_status"] == "PAUSED"
    assert resources["jobs"]["a"]["max_concurrent_runs"] == 4
    assert resources["jobs"]["b"]["trigger"]["pause_status"] == "UNPAUSED"
    assert resources["jobs"]["b"]["max_concurrent_runs"] == 2
    assert resources["schemas"]["s"]["name"] == "gold"
    assert resources["registered_models"]["m"]["name"] == "dev_ada_model"
    assert resources["experiments"]["e"]["name"] == "/Shared/x/[dev ada] e"
    assert resources["experiments"]["e"]["tags"] == [
        {"key": "a", "value": "b"},
        {"key": "dev", "value": "ada"},
    ]
    assert resources["clusters"]["c"] == {"cluster_name": "[dev ada] c", "custom_tags": {"dev": "own"}}


def test_presets_fill_what_a_job_leaves_open(tmp_path: Path) -> None:
    job = load(
        tmp_path,
        """
        resources: {jobs: {a: {name: a, continuous: {}, tags: {x: own}}}}
        targets:
          s: {presets: {name_prefix: "[s] ", trigger_pause_status: PAUSED, tags: {x: preset, y: preset}}}
        """,
    ).job("a")
    assert job["name"] == "[s] a"
    assert job["continuous"] == {"pause_status": "PAUSED"}
    assert job["tags"] == {"x": "own", "y": "preset"}
    assert (job["max_concurrent_runs"], job["queue"]) == (1, {"enabled": True})


def test_run_as_and_permissions_reach_every_resource(tmp_path: Path) -> None:
    job = load(
        tmp_path,
        """
        permissions: [{group_name: readers, level: CAN_VIEW}, {group_name: engineers, level: CAN_RUN}]
        resources: {jobs: {a: {permissions: [{group_name: readers, level: CAN_MANAGE}]}}}
        targets: {p: {run_as: {service_principal_name: sp}, permissions: [{user_name: u, level: CAN_MANAGE}]}}
        """,
    ).job("a")
    assert job["run_as"] == {"service_principal_name": "sp"}
    assert job["permissions"] == [
        {"group_name": "readers", "level": "CAN_MANAGE"},
        {"group_name": "engineers", "level": "CAN_MANAGE_RUN"},
        {"user_name": "u", "level": "CAN_MANAGE"},
    ]


def test_paths_are_relative_to_the_file_that_says_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "deep/r/jobs.yml": """
            resources:
              jobs:
                a:
                  environments: [{environment_key: e, spec: {dependencies: [../dist/*.whl, pandas==2.2]}}]
                  tasks:
                    - {task_key: n, notebook_task: {notebook_path: ../../n.py}}
                    - {task_key: w, notebook_task: {notebook_path: /Workspace/Shared/n}}
                    - {task_key: s, sql_task: {file: {path: q.sql}, warehouse_id: w}}
                    - {task_key: f, for_each_task: {inputs: "[1]", task: {task_key: i,
                         spark_python_task: {python_file: ./f.py}}}}
            """
        },
    )
    root = str(tmp_path.resolve())
    job = load(tmp_path, "include: [deep/r/*.yml]").job("a")
    tasks = {task["task_key"]: task for task in job["tasks"]}
    assert tasks["n"]["notebook_task"]["notebook_path"] == f"{root}/n.py"
    assert tasks["w"]["notebook_task"]["notebook_path"] == "/Workspace/Shared/n"
    assert tasks["s"]["sql_task"]["file"]["path"] == f"{root}/deep/r/q.sql"
    assert tasks["f"]["for_each_task"]["task"]["spark_python_task"]["python_file"] == f"{root}/deep/r/f.py"
    assert job["environments"][0]["spec"]["dependencies"] == [f"{root}/deep/dist/*.whl", "pandas==2.2"]


def test_an_unknown_job_gets_a_suggestion_and_places_are_exact(tmp_path: Path) -> None:
    bundle = load(tmp_path, JOB)
    with pytest.raises(JobError, match=r"no job `b`.*jobs: a"):
        bundle.job("b")
    assert str(bundle.place_of("resources", "jobs", "a", "name")).endswith("databricks.yml:5:7")
    assert bundle.place_of("resources", "jobs", "a", "queue", "enabled").line == 4


def test_the_local_user_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDELINE_USER", "Ada.Byron@example.com")
    assert local_user() == LocalUser("Ada.Byron@example.com")
    assert local_user().short_name == "ada_byron"
