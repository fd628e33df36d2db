# Databricks notebook source
dbutils.widgets.text("word", "")
dbutils.notebook.exit(dbutils.widgets.get("word"))
