"""Fields of jobs and tasks: the test that shows each here, and how to check it in a workspace."""

from __future__ import annotations

from tideline.workspace.bundle.shown import Shown

_JOB = "databricks jobs get JOB_ID"
_RUN = "databricks jobs get-run RUN_ID"
_TASK = "the task in Runs > a run > Graph"
_TRUE = "capabilities:test_a_field_is_refused_if_and_only_if_the_table_says_so"
_EVERY = "every:test_every_task_ends_in_the_state_of_the_workspace"
_STARTS = "Job details > Schedules & Triggers"
_TRY = "deploy a job that has it and run it there"

JOBS: Shown = {
    "name": ("resolve:test_development_prefixes_tags_pauses_and_allows_four_runs", "the list of Jobs & Pipelines"),
    "description": ("project:test_every_job_is_patient_limited_watched_and_runs_here", "Job details > Description"),
    "parameters": ("every:test_the_job_parameter_wins_over_the_base_parameter", "Run now with different settings > Parameters"),
    "tasks": (_EVERY, "Tasks: the same graph as `tideline graph JOB`"),
    "timeout_seconds": ("limits:test_a_job_that_takes_too_long_is_timed_out_with_its_tasks", f"{_RUN}: result_state TIMEDOUT"),
    "max_concurrent_runs": ("every:test_a_second_run_waits_for_the_first", "Run now twice: the second is queued"),
    "queue": ("scheduler:test_runs_of_a_job_wait_in_line_and_the_line_outlives_the_process", "Run now twice: Queued"),
    "environments": ("notebooks:test_what_a_notebook_asks_for_is_what_the_lock_pins", "the notebook's Environment panel"),
    "job_clusters": (_TRUE, _JOB),
    "schedule": ("scheduler:test_a_schedule_starts_a_run_that_knows_the_moment_that_was_due", _STARTS),
    "trigger": ("scheduler:test_files_that_arrive_start_a_run_that_knows_where", _STARTS),
    "continuous": ("scheduler:test_a_continuous_job_runs_again_at_once_and_after_failures_later", _STARTS),
    "triggers": ("scheduler:test_each_trigger_of_a_list_starts_runs_of_its_own", _STARTS),
    "tags": ("resolve:test_presets_fill_what_a_job_leaves_open", "Job details > Tags"),
    "health": (
        "limits:test_whom_a_workspace_would_tell_and_which_rule_is_broken_is_noted_and_nothing_is_sent",
        "Job details > Duration and streaming backlog thresholds"),
    "duration_target": (_TRUE, _JOB),
    "email_notifications": (
        "limits:test_whom_a_workspace_would_tell_and_which_rule_is_broken_is_noted_and_nothing_is_sent",
        "let a run fail: a mail comes"),
    "webhook_notifications": (
        "limits:test_whom_a_workspace_would_tell_and_which_rule_is_broken_is_noted_and_nothing_is_sent",
        "let a run fail: the destination is called"),
    "notification_settings": (_TRUE, _JOB),
    "performance_target": (_TRUE, "Job details > Performance optimized"),
    "permissions": ("project:test_jobs_run_as_the_principal_and_carry_permissions", "databricks permissions get jobs JOB_ID"),
    "run_as": ("project:test_jobs_run_as_the_principal_and_carry_permissions", "Job details > Run as"),
    "budget_policy_id": (_TRUE, _JOB),
    "usage_policy_id": (_TRUE, _JOB),
    "lifecycle": (_TRUE, "databricks bundle destroy refuses where prevent_destroy is set"),
    "parent_path": (_TRUE, _JOB),
    "git_source": (_TRUE, _TRY),
    "environment_variables": (_TRUE, _TRY),
}

TASKS: Shown = {
    "task_key": (_EVERY, _TASK),
    "depends_on": (_EVERY, _TASK),
    "run_if": ("run-if:test_each_condition_reads_the_states_before_it", f"{_TASK} > Run if dependencies"),
    "disabled": (_EVERY, f"{_RUN}: result_state DISABLED"),
    "notebook_task": (_EVERY, _TASK),
    "spark_python_task": (_EVERY, _TASK),
    "python_wheel_task": (_EVERY, _TASK),
    "sql_task": (_EVERY, _TASK),
    "condition_task": ("every:test_conditions_compare_text_and_numbers", f"{_TASK}: the outcome"),
    "for_each_task": ("every:test_a_loop_runs_its_body_for_every_item", f"{_TASK} > Iterations"),
    "run_job_task": ("every:test_a_child_job_gets_what_it_is_given", f"{_TASK}: a link to the other run"),
    "max_retries": ("every:test_a_retry_waits_from_the_start_of_the_failed_attempt", f"{_TASK} > Attempts"),
    "min_retry_interval_millis": ("every:test_a_retry_waits_from_the_start_of_the_failed_attempt", f"{_TASK} > Attempts"),
    "retry_on_timeout": ("limits:test_a_time_out_is_tried_again_where_the_task_asks_for_it", f"{_TASK} > Attempts"),
    "timeout_seconds": ("every:test_a_time_out_is_not_retried_unless_asked", f"{_RUN}: result_state TIMEDOUT"),
    "job_cluster_key": (_TRUE, f"{_TASK} > Compute"),
    "environment_key": (_TRUE, f"{_TASK} > Environment"),
    "existing_cluster_id": (_TRUE, f"{_TASK} > Compute"),
    "new_cluster": (_TRUE, f"{_TASK} > Compute"),
    "libraries": (_TRUE, f"{_TASK} > Dependent libraries"),
    "compute": (_TRUE, f"{_TASK} > Compute"),
    "description": ("project:test_every_job_is_patient_limited_watched_and_runs_here", _TASK),
    "health": (_TRUE, _JOB),
    "email_notifications": (_TRUE, _JOB),
    "webhook_notifications": (_TRUE, _JOB),
    "notification_settings": (_TRUE, _JOB),
    "disable_auto_optimization": (_TRUE, f"{_RUN}: no attempt more than the task declares"),
    "environment_variables_key": (_TRUE, _TRY),
    "ai_runtime_task": (_TRUE, _TRY),
    "alert_task": (_TRUE, _TRY),
    "clean_rooms_notebook_task": (_TRUE, _TRY),
    "dashboard_task": (_TRUE, _TRY),
    "dbt_platform_task": (_TRUE, _TRY),
    "dbt_task": (_TRUE, _TRY),
    "gen_ai_compute_task": (_TRUE, _TRY),
    "pipeline_task": (_TRUE, _TRY),
    "power_bi_task": (_TRUE, _TRY),
    "python_operator_task": (_TRUE, _TRY),
    "spark_jar_task": (_TRUE, _TRY),
    "spark_submit_task": (_TRUE, _TRY),
}
