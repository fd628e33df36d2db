# Databricks notebook source
# MAGIC %md
# MAGIC # Countries: who gives, who talks, and who votes?
# MAGIC Shows gold of the community: the top countries beside each other, the others as one. Reads `community_gold.country_ranking` and `community_gold.daily_activity`; writes nothing.
# MAGIC
# MAGIC Widgets: `n_countries` (how many are shown by name); `sort` (what puts them in order); `start_date`, `end_date` (YYYY-MM-DD, both included, for comments and votes; empty: all days); `catalog`, `schema_prefix` (where the tables stand).

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

from systems.community import activity_figures
from systems.community import ranking_figures as figures
from utils.settings import Settings, read_choice, read_date, read_number

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "community")
n_countries = read_number(dbutils, "n_countries", 10, least=1, most=40, label="Countries shown by name")
sort = read_choice(dbutils, "sort", list(figures.SORTS), "Order of the countries")
start_date = read_date(dbutils, "start_date", "First day of comments and votes (empty: the first)")
end_date = read_date(dbutils, "end_date", "Last day of comments and votes (empty: the last)")

# COMMAND ----------

countries = spark.table(settings.name_of("gold.country_ranking")).toPandas()
days = spark.table(settings.name_of("gold.daily_activity")).toPandas()
period = activity_figures.shown_period(days, start_date, end_date, counted=figures.COUNTED, n_days=None)
top = figures.top_countries(figures.ranking(countries, days, period), sort, n_countries)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The top countries
# MAGIC Bars are read on the left. The marks on top of them are read on the right: how many users a country has, and how many of them pay. A country that neither talks nor votes keeps its money.

# COMMAND ----------

display(figures.country_panels(top, sort, period))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The same in numbers
# MAGIC Every column adds up to the whole community; support per user is that of the row.

# COMMAND ----------

display(top)
