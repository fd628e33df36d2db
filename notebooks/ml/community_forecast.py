# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["mlflow==3.17.2", "scikit-learn==1.9.1", "scipy==1.18.1"]
# ///
# MAGIC %md
# MAGIC # Forecast: what will support, comments and votes be in the months ahead?
# MAGIC Compares ways to go on from the months that are known by what each would have said in the past, and forecasts the next six months. Reads `community_gold.monthly_support` and `community_gold.monthly_activity`; writes `community_gold.monthly_forecast`, an MLflow run and `ops`; a method that surely beats "the same month last year" is registered as `champion`.
# MAGIC
# MAGIC Where no input changed since the last publication, and the code is the same, nothing is done.
# MAGIC
# MAGIC Widgets: `registered_models` (their common name in the registry; empty: nothing is registered); `experiment` (of MLflow; empty: the notebook's own); `versions` (of the inputs, JSON; empty: what stands now); `publish`; `reproduces` (a run that is repeated: nothing is published); `as_of`; `rebuild` (forecast in any case); `catalog`, `schema_prefix` (where things stand).

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

from dataclasses import replace

from engine.publish import opened
from systems.community import forecast_figures as figures
from systems.community.gold.monthly_forecast import monthly_forecast
from systems.community.logged_forecast import log_outlooks, register_winners
from systems.community.monthly_series import as_table, series_of
from systems.community.outlook import judgement_table, outlook_table, outlooks
from utils.settings import Settings, read_text
from utils.tracking import Tracking

# COMMAND ----------

settings = replace(Settings.from_widgets(dbutils), system_name="community")
registered_models = read_text(dbutils, "registered_models", "Common name of the models in the registry (empty: none)")
tracking = Tracking.from_widgets(dbutils)

# COMMAND ----------

publication = opened(spark, settings.system, "gold.monthly_forecast", settings, tracking.versions)
why = tracking.why(publication.why)
if not why:
    dbutils.notebook.exit("nothing to do: no input moved since the last publication")
display({"forecasts because": why, **{path: version for path, (_, version) in publication.versions.items()}})

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is known
# MAGIC Months that are over. Support is what patrons are entitled to at the end of a month; it begins when the standing of nearly all users is known.

# COMMAND ----------

support = publication.read("gold.monthly_support").toPandas()
activity = publication.read("gold.monthly_activity").toPandas()
series = series_of(support, activity)
display(as_table(series))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which method would have been right in the past?
# MAGIC Each method forecasts from every past month, and knows only what was known then. `MASE` is its mean error in units of what "the same month last year" erred; `gain` is how much better than that it is, with a 95 % interval, and `p` the chance of such a gain by luck. A method is used, and registered, only where `p` is below 0.05 and it errs less than "last month again" too.

# COMMAND ----------

found = outlooks(series)
display(judgement_table(found))

# COMMAND ----------

compared = figures.past_errors(found)
display(compared)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is expected
# MAGIC The band is made of past errors of the same method, month by month ahead. The table says how many past months lay in the band of their time: where that is less than it promises, the band is too narrow, and it is said.

# COMMAND ----------

display(outlook_table(found))

# COMMAND ----------

drawn = figures.of_outlooks(found)
display(drawn)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Log, and register what won

# COMMAND ----------

with tracking.run(f"forecast {settings.as_of}", publication.versions, code=publication.code) as run:
    model = log_outlooks(found, {"past_errors": compared, "expected": drawn}, root / "src")
display({"run": run.info.run_id, "model": model})

# COMMAND ----------

if not tracking.publishes:
    dbutils.notebook.exit(f"run {run.info.run_id}: nothing is registered or published")
registered = register_winners(found, model, registered_models, publication.versions)
display({"registered": registered})

# COMMAND ----------

# MAGIC %md
# MAGIC ## Publish

# COMMAND ----------

outcomes = publication.publish(monthly_forecast(found, registered).assign(run_id=run.info.run_id))
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
