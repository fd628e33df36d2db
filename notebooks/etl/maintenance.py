# Databricks notebook source
# MAGIC %md
# MAGIC # Maintenance: which tables want looking after?
# MAGIC Decides from each table's own history: many small files are compacted, files that were replaced longer ago than they are kept are removed, tombstones past their time are purged, retention is set as declared. No row that readers see changes. Writes the system's tables, the quarantine and `ops`.
# MAGIC
# MAGIC Widgets: `system`; `tables` (comma-separated, empty: all); `as_of` (from which tombstones count back); `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from engine.maintenance import maintain
from utils.settings import Settings

# COMMAND ----------

settings = Settings.from_widgets(dbutils)

# COMMAND ----------

outcomes = maintain(spark, settings.system, settings)
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
