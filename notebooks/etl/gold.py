# Databricks notebook source
# MAGIC %md
# MAGIC # Gold: what does it mean?
# MAGIC Answers the system's questions, without nulls and without personal ids. Reads `<system>_silver` and `<system>_bronze`, writes `<system>_gold` and `ops`.
# MAGIC
# MAGIC Widgets: `system`; `tables` (comma-separated, empty: all); `as_of` (the date that counts as now); `rebuild`; `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from engine.pipeline import run_layer
from utils.settings import Settings

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
display(settings.system.describe("gold"))

# COMMAND ----------

# MAGIC %md
# MAGIC What was done to every table: the path it took (`sliced`, `full` and why), and its rows.

# COMMAND ----------

outcomes = run_layer(spark, settings.system, "gold", settings)
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
