# Databricks notebook source
# MAGIC %md
# MAGIC # Profile: what is in a table?
# MAGIC Looks at any table of any system, from raw to gold, and at the logs in `ops`: what is missing, how values are spread, what is odd. Reads that one table; writes nothing. Spark counts; no rows are fetched.
# MAGIC
# MAGIC Widgets: `table` (`layer.table` where one system alone has it, else `system_layer.table`); `start`, `end` (YYYY-MM-DD, both included; empty: all rows); `time_column` (what they and the last figure go by; empty: the first column of time); `catalog`, `schema_prefix` (where the tables stand).

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

from operations import profile_figures as figures
from operations import profile_tables
from operations.profile import profile_of
from operations.subject import subject_of, table_names
from utils.settings import Settings, read_date, read_suggested, read_text

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "")
table = read_suggested(dbutils, "table", table_names(settings), "Table")
start = read_date(dbutils, "start", "First day (empty: from the beginning)")
end = read_date(dbutils, "end", "Last day (empty: to the end)")
time_column = read_text(dbutils, "time_column", "Column of time (empty: the first)")

# COMMAND ----------

subject = subject_of(settings, table)
profile = profile_of(spark, subject, start=start, end=end, time_column=time_column)

# COMMAND ----------

display(profile_tables.in_words(profile))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Column by column
# MAGIC Quartiles are of what a column is measured by: numbers by their value, times by the second, texts by their length.

# COMMAND ----------

display(profile_tables.column_table(profile))

# COMMAND ----------

display(figures.missing(profile))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Distributions
# MAGIC Columns with few values are shown value by value, others in twenty classes of equal width.

# COMMAND ----------

display(figures.distributions(profile))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is odd?
# MAGIC An outlier is far from the middle half of its column; that makes it worth a look, and not wrong.

# COMMAND ----------

display(figures.outliers(profile))

# COMMAND ----------

display(profile_tables.repeats_table(profile))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What goes together?
# MAGIC Of the first dozen numeric columns. A line is not a cause.

# COMMAND ----------

display(figures.correlations(profile))

# COMMAND ----------

# MAGIC %md
# MAGIC ## When?

# COMMAND ----------

display(figures.over_time(profile))
