# Databricks notebook source
# MAGIC %md
# MAGIC # Check: do the sources answer?
# MAGIC Asks every source of one system for next to nothing, and looks whether tables that the job needs hold rows; ends with an error that says what is missing. Writes nothing.
# MAGIC
# MAGIC Widgets: `system`; `tables` (sources to ask, comma-separated, empty: all); `needs` (tables that must hold rows, as `layer.table`, comma-separated); `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from engine.gate import answers, refuse_if_empty, refuse_unless_answered
from utils.settings import Settings, read_text

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
needs = [path.strip() for path in read_text(dbutils, "needs", "Tables that must hold rows").split(",") if path.strip()]
rows = answers(spark, settings.system, settings)
display(rows)

# COMMAND ----------

refuse_unless_answered(settings.system, rows)
refuse_if_empty(spark, settings, [settings.system.table(path).path for path in needs])
