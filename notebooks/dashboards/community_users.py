# Databricks notebook source
# MAGIC %md
# MAGIC # Users: who is in the community, and who carries it?
# MAGIC Shows gold of the community: users, their standing and their support. Reads `community_gold.users_by_country`, `community_gold.support_distribution`, `community_gold.monthly_support` and `community_gold.monthly_forecast`; writes nothing.
# MAGIC
# MAGIC Widgets: `n_bins` (classes of the histograms); `per_country_order` (what orders the countries); `catalog`, `schema_prefix` (where the tables stand).

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

from systems.community import figures
from utils.settings import Settings, read_choice, read_number

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "community")
n_bins = read_number(dbutils, "n_bins", 50, least=2, most=1000, label="Classes of the histograms")
per_country_order = read_choice(dbutils, "per_country_order", list(figures.COUNTRY_ORDERS), "Order of the countries")

# COMMAND ----------

countries = spark.table(settings.name_of("gold.users_by_country")).toPandas()
supporters = spark.table(settings.name_of("gold.support_distribution")).toPandas()

# COMMAND ----------

# MAGIC %md
# MAGIC ## The community in numbers

# COMMAND ----------

display(figures.totals(countries))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Few pay
# MAGIC Most users follow without paying; the share that ever paid anything is what every campaign works on.

# COMMAND ----------

display(figures.share_with_support(countries))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Patrons carry the money
# MAGIC Support over all time by what users are today; former patrons stand among the others.

# COMMAND ----------

display(figures.support_by_patron_status(supporters))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Few pay much
# MAGIC Each step to the right is rarer: the axis of users is logarithmic, so that single users can be seen beside thousands.

# COMMAND ----------

display(figures.support_histograms(supporters, n_bins))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The greatest supporters
# MAGIC Pseudonyms: the same user has the same one everywhere, and nobody can tell who it is.

# COMMAND ----------

display(figures.top_supporters(supporters))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Countries
# MAGIC In the order of the widget `per_country_order`; users without a country count as `unknown`.

# COMMAND ----------

display(figures.country_bars(countries, per_country_order))

# COMMAND ----------

display(figures.country_table(countries, per_country_order))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Support in the months ahead
# MAGIC What patrons are entitled to at the end of each month, and what is expected of the next ones; the band is what past errors leave open.

# COMMAND ----------

from engine.publish import published_rows
from systems.community import forecast_figures

support = spark.table(settings.name_of("gold.monthly_support")).toPandas()
forecast = published_rows(spark, settings.system, "gold.monthly_forecast", settings).toPandas()
display(forecast_figures.support_forecast(support, forecast))
