# Databricks notebook source
# MAGIC %md
# MAGIC # First: values for those that follow

# COMMAND ----------

dbutils.widgets.text("day", "")
dbutils.widgets.text("own", "")
assert dbutils.widgets.get("day") == "2023-06-02"
assert dbutils.widgets.get("own") == "first of every"

# COMMAND ----------

dbutils.jobs.taskValues.set("count", 3)
dbutils.jobs.taskValues.set("names", ["x", "y"])

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT :day AS day

# COMMAND ----------

dbutils.notebook.exit('{"tables": [{"table": "raw.days", "path": "full", "status": "succeeded", "read": 3, "inserted": 3}]}')
