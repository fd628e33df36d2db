# Databricks notebook source
# MAGIC %md
# MAGIC # Experiments: which variant converts?
# MAGIC Shows gold of the A/B tests. Reads `variant_results`, `experiment_results` and `experiment_funnel` of `ab_testing_gold`; writes nothing. Days are local, cut at -04:00.
# MAGIC
# MAGIC Widgets: `experiment` (empty: the one that compares most users); `day` (YYYY-MM-DD, or YYYY-MM-DD HH for an hour, or empty: all days together); `attribution` (the rule by which a purchase counts); `catalog`, `schema_prefix` (where the tables stand).

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

from pyspark.sql import functions as F

from systems.ab_testing import figures, verdict_figures
from utils.settings import Settings, checked_choice, read_choice, read_text

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "ab_testing")
attribution = read_choice(dbutils, "attribution", figures.ATTRIBUTIONS, "Rule of attribution")
chosen_experiment = read_text(dbutils, "experiment", "Experiment (empty: the one that compares most users)")
chosen_day = read_text(dbutils, "day", "Local day, YYYY-MM-DD, or hour, YYYY-MM-DD HH (empty: all days)")

# COMMAND ----------

results = spark.table(settings.name_of("gold.variant_results")).toPandas()
experiments = figures.experiments_of(results)
experiment = checked_choice("experiment", chosen_experiment or figures.most_compared(results), experiments)
day = checked_choice("day", chosen_day or figures.periods_of(results)[0], figures.periods_of(results))
variants = figures.chosen(results, experiment, day, attribution)

# COMMAND ----------

judged = spark.table(settings.name_of("gold.experiment_results")).where((F.col("day") == day) & (F.col("attribution") == attribution))
verdict = next((row.asDict(recursive=True) for row in judged.where(F.col("experiment") == experiment).collect()), None)
steps = spark.table(settings.name_of("gold.experiment_funnel")).where((F.col("day") == day) & (F.col("experiment") == experiment))
steps, judged = steps.orderBy("variant", "step_number").toPandas(), judged.drop("variants").toPandas()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who won?
# MAGIC Where several experiments are looked at, some differ by chance: p-values are adjusted for all of the period.

# COMMAND ----------

display({"verdict": verdict_figures.in_words(verdict)})

# COMMAND ----------

display(verdict_figures.differences(verdict))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Conversion
# MAGIC Buyers per participant. Intervals that overlap widely tell nothing yet; users who met several variants are left out.

# COMMAND ----------

display(figures.conversion(variants))

# COMMAND ----------

display(figures.variant_table(variants))

# COMMAND ----------

# MAGIC %md
# MAGIC ## How far users go
# MAGIC Every event counts from the first exposure on, tagged or not.

# COMMAND ----------

display(verdict_figures.funnel(steps))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Day by day
# MAGIC A day's participants and buyers are counted over that day.

# COMMAND ----------

display(figures.conversion_by_day(results, experiment, attribution))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who took part
# MAGIC A user who met several variants says nothing about any of them.

# COMMAND ----------

display(figures.participants(variants))

# COMMAND ----------

# MAGIC %md
# MAGIC ## All experiments
# MAGIC Of the same period and rule; winners first.

# COMMAND ----------

display(verdict_figures.verdict_table(judged))
