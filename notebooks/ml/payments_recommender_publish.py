# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["implicit==0.7.3", "mlflow==3.17.2", "scipy==1.18.1", "threadpoolctl==3.8.0", "usearch==2.26.6"]
# ///
# MAGIC %md
# MAGIC # Recommender: let the validated one be served
# MAGIC Registers the model, releases its files to the volume that the API reads, and publishes `payments_gold.recommendations`. The release is one replacement of one small file: whoever asks gets the old recommender or the new one. Dying in between repeats it.
# MAGIC
# MAGIC Widgets: `model` (address of the logged model); `inputs` (versions of the tables that it learned from); `registered_model` (its name in the registry); `as_of`; `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

import json

from engine.publish import opened
from systems.payments import gold, serving
from systems.payments.packaged import fetched
from systems.payments.recommender import Recommender
from utils.settings import Settings, read_text

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
model = read_text(dbutils, "model", "Address of the logged model")
inputs = json.loads(read_text(dbutils, "inputs", "Versions of the inputs, JSON"))
registered_model = read_text(dbutils, "registered_model", "Name in the registry")

# COMMAND ----------

files = fetched(model)
recommender, facts = Recommender.load(files)
version = serving.registered(registered_model, model, facts)
display({"model": registered_model, "version": version})

# COMMAND ----------

serving.publish(serving.folder_of(settings), f"v{version}", files)

# COMMAND ----------

# MAGIC %md
# MAGIC The table comes last: as long as it has not followed, the next run does all of this again.

# COMMAND ----------

publication = opened(spark, settings.system, "gold.recommendations", settings, inputs)
outcomes = publication.publish(gold.recommendations(recommender))
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
