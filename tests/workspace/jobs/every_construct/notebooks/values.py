# Databricks notebook source
dbutils.widgets.text("word", "default of the widget")
dbutils.jobs.taskValues.set("said", dbutils.widgets.get("word"))
dbutils.jobs.taskValues.set("n", 41)
dbutils.jobs.taskValues.set("items", [{"number": 1}, {"number": 2}, {"number": 3}])

# COMMAND ----------

dbutils.notebook.exit('{"system": "shop", "tables": [{"table": "shop.sales", "path": "slice", "inserted": 3}]}')
