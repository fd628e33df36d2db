"""Jobs and tasks: what the local workspace does with each field of the official models."""

from __future__ import annotations

from dataclasses import dataclass

EMULATED, RECORDED, REFUSED = "emulated", "recorded", "refused"


@dataclass(frozen=True)
class Capability:
    """One field or feature; `note` says how it behaves here, or what to do instead where it is refused.

    `shown_by` is the test that shows it here, `check` what to do in a workspace to see the same; `shown_jobs.py` and
    `shown_around.py` hold them, so that a row stays a line.
    """

    area: str
    name: str
    level: str
    note: str = ""
    shown_by: str = ""
    check: str = ""


def rows_of(area: str, level: str, **notes: str) -> tuple[Capability, ...]:
    """Rows of one area and level from names and notes."""
    return tuple(Capability(area, name, level, note) for name, note in notes.items())


JOB_FIELDS = (
    *rows_of(
        "job",
        EMULATED,
        name="shown with the prefix of the target",
        description="shown",
        parameters="widgets of every notebook, over base_parameters of the same name; all values are text",
        tasks="the graph",
        timeout_seconds="ends the run as TIMEDOUT",
        max_concurrent_runs="counted over the runs of this machine",
        queue="a run over the limit waits; without a queue it is skipped; one that was triggered keeps its turn over restarts",
        environments="the installation serves all; nothing is fetched for a run",
        job_clusters="one local server stands for every cluster",
        schedule="fires while `tideline schedule start` runs, by its Quartz expression and zone; missed times are one run",
        trigger="fires while `tideline schedule start` runs: periodic, file_arrival, table_update; other kinds are refused there",
        continuous="while `tideline schedule start` runs; after failures it waits 10 s to 10 min; task_retry_mode has no effect",
        triggers="each of the list fires like `trigger`; in mode development only pause_status pauses them",
    ),
    *rows_of(
        "job",
        RECORDED,
        tags="in the report",
        health="a rule that is broken is an event of the run",
        duration_target="validated",
        email_notifications="an event of the run; nothing is sent",
        webhook_notifications="an event of the run; nothing is sent",
        notification_settings="validated; nothing is sent anyway",
        performance_target="one machine has one performance",
        permissions="one person, no access control",
        run_as="runs as the person at the keyboard",
        budget_policy_id="nothing is billed",
        usage_policy_id="nothing is billed",
        lifecycle="about deployments only",
        parent_path="about deployments only",
    ),
    *rows_of(
        "job",
        REFUSED,
        git_source="notebooks come from this folder: check the repository out and name their paths",
        environment_variables="values would reach all tasks of the shared kernels: use job parameters",
    ),
)

TASK_FIELDS = (
    *rows_of(
        "task",
        EMULATED,
        task_key="",
        depends_on="with outcome",
        run_if="all six conditions",
        disabled="DISABLED; what follows sees a task that is left out",
        notebook_task="a kernel of its own per attempt",
        spark_python_task="a process of its own per attempt",
        python_wheel_task="the entry point of an installed package, in a process of its own",
        sql_task="a file of statements; queries, alerts and dashboards of a workspace are refused",
        condition_task="EQUAL_TO and NOT_EQUAL compare text, order operators numbers",
        for_each_task="with concurrency; iterations are listed in the report",
        run_job_task="a run of the other job within this one",
        max_retries="-1 (for ever) stops after 10 attempts",
        min_retry_interval_millis="counted from the start of the failed attempt",
        retry_on_timeout="",
        timeout_seconds="per attempt; the query on the server is stopped too",
        job_cluster_key="one local server stands for every cluster",
        environment_key="the installation serves all",
        existing_cluster_id="one local server stands for every cluster",
        new_cluster="one local server stands for every cluster",
        libraries="must be installed already; nothing is fetched for a run",
        compute="one local server stands for every kind of compute",
    ),
    *rows_of(
        "task",
        RECORDED,
        description="in the report",
        health="validated; the job's own rules are watched",
        email_notifications="validated; the job's own are noted",
        webhook_notifications="validated; the job's own are noted",
        notification_settings="validated; nothing is sent anyway",
        disable_auto_optimization="retries are those that the task declares",
    ),
    *rows_of(
        "task",
        REFUSED,
        environment_variables_key="use job parameters",
        ai_runtime_task="needs the workspace's accelerators",
        alert_task="needs an alert of a workspace",
        clean_rooms_notebook_task="needs a clean room",
        dashboard_task="needs a dashboard of a workspace: use a notebook",
        dbt_platform_task="needs an account of the platform",
        dbt_task="run dbt by a spark_python_task",
        gen_ai_compute_task="needs the workspace's accelerators",
        pipeline_task="declarative pipelines do not run here: use notebook tasks",
        power_bi_task="needs an account of the platform",
        python_operator_task="use python_wheel_task",
        spark_jar_task="the server takes no jars from jobs",
        spark_submit_task="use spark_python_task",
    ),
)
