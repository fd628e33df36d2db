# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["implicit==0.7.3", "mlflow==3.17.2", "scipy==1.18.1", "threadpoolctl==3.8.0", "usearch==2.26.6"]
# ///
# MAGIC %md
# MAGIC # Recommender: is the new one fit to be served?
# MAGIC Reads the trained recommender back from MLflow and checks it: size and dimensions of the index, its recall against exact search, known clients, and that it beats popularity on a later time. Ends with an error where one check fails; what is served stays as it is. Writes nothing.
# MAGIC
# MAGIC Widgets: `model` (address of the logged model); `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

from systems.payments import serving
from systems.payments.packaged import fetched
from systems.payments.recommender import Recommender
from systems.payments.validation import as_rows, refuse_unless_valid, validate
from utils.settings import Settings, read_text

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
model = read_text(dbutils, "model", "Address of the logged model")

# COMMAND ----------

candidate, facts = Recommender.load(fetched(model))
findings = validate(candidate, facts, serving.facts_now(serving.folder_of(settings)))
display(as_rows(findings))

# COMMAND ----------

refuse_unless_valid(findings)
