# Databricks notebook source
# MAGIC %md
# MAGIC # Quarantine: what passes by today's rules?
# MAGIC Judges every open row of `<system>_raw.quarantine` again. What passes goes the normal way into bronze, where a newer row wins; what fails stays. Nothing happens on a second run. Writes `<system>_bronze`, the quarantine and `ops`.
# MAGIC
# MAGIC Widgets: `system`; `tables` (comma-separated, empty: all); `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from engine.again import replay_quarantine
from engine.quarantine import summary
from utils.settings import Settings

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
display(summary(spark, settings))

# COMMAND ----------

outcomes = replay_quarantine(spark, settings.system, settings)
display(outcomes.as_rows())

# COMMAND ----------

# MAGIC %md
# MAGIC What became of the quarantine: `replayed` rows passed, `replaced` ones break another rule now, `open` ones still wait.

# COMMAND ----------

display(summary(spark, settings))

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
