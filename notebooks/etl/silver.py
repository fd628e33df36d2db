# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["budoux==0.10.1", "py3langid==0.4.0", "stopwordsiso==0.7.1"]
# ///
# MAGIC %md
# MAGIC # Silver: what is true now?
# MAGIC Conforms and joins one system's bronze. Reads `<system>_bronze`, writes `<system>_silver` and `ops`.
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
display(settings.system.describe("silver"))

# COMMAND ----------

# MAGIC %md
# MAGIC What was done to every table: the path it took (`sliced`, `full` and why), and its rows.

# COMMAND ----------

outcomes = run_layer(spark, settings.system, "silver", settings)
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
