"""Tables, functions, models and apps that notebooks rely on: what the local workspace does with each."""

from __future__ import annotations

from tideline.workspace.bundle.capability_rows import EMULATED, RECORDED, REFUSED
from tideline.workspace.bundle.shown import row_of

DATA = (
    row_of(
        "data", EMULATED, "catalogue and schemas",
        "Hive's catalogue on this machine, under the name spark_catalog; it outlives the server",
        "server:test_a_killed_server_is_started_again_with_its_tables",
        "databricks schemas list CATALOG",
    ),
    row_of(
        "data", EMULATED, "names by target",
        "catalogue, prefix and volume root are job parameters",
        "project:test_the_schemas_and_volumes_that_are_written_are_those_that_are_declared",
        "databricks bundle summary -t dev",
    ),
    row_of(
        "data", EMULATED, "Delta tables",
        "real Delta, by SQL and DataFrames",
        "bound:test_a_delta_table_is_written_and_read",
        "DESCRIBE DETAIL table",
    ),
    row_of(
        "data", EMULATED, "MERGE",
        "with its counts in the history; with schema evolution",
        "features:test_a_merge_updates_deletes_inserts_and_counts",
        "DESCRIBE HISTORY table: operationMetrics",
    ),
    row_of(
        "data", EMULATED, "schema evolution",
        "MERGE WITH SCHEMA EVOLUTION",
        "features:test_a_merge_with_schema_evolution_adds_a_column",
        "DESCRIBE TABLE table",
    ),
    row_of(
        "data", EMULATED, "change data feed",
        "table_changes, both images",
        "features:test_the_change_feed_gives_both_images",
        "SELECT * FROM table_changes('table', 1)",
    ),
    row_of(
        "data", EMULATED, "deletion vectors",
        "on where the table's property says so; a workspace has them on by default",
        "features:test_a_deletion_vector_removes_a_row_and_rewrites_no_file",
        "DESCRIBE HISTORY table: numDeletionVectorsAdded",
    ),
    row_of(
        "data", EMULATED, "liquid clustering",
        "kept, and used by OPTIMIZE; CLUSTER BY AUTO is unknown here",
        "features:test_columns_of_clustering_are_kept",
        "DESCRIBE DETAIL table: clusteringColumns",
    ),
    row_of(
        "data", EMULATED, "VARIANT",
        "parse_json, variant_get",
        "features:test_a_variant_keeps_json_and_gives_its_parts",
        "SELECT schema_of_variant(column) FROM table",
    ),
    row_of(
        "data", EMULATED, "time travel, RESTORE",
        "VERSION AS OF",
        "features:test_an_older_version_is_read_and_restored",
        "SELECT * FROM table VERSION AS OF 1",
    ),
    row_of(
        "data", EMULATED, "OPTIMIZE, VACUUM",
        "when a job asks; nothing is tidied by itself, as predictive optimization does there",
        "features:test_upkeep_compacts_files_and_keeps_rows",
        "DESCRIBE HISTORY table: OPTIMIZE, VACUUM",
    ),
    row_of(
        "data", EMULATED, "comments",
        "of tables and columns",
        "features:test_comments_of_tables_and_columns_are_kept",
        "Catalog Explorer > the table",
    ),
    row_of(
        "data", EMULATED, "SQL parameters",
        "`:name`, IDENTIFIER(:name)",
        "features:test_names_and_values_are_parameters",
        "spark.sql(query, args={...}) in a notebook",
    ),
    row_of(
        "data", EMULATED, "reads by JDBC",
        "PostgreSQL's driver comes with set-up; another database's is a line of requirements/jars.txt",
        "rows:test_only_what_changed_is_landed_and_everything_of_it",
        "spark.read.format('jdbc') on serverless compute, or a connection of Unity Catalog",
    ),
    row_of(
        "data", EMULATED, "functions in Python and pandas",
        "real workers with the Python of the notebook",
        "features:test_pandas_functions_run_by_batch_and_by_group",
        "the same notebook there",
    ),
    row_of(
        "data", EMULATED, "ANSI mode, UTC",
        "as on serverless compute",
        "features:test_a_wrong_cast_is_an_error_as_on_serverless_compute",
        "SELECT cast('x' AS int) fails",
    ),
    row_of(
        "data", EMULATED, "streams",
        "with availableNow; others never end, and `tideline validate` refuses them",
        "features:test_a_stream_reads_what_is_available_and_ends",
        "the same notebook there",
    ),
    row_of(
        "data", EMULATED, "Databricks Connect",
        "the same client against the local server: `make test-connect` runs this test and 300 others through it",
        "features:test_a_merge_updates_deletes_inserts_and_counts",
        "unset SPARK_REMOTE, `databricks auth login`, DatabricksSession.builder.serverless()",
    ),
    row_of(
        "data", EMULATED, "MLflow tracking",
        "on SQLite below .tideline: experiments, runs, artifacts",
        "tracking:test_a_run_names_its_notebook_widgets_data_and_code",
        "Experiments > the run",
    ),
    row_of(
        "data", EMULATED, "registered models",
        "in the same store, with aliases; three-level names are plain text here",
        "models:test_a_model_is_registered_by_its_three_level_name_and_found_by_its_alias",
        "databricks registered-models list",
    ),
    row_of(
        "data", EMULATED, "Databricks Apps",
        "`tideline app NAME`: the app's own command, its host and port from the environment",
        "app-command:test_the_command_serves_the_app_and_ends_it",
        "databricks apps get NAME",
    ),
    row_of(
        "data", EMULATED, "source of an app",
        "a built folder that holds what it needs and nothing else",
        "built:test_an_app_starts_from_its_folder_alone_where_the_environment_says",
        "databricks apps list-deployments NAME",
    ),
    row_of(
        "data", EMULATED, "a person is forgotten",
        "job `forget`, started by `tideline forget`: tables, their old versions, landed files; nothing brings the person back",
        "forget:test_promise_26_a_forgotten_person_is_in_no_table_and_in_no_file",
        "databricks bundle run forget --params system=SYSTEM,person_secret=NAME",
    ),
    row_of(
        "data", RECORDED, "grants",
        "declared for every schema and volume, not enforced: one person, no access control",
        "project:test_readers_see_gold_only_and_engineers_and_the_principal_see_all",
        "SHOW GRANTS ON SCHEMA schema",
    ),
    row_of(
        "data", RECORDED, "managed and external volumes",
        "both are folders below .tideline",
        "project:test_landing_volumes_are_managed_until_a_location_is_set",
        "databricks volumes read CATALOG.SCHEMA.VOLUME",
    ),
    row_of(
        "data", REFUSED, "delta.tables.DeltaTable",
        "the server has no plugin for it: use SQL",
        "features:test_the_python_class_of_delta_is_not_served",
        "the class works there",
    ),
)  # fmt: skip
