# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["implicit==0.7.3", "mlflow==3.17.2", "scipy==1.18.1", "threadpoolctl==3.8.0", "usearch==2.26.6"]
# ///
# MAGIC %md
# MAGIC # Recommender: which company does a client want to pay next?
# MAGIC Compares models of taste on a later time, learns the best one again from everything, and logs it with the index of near companies. Reads `payments_silver` and `payments_gold.popular_companies`; writes an MLflow run and `ops`, publishes nothing: the tasks after it validate and publish.
# MAGIC
# MAGIC Where no input changed since the last publication, and the code is the same, nothing is learned.
# MAGIC
# MAGIC Widgets: `experiment` (of MLflow; empty: the notebook's own); `versions` (of the inputs, JSON; empty: what stands now); `publish`; `reproduces` (a run that is repeated: nothing is published); `known_answer` (a file with what a generator planted, or empty); `as_of`; `rebuild` (learn in any case); `catalog`, `schema_prefix`, `volume_root` (where things stand).

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

import tempfile

import numpy as np
from pyspark.sql import functions as F

from engine.publish import opened
from systems.payments import figures
from systems.payments.recommender import NEAR, POPULAR
from systems.payments.taste import Taste
from systems.payments.training import read_known_answer, train
from utils.settings import Settings, read_text
from utils.tracking import Tracking

# COMMAND ----------

settings = Settings.from_widgets(dbutils)
known_answer = read_text(dbutils, "known_answer", "File with what a generator planted (empty: none)")
tracking = Tracking.from_widgets(dbutils)

# COMMAND ----------

publication = opened(spark, settings.system, "gold.recommendations", settings, tracking.versions)
why = tracking.why(publication.why)
dbutils.jobs.taskValues.set("is_due", "true" if why and tracking.publishes else "false")
if not why:
    dbutils.notebook.exit("nothing to do: no input moved since the last publication")
display({"learns because": why, **{path: version for path, (_, version) in publication.versions.items()}})

# COMMAND ----------

# MAGIC %md
# MAGIC Clients are under their pseudonyms from here on.

# COMMAND ----------

pairs = publication.read("silver.client_company")
pseudonym = publication.run.pseudonym(pairs["external_client_id"]).alias("client")
first_paid = F.unix_micros("first_paid_at").alias("first_paid_us")
pairs = pairs.select(pseudonym, "company_id", first_paid).toPandas()
companies = publication.read("silver.company_features").toPandas()
popular = publication.read("gold.popular_companies").where("category = 'all'").select("rank", "company_id").toPandas()
known = read_known_answer(known_answer, settings.pseudonym)

# COMMAND ----------

trained = train(Taste.of(pairs, companies), popular, known)
judged = trained.table()
display(judged)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which ranking finds what clients pay later?
# MAGIC Models learn from the first three quarters of first payments and are judged by the rest. `as served` is the winner over those companies only that the index names; `known answer` is whoever knows what a generator drew from: nobody can do better.

# COMMAND ----------

compared = figures.rankings(judged, trained.winner)
display(compared)

# COMMAND ----------

covered = figures.coverage(judged)
display(covered)

# COMMAND ----------

some = np.random.default_rng(1).choice(len(trained.recommender.clients), min(2_000, len(trained.recommender.clients)), replace=False)
named = figures.how_often_named(trained.recommender.recommend(some, 10), len(companies))
display(named)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Log
# MAGIC Measures, figures and the model with its index, signature and code, as one run.

# COMMAND ----------

import mlflow

from systems.payments.packaged import log_recommender

name = f"recommender {settings.as_of}"
with tracking.run(name, publication.versions, code=publication.code) as run, tempfile.TemporaryDirectory() as folder:
    mlflow.log_params({"winner": trained.winner, "split_at": trained.split_at, "as_of": settings.as_of, "near": NEAR, "popular": POPULAR})
    mlflow.log_dict(publication.versions, "inputs.json")
    for row in judged.to_dict("records"):
        ranking = str(row.pop("ranking")).replace(" ", "_")
        mlflow.log_metrics({f"{ranking}.{measure}": float(value) for measure, value in row.items()})
    for title, figure in (("rankings", compared), ("coverage", covered), ("how_often_named", named)):
        mlflow.log_figure(figure, f"{title}.png")
    files = Path(folder) / "recommender"
    trained.recommender.save(files, trained.facts() | {"as_of": settings.as_of, "inputs": publication.versions, "run_id": run.info.run_id})
    model = log_recommender(files, root / "src")

# COMMAND ----------

dbutils.jobs.taskValues.set("model", model)
dbutils.jobs.taskValues.set("inputs", publication.versions)
dbutils.notebook.exit(f"{trained.winner}: {model}")
