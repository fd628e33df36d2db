# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["jax==0.10.2", "mlflow==3.17.2", "numpyro==0.22.0", "scipy==1.18.1"]
# ///
# MAGIC %md
# MAGIC # Experiments: what does each variant convert, when all experiments are looked at together?
# MAGIC Fits one hierarchical model to all experiments, once per rule of attribution, judges the fit, and publishes each variant's rate, its chance to be the best and what choosing it may cost. Reads `ab_testing_gold.variant_results`; writes `ab_testing_gold.experiment_posteriors`, an MLflow run and `ops`.
# MAGIC
# MAGIC Where no input changed since the last publication, and the code is the same, nothing is done. A single day is looked at and logged whenever it is asked for; published is the whole period only.
# MAGIC
# MAGIC Widgets: `day` (`whole`, or YYYY-MM-DD, or YYYY-MM-DD HH); `attribution` (the rule whose figures are shown; both are fitted); `seed` (of the sampler); `experiment` (of MLflow; empty: the notebook's own); `versions` (of the inputs, JSON; empty: what stands now); `publish`; `reproduces` (a run that is repeated: nothing is published); `as_of`; `rebuild` (fit in any case); `catalog`, `schema_prefix` (where things stand).

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

from dataclasses import replace

from pyspark.sql import functions as F

from engine.publish import opened
from systems.ab_testing import diagnosis, hierarchical_figures
from systems.ab_testing.config import WHOLE_PERIOD
from systems.ab_testing.figures import ATTRIBUTIONS, periods_of
from systems.ab_testing.gold.experiment_posteriors import experiment_posteriors
from systems.ab_testing.hierarchical import Sampling, fit_rules
from systems.ab_testing.logged import log_fits
from utils.settings import Settings, checked_choice, read_choice, read_number, read_text
from utils.tracking import Tracking

# COMMAND ----------

settings = replace(Settings.from_widgets(dbutils), system_name="ab_testing")
chosen_day = read_text(dbutils, "day", "whole, or a local day, YYYY-MM-DD, or hour, YYYY-MM-DD HH") or WHOLE_PERIOD
attribution = read_choice(dbutils, "attribution", ATTRIBUTIONS, "Rule of attribution whose figures are shown")
sampling = Sampling(seed=read_number(dbutils, "seed", 1, least=0, most=2**31 - 1, label="Seed of the sampler"))
tracking = Tracking.from_widgets(dbutils)

# COMMAND ----------

publication = opened(spark, settings.system, "gold.experiment_posteriors", settings, tracking.versions)
why = tracking.why(publication.why) if chosen_day == WHOLE_PERIOD else f"asked for {chosen_day}"
if not why:
    dbutils.notebook.exit("nothing to do: no input moved since the last publication")
display({"fits because": why, **{path: version for path, (_, version) in publication.versions.items()}})

# COMMAND ----------

results = publication.read("gold.variant_results")
day = checked_choice("day", chosen_day, periods_of(results.select("day", "period").distinct().toPandas()))
counts = results.where((F.col("day") == day) & (F.col("n_participants") > 0)).toPandas()
if counts.empty:
    dbutils.notebook.exit(f"nothing to do: nobody took part ({day})")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What the experiments share
# MAGIC Experiments differ a lot, since some are met at the checkout and some at the search. What matters is how much the variants of one experiment differ: where that is little, a lead of few users is mostly luck.

# COMMAND ----------

fits = fit_rules(counts, sampling)
display(hierarchical_figures.population(fits))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Is the fit to be believed?
# MAGIC The chains must have found the same answer, and data that the model makes must look like those that were seen. Where chains or spreads fail, the fit is logged and not published; another misfit stands beside every row that is.

# COMMAND ----------

findings, predictions = diagnosis.diagnose(fits, sampling.seed)
display(diagnosis.as_table(findings))

# COMMAND ----------

predicted = hierarchical_figures.predictions(predictions[attribution], attribution)
display(predicted)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which variant is the best, and how sure is that?
# MAGIC A variant is compared with what all experiments say about how much variants differ. That is the protection against a winner who is one out of many by chance.

# COMMAND ----------

posteriors = experiment_posteriors(
    fits, seed=sampling.seed, input_version=publication.versions["gold.variant_results"][1],
    misfits=diagnosis.misfits(findings, predictions),
)
display(hierarchical_figures.said(posteriors, attribution))

# COMMAND ----------

differences = hierarchical_figures.differences(posteriors, attribution)
display(differences)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How far is each rate moved?
# MAGIC A variant with thousands of users keeps its rate; one with ten is drawn to its siblings, and a lonely one to all the others.

# COMMAND ----------

moved = hierarchical_figures.shrinkage(posteriors, attribution)
display(moved)

# COMMAND ----------

display(hierarchical_figures.chosen(posteriors, attribution))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Log

# COMMAND ----------

run_id = log_fits(
    tracking, f"bayes {day} {settings.as_of}", fits, findings, posteriors, sampling=sampling, versions=publication.versions,
    code=publication.code, figures={"predictions": predicted, "differences": differences, "shrinkage": moved},
)
display({"run": run_id})

# COMMAND ----------

# MAGIC %md
# MAGIC ## Publish
# MAGIC A fit that is not to be believed ends here with an error; what stands in gold stays.

# COMMAND ----------

diagnosis.refuse_unless_sound(findings)
if day != WHOLE_PERIOD:
    dbutils.notebook.exit(f"looked at {day}, run {run_id}: published is the whole period only")
if not tracking.publishes:
    dbutils.notebook.exit(f"run {run_id}: nothing is published")

# COMMAND ----------

outcomes = publication.publish(posteriors.assign(run_id=run_id))
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
