# Databricks notebook source
# MAGIC %md
# MAGIC # Breaks: when did a rate of a funnel change, by how much, and what explains it?
# MAGIC Looks for breaks in the daily rates of every step, for everybody and for every kind of user at once, and publishes what it finds. Reads `funnel_silver.dim_user` and `funnel_silver.fct_step_visit`; writes `funnel_gold.funnel_breaks` and `ops`.
# MAGIC
# MAGIC Where no input changed since the last publication, and the code is the same, nothing is done.
# MAGIC
# MAGIC Widgets: `rebuild` (look in any case); `catalog`, `schema_prefix` (where things stand). The rest is what every task of a job is given.

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
from systems.funnel import break_figures
from systems.funnel.found import funnel_breaks
from systems.funnel.series import daily_counts, families_of
from utils.settings import Settings

# COMMAND ----------

settings = replace(Settings.from_widgets(dbutils), system_name="funnel")

# COMMAND ----------

publication = opened(spark, settings.system, "gold.funnel_breaks", settings)
if not publication.why:
    dbutils.notebook.exit("nothing to do: no input moved since the last publication")
display({"looks because": publication.why, **{path: version for path, (_, version) in publication.versions.items()}})

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is looked at
# MAGIC Users by the day that they count for, and how many of them passed each step: the closed funnel. The last days of a funnel are left out while their users may be on their way still.

# COMMAND ----------

counts = daily_counts(publication.read("silver.dim_user"), publication.read("silver.fct_step_visit")).toPandas()
families = families_of(counts)
display(break_figures.looked_at(families))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What changed
# MAGIC A sentence per break, the surest first. All series of a funnel are tested together: if nothing changed, this says so in at least 95 of 100 funnels. That holds where people decide independently and every day is like the next: a rate that moves from day to day by more than chance (weekdays, campaigns) raises more alarms, the more the more people there are. Look at the daily rates below before you believe a small break.

# COMMAND ----------

breaks = funnel_breaks(families)
display(break_figures.said(breaks))

# COMMAND ----------

display(break_figures.rates(families, breaks))

# COMMAND ----------

display(break_figures.sizes(breaks))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Publish

# COMMAND ----------

outcomes = publication.publish(breaks)
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
