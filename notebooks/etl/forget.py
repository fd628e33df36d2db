# Databricks notebook source
# MAGIC %md
# MAGIC # Forget a person
# MAGIC Takes everything of one person out of a system: raw, landed files, the quarantine, bronze with its histories, silver, gold, what models published and left in files. The person goes on the list `<system>_raw.forgotten`, under a keyed hash: what is delivered later of the same person does not land. Running it again does no harm, and ends what an attempt that died has begun.
# MAGIC
# MAGIC The id comes by a secret, so that no run, page or log keeps it: put it into the scope `tideline`, run this, delete the secret.
# MAGIC
# MAGIC Widgets: `system`; `person_secret` (key of the secret that holds the id); `retention_hours` (replaced files older than that are removed now; empty: after the tables' own 30 days, by maintenance); `as_of`; `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from engine.forgetting.person import forget
from utils.settings import Settings, read_hours, read_text

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
person_secret = read_text(dbutils, "person_secret", "Key of the secret that holds the person's id")
retention_hours = read_hours(dbutils, "retention_hours", "Hours that replaced files are kept (empty: the tables' own)")

# COMMAND ----------

# MAGIC %md
# MAGIC What was removed where. A person of whom nothing is found is kept out from now on all the same.

# COMMAND ----------

outcomes = forget(spark, settings.system, settings, settings.secret(person_secret).strip(), retention_hours)
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
