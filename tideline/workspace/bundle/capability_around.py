"""Bundles, notebooks, references and the control plane: what the local workspace does with each part."""

from __future__ import annotations

from tideline.workspace.bundle.capability_rows import EMULATED, RECORDED, REFUSED, Capability


def _rows(area: str, level: str, *pairs: tuple[str, str]) -> tuple[Capability, ...]:
    return tuple(Capability(area, name, level, note) for name, note in pairs)


BUNDLE = (
    *_rows(
        "bundle",
        EMULATED,
        ("include", "globs below the bundle; a plain name that is missing is an error"),
        ("merging", "maps merge, lists concatenate; tasks, clusters and parameters merge by their key"),
        ("targets", "`--target`, else the default one, else the only one"),
        (
            "variables",
            "`--var`, `BUNDLE_VAR_x`, pyproject.toml, override file, target, default; also complex ones",
        ),
        (
            "${bundle.*}, ${workspace.*}, ${var.*}",
            "a string that is one reference keeps the type; cycles are found",
        ),
        (
            "${resources.*}",
            "declared and computed fields; the id of a job names the job that run_job_task runs",
        ),
        ("mode: development", "prefix, tag, paused triggers, four concurrent runs, schema prefix"),
        ("presets", "fill what is unset; names are always prefixed"),
        ("run_as, permissions", "reach every resource that has none of its own"),
        ("relative paths", "start at the file that says them"),
        (
            "the official command",
            "`bundle validate --strict` is clean for every target; a test asks it where DATABRICKS_CLI_PATH is set",
        ),
        ("unknown keys and fields", "refused by name with file, line and what was probably meant"),
    ),
    *_rows(
        "bundle",
        RECORDED,
        ("artifacts", "not built; wheels must be installed"),
        (
            "sync",
            "nothing is copied: notebooks run where they stand; patterns that match nothing are a warning",
        ),
        ("scripts", "not run"),
        ("experimental", "only skip_name_prefix_for_schema has an effect"),
        (
            "resources other than jobs",
            "validated by the official models, not created; a run makes its own schemas",
        ),
    ),
    *_rows(
        "bundle",
        REFUSED,
        ("python", "resources made in Python are not loaded: write them in YAML"),
        ("lookup variables without an override", "there is no workspace to ask: give the value with --var"),
        ("variables in auth fields", "choose the workspace by profile or environment"),
    ),
)

NOTEBOOK = (
    *_rows(
        "notebook",
        EMULATED,
        (
            ".py and .sql source, .ipynb",
            "source is written back byte for byte; named with or without extension",
        ),
        (
            "%md, %sql, %python, %run, %sh, %fs, %skip, %restart_python",
            "`%sql` leaves its result in `_sqldf`",
        ),
        ("cells, titles, magic lines", "`# COMMAND`, `# DBTITLE`, `# MAGIC`, as the platform exports them; CRLF stays CRLF"),
        ("%sql", "all statements run, the last is shown; `:name` takes the value of a widget"),
        ("%run", "in the same namespace, with arguments; alone in its cell; a circle is named"),
        ("%pip install", "checks what is installed and never touches the network"),
        ("IPython magics", "passed on"),
        ("spark", "Spark Connect, a session of its own per attempt"),
        ("display, displayHTML", "Spark, pandas, Matplotlib, Plotly, lists and dicts; rows are limited"),
        ("getArgument", "the value of a widget, or the given default"),
        ("dbutils.widgets", "parameters win over defaults; choices are checked; an unknown name is an error"),
        (
            "dbutils.notebook.run, exit",
            "a child has a kernel of its own; exit ends the notebook with its value",
        ),
        (
            "dbutils.jobs.taskValues",
            "48 KiB of JSON; set in the body of a loop is refused, as on the platform",
        ),
        (
            "dbutils.secrets",
            "from a file that only its owner reads, or the environment; redacted in every output",
        ),
        ("dbutils.fs", "/Volumes, /Workspace, dbfs:/ and file:/ are folders of this machine"),
        ("dbutils.library.restartPython", "an empty namespace; the session stays"),
        ("dbutils.data.summarize", "a plain profile"),
        ("databricks.sdk.runtime", "served here, without credentials"),
        ("getContext()", "path, job, run and user; a token is refused"),
        ("working folder", "the notebook's own; it and the bundle's root are on the path"),
    ),
    *_rows(
        "notebook",
        REFUSED,
        ("%scala, %r", "Python and SQL cells run here"),
        ("sc, sqlContext, RDDs, the Java side", "Spark Connect has none of them, nor has serverless compute"),
        ("${name} in %sql", "write :name, which cannot be injected into"),
        ("any other part of dbutils", "an AttributeError names it"),
    ),
)

