# Databricks notebook source
# MAGIC %md
# MAGIC A notebook that fails.

# COMMAND ----------

price = {"apple": 1}
price["pear"]
