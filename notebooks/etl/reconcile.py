# Databricks notebook source
# MAGIC %md
# MAGIC # Reconcile: does raw hold what the source holds?
# MAGIC Reads once more what changed at the sources of one system since some days before the previous mark, at which the last read began, and ends with an error where raw lacks a row of it: a transaction was open for longer than the overlap. Reads the sources, `<system>_raw` and `ops.table_runs`, writes nothing.
# MAGIC
# MAGIC Widgets: `system`; `tables` (sources, comma-separated, empty: all); `days` (how far back; no transaction should be open for longer); `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from dataclasses import asdict

from engine.run import Run
from engine.sources.reconcile import reconcile, refuse_missing
from utils.settings import Settings, read_number

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
days = read_number(dbutils, "days", 1, least=1, most=366, label="Days before the previous mark")
run = Run(spark, settings, settings.system)
found = reconcile(run, days=days)
display([asdict(each) for each in found])

# COMMAND ----------

refuse_missing(run, found)
