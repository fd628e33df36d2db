# Databricks notebook source
# MAGIC %md
# MAGIC # Posts: how much is posted, and who talks about it?
# MAGIC Shows gold of the community: posts, polls and comments over time. Reads `community_gold.monthly_activity`, `community_gold.daily_activity` and `community_gold.monthly_forecast`; writes nothing.
# MAGIC
# MAGIC Widgets: `start_date`, `end_date` (YYYY-MM-DD; empty: the last 30 days that have comments); `catalog`, `schema_prefix` (where the tables stand).

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

from systems.community import activity_figures as figures
from utils.settings import Settings, read_date

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "community")
start_date = read_date(dbutils, "start_date", "First day (empty: of the last 30 with comments)")
end_date = read_date(dbutils, "end_date", "Last day (empty: the last with comments)")

# COMMAND ----------

months = spark.table(settings.name_of("gold.monthly_activity")).toPandas()
days = spark.table(settings.name_of("gold.daily_activity")).toPandas()
period = figures.shown_period(days, start_date, end_date)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Posts and polls
# MAGIC Trends are straight lines over calendar time; months without a post count as zero, and the last month may not be over.

# COMMAND ----------

display(figures.monthly_posts(months))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Comments
# MAGIC All comments by the month in which they were written.

# COMMAND ----------

display(figures.monthly_comments(months))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who talks: by standing
# MAGIC Comments of the chosen days by what their authors are today.

# COMMAND ----------

display(figures.comments_by_patron_status(days, period))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who talks: by country
# MAGIC The same comments by the country of their authors.

# COMMAND ----------

display(figures.comments_by_country(days, period))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Comments in the months ahead
# MAGIC Comments of every month, and what is expected of the next ones; the band is what past errors leave open.

# COMMAND ----------

from engine.publish import published_rows
from systems.community import forecast_figures

forecast = published_rows(spark, settings.system, "gold.monthly_forecast", settings).toPandas()
display(forecast_figures.comments_forecast(months, forecast))
