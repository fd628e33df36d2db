# Databricks notebook source
# MAGIC %md
# MAGIC # Gate: did everything land?
# MAGIC Looks up the last landing of every source of one system for one date, and ends with an error where one failed or never was. Reads `ops`, writes nothing.
# MAGIC
# MAGIC Widgets: `system`; `as_of` (the date that was landed for); `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from engine.gate import landings, refuse_unless_landed
from utils.settings import Settings

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
rows = landings(spark, settings.system, settings)
display(rows)

# COMMAND ----------

refuse_unless_landed(settings.system, settings, rows)
