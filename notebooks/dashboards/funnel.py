# Databricks notebook source
# MAGIC %md
# MAGIC # Funnel: where do people drop out, and when did that change?
# MAGIC Shows gold of the funnel. Reads `funnel_gold.funnel_steps` and `funnel_gold.funnel_breaks`; writes nothing.
# MAGIC
# MAGIC Widgets: `funnel`; `counting` (closed: whoever passed every step before, too; open: whoever was at the step); `breakdown` (none, or what users are told apart by; `channel` where the funnel has one); `start_date`, `end_date` (YYYY-MM-DD, both included, empty: no limit; months that overlap them are shown whole); `catalog`, `schema_prefix` (where the tables stand).

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

from systems.funnel import figures
from utils.settings import Settings, checked_choice, read_choice, read_date

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "funnel")
funnel = read_choice(dbutils, "funnel", figures.FUNNEL_NAMES, "Funnel")
counting = read_choice(dbutils, "counting", figures.COUNTINGS, "Way of counting")
breakdown = read_choice(dbutils, "breakdown", figures.BREAKDOWNS, "Users told apart by")
start = read_date(dbutils, "start_date", "First day, YYYY-MM-DD (empty: from the beginning)")
end = read_date(dbutils, "end_date", "Last day, YYYY-MM-DD (empty: to the end)")

# COMMAND ----------

steps = spark.table(settings.name_of("gold.funnel_steps")).toPandas()
breaks = spark.table(settings.name_of("gold.funnel_breaks")).toPandas()
breakdown = checked_choice("breakdown", breakdown, figures.breakdowns_of(funnel))
view = figures.view(steps, breaks, funnel=funnel, counting=counting, breakdown=breakdown, start=start, end=end)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How many reach each step

# COMMAND ----------

display(figures.step_chart(view))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Drop-off
# MAGIC From a step to the next one: 100 where nobody goes on; empty, with the reason, where nobody was there. `n_skipped` were at the step and skipped one before it: they count in the open funnel only.

# COMMAND ----------

display(figures.drop_off_table(view))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Month by month
# MAGIC Breaks are marked where the detector found them, by the day. A month that is not over yet has fewer who went on.

# COMMAND ----------

display(figures.trend(view))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What changed
# MAGIC For everybody and for every kind of user, whatever is chosen above; corrected for the number of series that were tested.

# COMMAND ----------

display(figures.break_table(view))

# COMMAND ----------

display(figures.break_sizes(view))
