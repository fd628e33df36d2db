# Databricks notebook source
from pathlib import Path

dbutils.widgets.text("marker", "")

# COMMAND ----------

if not Path(dbutils.widgets.get("marker")).exists():
    raise LookupError("the marker is missing")
