# Databricks notebook source
# MAGIC %md
# MAGIC # Vouchers: what was delivered, and which voucher does a segment use most?
# MAGIC Shows gold of the vouchers. Reads `drop_profile`, `drop_columns`, `amount_rows`, `cleaning_report` and `segment_vouchers` of `vouchers_gold`; writes nothing. Times are UTC.
# MAGIC
# MAGIC Widgets: `country_code` (a delivered country, or all); `as_of` (YYYY-MM-DD, the day that the segments must be as of, or empty: whichever the tables have); `reference` (until when days since the last order are counted); `catalog`, `schema_prefix` (where the tables stand).

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

from systems.vouchers import figures, segment_figures
from utils.settings import Settings, checked_choice, read_choice, read_date, read_text

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "vouchers")
chosen_country = read_text(dbutils, "country_code", "Country (empty: all)")
as_of = read_date(dbutils, "as_of", "Day that the segments must be as of, YYYY-MM-DD (empty: the tables' own)")
reference = read_choice(dbutils, "reference", segment_figures.REFERENCE_CHOICES, "Days since the last order are counted to")

# COMMAND ----------

profile = spark.table(settings.name_of("gold.drop_profile")).toPandas()
country = checked_choice("country_code", chosen_country or figures.ALL, figures.countries_of(profile))
profile = figures.of_country(profile, country)
columns = figures.of_country(spark.table(settings.name_of("gold.drop_columns")).toPandas(), country)
amounts = figures.of_country(spark.table(settings.name_of("gold.amount_rows")).toPandas(), country)

# COMMAND ----------

report = figures.of_country(spark.table(settings.name_of("gold.cleaning_report")).toPandas(), country)
segments = figures.of_country(spark.table(settings.name_of("gold.segment_vouchers")).toPandas(), country)
segments = segment_figures.segments_of(figures.of_day(segments, as_of), reference)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How much was delivered?
# MAGIC Segments are made for the countries of interest alone; the others are looked at here and go no further.

# COMMAND ----------

display(figures.rows_by_country(profile))

# COMMAND ----------

display(figures.profile_table(profile))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is in the columns?
# MAGIC Some counts of orders are empty texts, some amounts are missing, and times come as text.

# COMMAND ----------

display(figures.column_table(columns))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is odd?
# MAGIC About one voucher in twelve was used years before the order that it follows: its time cannot be right.

# COMMAND ----------

display(figures.oddities(profile))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which vouchers are there?
# MAGIC Every country has a few fixed amounts.

# COMMAND ----------

display(figures.amounts(amounts))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What became of every row?
# MAGIC Each rule begins with what the one before it left.

# COMMAND ----------

display(segment_figures.cleaning(report))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which voucher does each segment use most?
# MAGIC The share says how sure an answer is: near an even split the next delivery may turn it.

# COMMAND ----------

display(segment_figures.answer_table(segments))

# COMMAND ----------

display(segment_figures.frequency(segments))

# COMMAND ----------

display(segment_figures.recency(segments, reference))