REFERENCES = (
    *_rows(
        "reference",
        EMULATED,
        ("{{job.id|name|run_id|repair_count}}", ""),
        ("{{job.parameters.x}}", "undeclared ones are refused before the run"),
        ("{{job.start_time.*}}", "UTC, the same in the whole run"),
        ("{{job.trigger.*}}", "type, the time that was due, where files arrived, which tables changed; by hand: one_time"),
        ("{{task.*}}", ""),
        ("{{tasks.t.values.k}}, {{tasks.t.result_state}}", "of tasks upstream only"),
        ("{{input}}, {{input.key}}", "in the body of a loop; top-level keys only"),
        ("{{backfill.iso_datetime}}", ""),
        ("{{job_id}} and other flat names", "filled in, with a warning: they are deprecated"),
    ),
    *_rows(
        "reference",
        REFUSED,
        ("anything else in {{ }}", "an error before the run; a notebook never sees the braces"),
    ),
)

CONTROL = (
    *_rows(
        "control",
        EMULATED,
        ("jobs list, get", "the bundle as it stands and what was deployed; an id is a hash, and what {{job.id}} gives"),
        ("jobs run-now", "job_parameters, notebook_params (jobs without parameters), only, queue, idempotency_token"),
        ("jobs runs get, get-output, list", "of every kept run, whoever started it; a task shows its last attempt"),
        ("jobs runs cancel", "of runs that were started here; one from a terminal is stopped there"),
        ("jobs runs repair", "in the background; rerun_tasks, rerun_all_failed_tasks, rerun_dependent_tasks, latest_repair_id"),
        ("jobs create, reset, update, delete", "of deployed jobs; a run runs what was sent, over the deployed files"),
        ("workspace files", "mkdirs, list, get-status, delete, import, export, import-file; folders below .tideline/workspace"),
        ("files of volumes", "the Files API on the folders that notebooks see; a file has at most 5 GiB"),
        ("secrets", "scopes and secrets of the local secrets file, which dbutils.secrets reads; values that are text"),
        ("secrets in answers", "[REDACTED] in those of runs, of statements and in errors; settings come back as sent"),
        ("bundle deploy, plan, run, summary, destroy", "every request that was recorded of the official command"),
        ("sql statements", "execute, get, chunks, cancel; JSON_ARRAY inline to 25 MiB, by links to 200 MiB, for an hour"),
        ("sql parameters", "named and typed, bound as values; arrays, maps, structs and intervals are refused"),
        ("current user", "the local user; the token is this server's own"),
        ("errors", "error_code and message; failing SQL is state FAILED with HTTP status 200"),
    ),
    *_rows(
        "control",
        RECORDED,
        ("schemas, volumes", "a run of a deployed job makes them in spark_catalog; deleting forgets, tables and files stay"),
        ("registered models, experiments", "kept and given back; models and runs of notebooks are MLflow's on this machine"),
        ("apps and their deployments", "kept; STOPPED and FAILED, for none runs here: `tideline app NAME` runs one"),
        ("permissions, grants, secret ACLs", "kept and given back; one person, no access control"),
        ("telemetry", "taken and thrown away"),
        ("warehouse_id", "any name: one Spark server stands for every warehouse"),
        ("performance_target, query_tags", "taken, without effect"),
    ),
    *_rows(
        "control",
        REFUSED,
        ("every other route, every other field of run-now and statements", "501 NOT_IMPLEMENTED names it"),
        ("results as Arrow or CSV", "501; leave format out"),
        ("changing or deleting the bundle's own jobs", "400; edit the bundle, it is read anew for each request"),
        ("runs submit, other jobs of one go", "501; create a job, or run one of the bundle"),
        ("export of folders, as DBC or HTML", "501; export each file"),
        ("secrets that are no text", "501; encode them"),
    ),
)

AROUND = (*BUNDLE, *NOTEBOOK, *REFERENCES, *CONTROL)
