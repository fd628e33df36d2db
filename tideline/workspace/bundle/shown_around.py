"""Bundles, notebooks, references and the control plane: the test that shows each here, and how to check it in a workspace."""

from __future__ import annotations

from tideline.workspace.bundle.shown import Shown

_VALIDATE = "databricks bundle validate --strict"
_RESOLVED = "databricks bundle validate --output json"
_SUMMARY = "databricks bundle summary"
_CELL = "run the cell in a notebook there"
_VALUE = "Runs > a run > the task > Parameters: the value"

BUNDLES: Shown = {
    "include": ("resolve:test_maps_merge_and_lists_concatenate_over_includes", _RESOLVED),
    "targets": (
        "resolve:test_the_default_target_is_chosen_and_an_unknown_one_gets_a_suggestion",
        f"{_VALIDATE} -t prod",
    ),
    "merging": ("resolve:test_tasks_and_parameters_of_a_target_merge_by_their_key", _RESOLVED),
    "variables": ("resolve:test_variables_come_from_five_sources_in_order", f"{_RESOLVED} --var NAME=VALUE"),
    "${bundle.*}, ${workspace.*}, ${var.*}": (
        "resolve:test_a_reference_keeps_its_type_and_several_become_text",
        _RESOLVED,
    ),
    "${resources.*}": ("resolve:test_resources_are_referred_to_after_names_got_their_prefix", _RESOLVED),
    "mode: development": ("resolve:test_development_prefixes_tags_pauses_and_allows_four_runs", f"{_SUMMARY} -t dev"),
    "presets": ("resolve:test_presets_fill_what_a_job_leaves_open", f"{_SUMMARY} -t staging"),
    "run_as, permissions": ("resolve:test_run_as_and_permissions_reach_every_resource", _RESOLVED),
    "relative paths": ("resolve:test_paths_are_relative_to_the_file_that_says_them", _RESOLVED),
    "the official command": ("project:test_the_official_command_finds_nothing_either", _VALIDATE),
    "unknown keys and fields": ("lint:test_messages_say_what_was_found_and_meant", _VALIDATE),
    "artifacts": ("", f"{_SUMMARY}; the wheel in .internal of the deployment's folder"),
    "sync": ("lint:test_what_a_deployment_refuses_is_seen_without_a_workspace", "databricks bundle sync --dry-run"),
    "scripts": ("", "databricks bundle run SCRIPT"),
    "experimental": ("project:test_a_developer_writes_to_schemas_of_his_own", f"{_SUMMARY} -t dev: the schemas' names"),
    "resources other than jobs": ("lint:test_a_wrong_value_of_any_kind_of_resource_is_found", _SUMMARY),
    "python": ("resolve:test_a_broken_file_is_one_line_with_its_place", _VALIDATE),
    "lookup variables without an override": ("resolve:test_a_reference_that_leads_nowhere_is_refused", _RESOLVED),
    "variables in auth fields": ("resolve:test_a_broken_file_is_one_line_with_its_place", _VALIDATE),
}
NOTEBOOKS: Shown = {
    ".py and .sql source, .ipynb": (
        "format:test_any_notebook_is_written_back_byte_for_byte",
        "databricks workspace export PATH, then compare",
    ),
    "cells, titles, magic lines": ("format:test_cells_have_kinds_titles_and_lines", "open the notebook there"),
    "%md, %sql, %python, %run, %sh, %fs, %skip, %restart_python": (
        "notebook:test_shell_files_pip_and_ipython_magics_run",
        _CELL,
    ),
    "%sql": ("notebook:test_sql_runs_every_statement_and_shows_the_last", _CELL),
    "%run": ("notebook:test_run_shares_the_namespace_and_its_arguments_end_with_it", _CELL),
    "%pip install": ("parts:test_pip_looks_and_never_installs", _CELL),
    "IPython magics": ("notebook:test_shell_files_pip_and_ipython_magics_run", _CELL),
    "spark": ("bound:test_temporary_views_belong_to_one_session", "type(spark) is of pyspark.sql.connect there too"),
    "display, displayHTML": ("notebook:test_display_draws_every_kind_with_text_beside_it", _CELL),
    "getArgument": ("notebook:test_parameters_win_over_widget_defaults", _CELL),
    "dbutils.widgets": (
        "parts:test_widgets_take_parameters_first_and_check_choices",
        "the notebook's widgets, above the first cell",
    ),
    "dbutils.notebook.run, exit": ("notebook:test_a_child_run_shares_nothing_and_its_error_comes_back", _CELL),
    "dbutils.jobs.taskValues": ("notebook:test_task_values_are_kept_as_json", "Runs > a run > the task > Output"),
    "dbutils.secrets": (
        "notebook:test_no_trace_of_a_secret_leaves_the_run",
        "databricks secrets list-scopes; printed, it is [REDACTED]",
    ),
    "dbutils.fs": (
        "parts:test_files_in_volumes_are_written_listed_copied_and_removed",
        "databricks fs ls dbfs:/Volumes/CATALOG/SCHEMA/VOLUME",
    ),
    "dbutils.library.restartPython": ("notebook:test_restart_empties_the_namespace_and_keeps_the_session", _CELL),
    "dbutils.data.summarize": ("notebook:test_restart_empties_the_namespace_and_keeps_the_session", _CELL),
    "getContext()": ("notebook:test_the_context_knows_path_job_and_user", _CELL),
    "working folder": (
        "notebook:test_the_kernel_stands_in_the_notebooks_folder_without_secrets",
        "import os; os.getcwd()",
    ),
    "databricks.sdk.runtime": ("notebook:test_the_runtime_module_is_served_with_all_ten_names", _CELL),
    "%scala, %r": ("parts:test_what_cannot_run_is_refused_before_anything_runs", "they need a classic cluster there"),
    "sc, sqlContext, RDDs, the Java side": (
        "notebook:test_what_is_not_there_is_refused_by_name",
        "fails on serverless compute too",
    ),
    "${name} in %sql": ("parts:test_markers_are_found_where_sql_means_them", "old notebooks still may"),
    "any other part of dbutils": ("notebook:test_what_is_not_there_is_refused_by_name", "dbutils.help()"),
}
_FILLED = "references:test_each_reference_has_its_value"
REFERENCES: Shown = {
    "{{job.id|name|run_id|repair_count}}": (_FILLED, _VALUE),
    "{{job.parameters.x}}": (_FILLED, _VALUE),
    "{{job.start_time.*}}": (_FILLED, _VALUE),
    "{{job.trigger.*}}": (_FILLED, _VALUE),
    "{{task.*}}": (_FILLED, _VALUE),
    "{{tasks.t.values.k}}, {{tasks.t.result_state}}": ("every:test_conditions_compare_text_and_numbers", _VALUE),
    "{{input}}, {{input.key}}": ("references:test_inputs_are_text_as_it_is_and_objects_as_compact_json", _VALUE),
    "{{backfill.iso_datetime}}": (_FILLED, "Run now > Run backfill"),
    "{{job_id}} and other flat names": (_FILLED, _VALUE),
    "anything else in {{ }}": (
        "references:test_an_unresolved_reference_is_an_error",
        "databricks bundle deploy refuses",
    ),
}
_SERVED = "served there"
_PLAN = "cli-requests:test_a_plan_after_a_deployment_has_nothing_to_change"

