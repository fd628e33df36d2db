# Databricks notebook source
# MAGIC %md
# MAGIC # Backfill: what did raw hold of these days?
# MAGIC Asks APIs and databases for a range of days again, and brings the raw records of these days, by their sequence, into bronze once more: after a source was down, a rule was mended, or a table was repaired by hand. Newer rows win, so it may run twice and beside the daily job; cursors stay where they are. Reads sources and `<system>_raw`, writes `<system>_raw`, `<system>_bronze` and `ops`.
# MAGIC
# MAGIC Widgets: `system`; `tables` (comma-separated, empty: all); `start`, `end` (days in UTC, the end is not included); `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from engine.again import backfill, fetch_again
from utils.settings import Settings, read_range

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
start, end = read_range(dbutils)
display(settings.system.describe("bronze"))

# COMMAND ----------

# MAGIC %md
# MAGIC What raw lacked of these days. Sources of files have nothing here: all that is delivered lands.

# COMMAND ----------

display(fetch_again(spark, settings.system, settings, start, end).as_rows())

# COMMAND ----------

# MAGIC %md
# MAGIC Per table: records of the range, those that changed it, and those that it knew already (`stale`).

# COMMAND ----------

outcomes = backfill(spark, settings.system, settings, start, end)
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
