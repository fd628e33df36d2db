# Databricks notebook source
# MAGIC %md
# MAGIC # Operations: is everything up to date, and what went wrong?
# MAGIC Shows what the logs say of the last days, for all systems or for one. Reads `ops.table_runs`, `ops.checks`, `ops.schema_changes`, the quarantine of every system, and `system.billing.usage` where there is one; writes nothing. Times are UTC, by the clock.
# MAGIC
# MAGIC Widgets: `system` (all, or one of them); `days` (how far back); `catalog`, `schema_prefix` (where the tables stand).

# COMMAND ----------

import sys
from pathlib import Path

here = Path.cwd()
root = next((folder for folder in (here, *here.parents) if (folder / "databricks.yml").is_file()), None)
if root is None:  # a foreign working directory: ask where this notebook stands
    path = dbutils.notebook.entry_point.getDbutils().notebook().getContext().notebookPath().get()
    root = next(folder for folder in Path("/Workspace" + path).parents if (folder / "databricks.yml").is_file())
sys.path.insert(0, str(root / "src"))

# COMMAND ----------

from operations import run_figures as figures
from operations import trouble_figures
from operations.cost import read_cost
from operations.run_history import choices, read_history
from utils.settings import Settings, read_choice, read_number

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "")
system = read_choice(dbutils, "system", choices(), "System")
days = read_number(dbutils, "days", 14, least=1, most=366, label="Days back from now")

# COMMAND ----------

history = read_history(spark, settings, system, days)
usage = read_cost(spark, history.since)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How fresh is it?
# MAGIC A run that finds nothing new brings a table up to date as well: what counts is that somebody looked.

# COMMAND ----------

display(figures.freshness(history))

# COMMAND ----------

display(figures.freshness_table(history))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What did runs do?
# MAGIC A run is one layer of one system; runs that had nothing to write are not shown.

# COMMAND ----------

display(figures.rows_per_run(history))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What failed?
# MAGIC A table that fails stays as it was, and its next run begins where the last success ended. No row is good news.

# COMMAND ----------

display(trouble_figures.failures(history))

# COMMAND ----------

display(trouble_figures.failed_checks(history))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What was set aside?
# MAGIC Rows in quarantine wait for a replay by newer rules; nothing is lost.

# COMMAND ----------

display(trouble_figures.quarantine(history))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What came in another shape?
# MAGIC Fields that nobody declared, and types that had to widen.

# COMMAND ----------

display(trouble_figures.schema_changes(history))

# COMMAND ----------

display(history.changes)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How long did it take, and what did it cost?
# MAGIC Tables of a layer run side by side: their seconds add up to more than the time that the job took.

# COMMAND ----------

display(figures.durations(history))

# COMMAND ----------

display(figures.compute_seconds(history))

# COMMAND ----------

display(figures.cost(usage, history))