CONTROL: Shown = {
    "jobs list, get": ("control-jobs:test_jobs_are_listed_by_page_with_ids_that_never_change", "databricks jobs list"),
    "jobs run-now": ("control-jobs:test_a_run_to_its_success", "databricks jobs run-now JOB_ID"),
    "jobs runs get, get-output, list": (
        "control-jobs:test_runs_are_listed_newest_first_by_page_and_by_job",
        "databricks jobs list-runs",
    ),
    "jobs runs cancel": (
        "control-jobs:test_a_run_over_the_limit_is_skipped_or_waits_and_each_can_be_cancelled",
        "databricks jobs cancel-run RUN_ID",
    ),
    "sql statements": (
        "statements:test_every_value_is_text_or_null_and_every_column_has_its_type",
        "databricks api post /api/2.0/sql/statements",
    ),
    "sql parameters": (
        "statements:test_what_a_parameter_holds_is_never_sql",
        "databricks api post /api/2.0/sql/statements",
    ),
    "current user": ("access:test_the_platforms_client_learns_who_it_is", "databricks current-user me"),
    "errors": (
        "statements:test_wrong_sql_is_a_failed_statement_with_its_reason",
        "databricks api post /api/2.0/sql/statements",
    ),
    "every other route, every other field of run-now and statements": (
        "access:test_what_is_not_served_is_said_by_its_route",
        _SERVED,
    ),
    "results as Arrow or CSV": ("statements:test_what_is_not_served_is_not_ignored", _SERVED),
    "jobs runs repair": ("repairs:test_what_failed_runs_again_in_the_same_run", "databricks jobs repair-run RUN_ID"),
    "jobs create, reset, update, delete": (
        "deployed:test_an_update_merges_tasks_by_key_and_removes_what_is_named", "databricks jobs create --json @job.json"),
    "workspace files": (
        "control-files:test_the_client_uploads_and_exports_in_its_own_ways", "databricks workspace list FOLDER"),
    "files of volumes": (
        "volume-files:test_a_file_is_put_where_notebooks_read_it_and_comes_back", "databricks fs ls dbfs:/Volumes/..."),
    "secrets": ("secrets:test_a_secret_is_what_a_notebook_reads", "databricks secrets list-secrets SCOPE"),
    "secrets in answers": (
        "answers:test_what_runs_tell_holds_no_secret", "databricks jobs get-run RUN_ID: shown as it is"),
    "bundle deploy, plan, run, summary, destroy": (
        "cli-requests:test_a_destroyed_deployment_leaves_nothing_and_every_recorded_request_was_asked",
        "databricks bundle deploy; plan; run; summary; destroy"),
    "schemas, volumes": (
        "deployed:test_schemas_and_volumes_are_kept_changed_and_forgotten_and_files_stay", "databricks schemas list CATALOG"),
    "registered models, experiments": (_PLAN, "databricks registered-models list"),
    "apps and their deployments": (
        "deployed:test_an_app_is_recorded_and_does_not_claim_to_run", "databricks apps get NAME"),
    "permissions, grants, secret ACLs": (
        "deployed:test_permissions_of_a_job_are_set_added_to_and_go_with_it", "databricks permissions get jobs JOB_ID"),
    "telemetry": (_PLAN, "`databricks bundle deploy` sends it unless DATABRICKS_CLI_DISABLE_TELEMETRY is set"),
    "warehouse_id": ("statements:test_any_warehouse_tags_and_targets_are_taken", "databricks warehouses list"),
    "performance_target, query_tags": (
        "statements:test_any_warehouse_tags_and_targets_are_taken", "the details of the run, and of the query in its history"),
    "changing or deleting the bundle's own jobs": (
        "deployed:test_the_bundles_own_jobs_are_changed_in_its_files_alone", "a deployed job is shown as of its bundle"),
    "runs submit, other jobs of one go": ("access:test_what_is_not_served_is_said_by_its_route", _SERVED),
    "export of folders, as DBC or HTML": (
        "control-files:test_the_client_uploads_and_exports_in_its_own_ways", _SERVED),
    "secrets that are no text": ("secrets:test_bytes_are_taken_where_they_are_text", _SERVED),
}

SHOWN_AROUND = {"bundle": BUNDLES, "notebook": NOTEBOOKS, "reference": REFERENCES, "control": CONTROL}
