"""Runs, and what a person sees of them: what the local workspace does with each part."""

from __future__ import annotations

from tideline.workspace.bundle.capability_rows import EMULATED
from tideline.workspace.bundle.shown import row_of

RUNS = (
    row_of(
        "run", EMULATED, "states of tasks",
        "SUCCESS, FAILED, TIMEDOUT, CANCELED, UPSTREAM_FAILED, UPSTREAM_CANCELED, EXCLUDED, DISABLED",
        "every:test_every_task_ends_in_the_state_of_the_workspace",
        "databricks jobs get-run RUN_ID: result_state of each task",
    ),
    row_of(
        "run", EMULATED, "result of a run",
        "from its leaves: SUCCESS, SUCCESS_WITH_FAILURES, FAILED",
        "result:test_the_leaves_decide",
        "databricks jobs get-run RUN_ID: state.result_state",
    ),
    row_of(
        "run", EMULATED, "excluded tasks",
        "count as success for what follows; all excluded, excluded too",
        "run-if:test_the_branch_that_was_not_taken_is_excluded_whatever_the_condition",
        "Runs > a run > Graph: the other branch is Excluded",
    ),
    row_of(
        "run", EMULATED, "run now with parameters",
        "`tideline run JOB --param NAME=VALUE`; an unknown name is refused with the known ones",
        "every:test_unknown_parameters_tasks_and_jobs_are_refused_by_name",
        "Run now with different settings",
    ),
    row_of(
        "run", EMULATED, "a part of the tasks",
        "`--only a,+b,c+`: + takes what is before or after; the others are DISABLED",
        "select:test_plus_takes_what_is_before_or_after",
        "databricks bundle run JOB --only a,+b",
    ),
    row_of(
        "run", EMULATED, "repair run",
        "`tideline repair`: what failed and what follows; finished values are kept",
        "every:test_repair_runs_what_failed_and_keeps_what_is_finished",
        "Runs > a failed run > Repair run",
    ),
    row_of(
        "run", EMULATED, "cancelling",
        "Ctrl+C: tasks end CANCELED at once, their queries too",
        "every:test_a_cancelled_run_stops_its_tasks_at_once",
        "Runs > a run > Cancel run",
    ),
    row_of(
        "run", EMULATED, "the end of a query",
        "a notebook over its time, or cancelled, leaves no query behind on the server",
        "ends:test_a_limit_stops_the_notebook_and_its_query",
        "Query history: the statement is Canceled",
    ),
    row_of(
        "run", EMULATED, "notebooks apart",
        "a kernel and a session per attempt: no variables, views or settings are shared",
        "ends:test_notebooks_run_side_by_side_and_share_nothing",
        "Runs > a run > Graph: two tasks with a view of one name",
    ),
    row_of(
        "run", EMULATED, "a warm server",
        "one Spark server for all commands, on loopback with a token",
        "server:test_a_server_survives_the_client_that_started_it_and_is_found_again",
        "serverless compute stays warm between tasks",
    ),
    row_of(
        "run", EMULATED, "an unused server",
        "ends by itself after two hours; tables stay",
        "server:test_an_unused_server_ends_by_itself",
        "serverless compute ends by itself, too",
    ),
    row_of(
        "run", EMULATED, "the error of a task",
        "the person's own, with notebook, cell and line",
        "every:test_the_error_is_the_users_own_with_its_place",
        "the task's page: the cell with its error",
    ),
    row_of(
        "run", EMULATED, "live progress",
        "a line per task with state, time and rows, and a bar for the job",
        "progress:test_on_a_terminal_each_task_has_one_line_that_moves_and_all_stand_at_the_end",
        "Runs > a run > Graph",
    ),
    row_of(
        "run", EMULATED, "cells as they run",
        "number, kind and title of each, as it begins and ends",
        "notebook:test_events_tell_each_cell_that_begins_and_ends",
        "the notebook of a running task",
    ),
    row_of(
        "run", EMULATED, "graph and order",
        "`tideline graph JOB`, before anything starts",
        "cli:test_the_graph_is_shown_in_order",
        "Job > Tasks",
    ),
    row_of(
        "run", EMULATED, "page of a run",
        "graph, timeline, parameters, task values, tables, every notebook as executed",
        "report:test_a_successful_run_shows_tables_and_the_notebook_as_executed",
        "Runs > a run > Graph and Timeline",
    ),
    row_of(
        "run", EMULATED, "a failed run's page",
        "names the first failure and the command that repairs it",
        "report:test_a_failed_run_says_where_it_began_and_how_to_repair_it",
        "Runs > a failed run > Overview",
    ),
    row_of(
        "run", EMULATED, "executed notebook",
        "as a page, Markdown and .ipynb, with its figures",
        "notebook:test_the_saved_notebook_is_valid_and_keeps_the_figures",
        "databricks jobs export-run TASK_RUN_ID",
    ),
    row_of(
        "run", EMULATED, "some cells of a notebook",
        "`tideline notebook PATH --cells 1-3`",
        "ends:test_of_a_notebook_only_the_chosen_cells_run",
        "Run > Run above, Run selected cells",
    ),
    row_of(
        "run", EMULATED, "result as data",
        "run.json holds states, attempts and times; `tideline run --json` prints them",
        "report:test_the_kept_run_is_plain_json",
        "databricks jobs get-run RUN_ID",
    ),
    row_of(
        "run", EMULATED, "JUnit",
        "junit.xml: a case per task",
        "every:test_everything_is_kept",
        "none there: made from get-run",
    ),
    row_of(
        "run", EMULATED, "a runner that died",
        "its run is found CANCELED, not running for ever",
        "every:test_a_run_whose_runner_died_is_found_cancelled",
        "the service does not die with a client",
    ),
    row_of(
        "run", EMULATED, "checks before a run",
        "no server, no jars, a wrong bundle: said before the first task",
        "ends:test_nothing_runs_where_no_server_answers",
        "databricks bundle validate --strict",
    ),
    row_of(
        "run", EMULATED, "lint",
        "what `bundle validate` does not see: graph, references, parameters, widgets, loops, schedules, values in SQL text",
        "lint:test_every_rule_has_a_case_here",
        "databricks bundle deploy refuses, or a run fails",
    ),
    row_of(
        "run", EMULATED, "limits of serverless compute",
        "all deployed code is searched for them; `tideline validate` gives line and column",
        "serverless:test_python_that_fails_is_refused_at_its_column",
        "run the notebook on serverless compute",
    ),
    row_of(
        "run", EMULATED, "a dashboard in a browser",
        "`tideline ui`: widgets as a form, figures as they are drawn, an address that can be shared",
        "ui-notebooks:test_a_dashboard_is_opened_a_widget_changed_and_the_figure_changes",
        "the notebook's dashboard, or its widgets",
    ),
    row_of(
        "run", EMULATED, "jobs and runs in a browser",
        "`tideline ui`: start, watch, read what failed, mend a parameter, repair",
        "ui-jobs:test_start_a_job_that_fails_read_why_mend_the_parameter_repair_and_see_it_pass",
        "Jobs & Pipelines > a job > Run now; a run > Repair run",
    ),
    row_of(
        "run", EMULATED, "deployed jobs in a browser",
        "listed beside the bundle's own, and run from their pages; no scheduler of this machine starts them",
        "web-deployed:test_a_deployed_job_has_a_page_its_runs_lead_to_and_it_runs_from_there",
        "Jobs & Pipelines > the deployed job",
    ),
    row_of(
        "run", EMULATED, "two runs compared",
        "`tideline ui`: by task, parameter and table",
        "web-runs:test_two_runs_are_compared_by_task_parameter_and_table",
        "Job > Runs: the matrix of runs and tasks",
    ),
    row_of(
        "run", EMULATED, "SQL editor",
        "`tideline ui`: rows page by page, the place of an error, cancel, download",
        "web-sql:test_a_statement_gives_its_rows_with_names_and_types",
        "SQL Editor",
    ),
    row_of(
        "run", EMULATED, "catalogue of tables",
        "`tideline ui`: what a row is, columns, history, changed rows, checks, runs",
        "web-tables:test_the_catalogue_lists_every_table_with_what_a_row_is",
        "Catalog Explorer",
    ),
    row_of(
        "run", EMULATED, "lineage",
        "`tideline ui`: of tables, as their declarations say; not of columns",
        "web-tables:test_lineage_leads_both_ways_below_the_same_prefix",
        "Catalog Explorer > the table > Lineage",
    ),
    row_of(
        "run", EMULATED, "personal columns masked",
        "in previews, until they are asked for; the SQL editor masks nothing",
        "web-tables:test_a_preview_masks_personal_and_undeclared_columns_and_says_so",
        "a column mask on the table",
    ),
    row_of(
        "run", EMULATED, "quarantine replayed",
        "`tideline ui`: by the bundle's own job, whose run is followed",
        "web-project:test_a_replay_starts_the_job_with_its_parameters_and_its_run_is_followed",
        "Run now on the job that replays",
    ),
    row_of(
        "run", EMULATED, "what is emulated",
        "`tideline capabilities`: this table",
        "capabilities:test_the_page_says_what_the_table_says",
        "none there: all of it is the original",
    ),
    row_of(
        "run", EMULATED, "any bundle",
        "`tideline --root DIR run JOB`",
        "every:test_every_task_ends_in_the_state_of_the_workspace",
        "databricks bundle deploy in that folder",
    ),
    row_of(
        "run", EMULATED, "what a machine lacks",
        "`tideline doctor`",
        "doctor:test_missing_jars_are_found_and_the_command_named",
        "none there: compute comes with everything",
    ),
)  # fmt: skip
