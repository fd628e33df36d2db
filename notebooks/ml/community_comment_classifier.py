# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["joblib==1.6.0", "mlflow==3.17.2", "scikit-learn==1.9.1", "scipy==1.18.1", "threadpoolctl==3.8.0"]
# ///
# MAGIC %md
# MAGIC # Comments: are fans glad, and what do they suggest?
# MAGIC Learns from the comments that the staff labelled, judges itself on comments that it does not know, and answers for all comments. Reads `community_bronze.comment_labels`, `community_silver.comments`, `comment_features` and `posts_english`; writes `community_silver.comment_predictions`, `community_gold.suggestions`, an MLflow run, a version of the registered model where it earns it, and `ops`.
# MAGIC
# MAGIC Where no input changed since the last publication, and the code is the same, nothing is done.
# MAGIC
# MAGIC Widgets: `registered_model` (its name in the registry; empty: that of the schema of gold); `experiment` (of MLflow; empty: the notebook's own); `versions` (of the inputs, JSON; empty: what stands now), `publish` (false: judge and log only) and `reproduces` (the run that is made again); `as_of`; `rebuild` (learn in any case); `catalog`, `schema_prefix` (where things stand).

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

from engine.publish import opened
from systems.community import classifier_figures, classifier_registry
from systems.community.classifier_log import log_training
from systems.community.classifier_scores import judge, lacking, per_language
from systems.community.comment_classifier import in_one_order, trained
from systems.community.comment_predictions import asked, comment_predictions
from systems.community.gold.suggestions import suggestions
from utils.settings import Settings, read_text
from utils.tracking import Tracking

# COMMAND ----------

settings = replace(Settings.from_widgets(dbutils), system_name="community")
registered_model = read_text(dbutils, "registered_model", "Name in the registry (empty: that of the schema of gold)")
tracking = Tracking.from_widgets(dbutils)

# COMMAND ----------

publication = opened(spark, settings.system, "silver.comment_predictions", settings, tracking.versions)
for_staff = opened(spark, settings.system, "gold.suggestions", settings, tracking.versions)
why = tracking.why(publication.why or for_staff.why)
if not why:
    dbutils.notebook.exit("nothing to do: no input moved since the last publication")
display({"learns because": why, **{path: version for path, (_, version) in publication.versions.items()}})

# COMMAND ----------

labels = in_one_order(publication.read("bronze.comment_labels").toPandas())
if lacking(labels):
    dbutils.notebook.exit(f"nothing to do: {lacking(labels)}")

# COMMAND ----------

# MAGIC %md
# MAGIC ## How good is it?
# MAGIC Every labelled comment is judged by a classifier that has not seen it, nor a comment that is nearly the same. Always giving the commonest answer is what it must beat. A few labels are wrong, and some comments say too little: nobody gets all of them right.

# COMMAND ----------

judged = judge(labels)
display(classifier_figures.as_table(judged))

# COMMAND ----------

scores = classifier_figures.scores(judged)
display(scores)

# COMMAND ----------

# MAGIC %md
# MAGIC Languages with few labelled comments have wide intervals: more labels are what helps them.

# COMMAND ----------

languages = classifier_figures.by_language(per_language(judged.answers))
display(languages)

# COMMAND ----------

confusion = classifier_figures.confusion(judged)
display(confusion)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Is the probability of a suggestion to be believed?
# MAGIC Where the line follows the dashes, seven of ten comments with a probability of 70 % are suggestions.

# COMMAND ----------

believed = classifier_figures.believed(judged)
display(believed)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Log

# COMMAND ----------

classifier = trained(labels)
model = log_training(
    tracking, f"comment classifier {settings.as_of}", publication, classifier, judged, source=root / "src",
    figures={"scores": scores, "languages": languages, "confusion": confusion, "believed": believed},
)
display({"model": model, "fingerprint": classifier.fingerprint})

# COMMAND ----------

if not tracking.publishes:
    dbutils.notebook.exit(f"looked and logged {model}: nothing is published")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which classifier counts?
# MAGIC A new one takes the champion's place if it is surely better than the majority, and not worse than the champion beyond chance. Otherwise the champion answers.

# COMMAND ----------

champion = classifier_registry.chosen(classifier_registry.name_of(settings, registered_model), model, classifier, judged)
display(classifier_registry.as_row(champion))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Publish
# MAGIC What every comment is said to be, and the suggestions for the staff, newest first.

# COMMAND ----------

read = [publication.read(f"silver.{name}") for name in ("comments", "comment_features", "posts_english")]
comments = asked(*read).toPandas()
predictions = comment_predictions(comments, champion.classifier, champion.version)
outcomes = publication.publish(predictions)
display(outcomes.as_rows())

# COMMAND ----------

suggested = suggestions(comments, predictions)
display(suggested.head(10))

# COMMAND ----------

released = for_staff.publish(suggested)
display(released.as_rows())

# COMMAND ----------

dbutils.notebook.exit(released.to_json())
