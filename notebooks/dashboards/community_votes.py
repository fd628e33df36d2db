# Databricks notebook source
# MAGIC %md
# MAGIC # Votes: what does the community choose, and who decides?
# MAGIC Shows gold of the community: chosen options of polls and their weights. Reads `monthly_activity`, `monthly_forecast`, `daily_activity`, `daily_poll_votes` and `poll_results` of `community_gold`; writes nothing. A withdrawn vote leaves nothing; votes for polls that do not exist count as `unknown`.
# MAGIC
# MAGIC Widgets: `post_id` (the poll that is shown in detail; empty: the newest that was voted for in the window); `start_date`, `end_date` (YYYY-MM-DD, both included; empty: the last 30 days that have votes); `catalog`, `schema_prefix` (where the tables stand).

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
from systems.community import vote_figures as figures
from utils.settings import Settings, read_date, read_text

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "community")
chosen_post = read_text(dbutils, "post_id", "Poll in detail (empty: the newest voted for)")
start_date = read_date(dbutils, "start_date", "First day (empty: of the last 30 with votes)")
end_date = read_date(dbutils, "end_date", "Last day (empty: the last with votes)")

# COMMAND ----------

months = spark.table(settings.name_of("gold.monthly_activity")).toPandas()
days = spark.table(settings.name_of("gold.daily_activity")).toPandas()
options = spark.table(settings.name_of("gold.daily_poll_votes")).toPandas()
polls = spark.table(settings.name_of("gold.poll_results")).toPandas()

# COMMAND ----------

period = activity_figures.shown_period(days, start_date, end_date, counted=figures.COUNTED)
post_id = figures.chosen_poll(chosen_post, polls, options, period)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Month by month
# MAGIC A vote may choose several options, and a choice may weigh more than one: both are shown, each on its own scale. The last month may not be over.

# COMMAND ----------

display(figures.monthly_votes(months))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Votes in the months ahead
# MAGIC Chosen options of every month, and what is expected of the next ones; the band is what past errors leave open.

# COMMAND ----------

from engine.publish import published_rows
from systems.community import forecast_figures

forecast = published_rows(spark, settings.system, "gold.monthly_forecast", settings).toPandas()
display(forecast_figures.votes_forecast(months, forecast))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which place on the list is chosen?
# MAGIC If the first options win whatever they say, the order of a poll decides, and not its text.

# COMMAND ----------

display(figures.votes_by_option(options, period))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who votes: by country
# MAGIC The same days, by the country of the voters; with weights the order may be another one.

# COMMAND ----------

display(figures.votes_by_country(days, period))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who votes: by standing
# MAGIC By what the voters are today: patrons are few, and their choices may weigh much.

# COMMAND ----------

display(figures.votes_by_patron_status(days, period))

# COMMAND ----------

# MAGIC %md
# MAGIC ## One poll in detail
# MAGIC The poll of the widget `post_id`, with all its votes, also those outside of the window; shares are of the poll.

# COMMAND ----------

display(figures.poll_in_detail(polls, post_id))

# COMMAND ----------

display(figures.poll_table(polls, post_id))
