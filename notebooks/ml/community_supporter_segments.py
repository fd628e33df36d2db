# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["mlflow==3.17.2", "scikit-learn==1.9.1", "threadpoolctl==3.8.0"]
# ///
# MAGIC %md
# MAGIC # Supporters: are there kinds of them, and what tells them apart?
# MAGIC Groups everybody who ever gave anything by what they give, how often they talk and how often they vote; answers "one kind" where groups do not come out again more surely than from data without any. Reads `community_gold.support_distribution`, `community_silver.comments` and `community_silver.votes`; writes `community_gold.supporter_segments`, `community_gold.segment_profiles`, an MLflow run and `ops`.
# MAGIC
# MAGIC Where no input changed since the last publication, and the code is the same, nothing is done.
# MAGIC
# MAGIC Widgets: `seed` (of the samples); `experiment` (of MLflow; empty: the notebook's own); `versions` (of the inputs, JSON; empty: what stands now); `publish`; `reproduces` (a run that is repeated: nothing is published); `as_of`; `rebuild` (look in any case); `catalog`, `schema_prefix` (where things stand).

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
from systems.community import segment_figures as figures
from systems.community.gold.supporter_segments import segment_profiles, supporter_segments
from systems.community.logged_segments import log_segments
from systems.community.segment_profiles import profile_table
from systems.community.segmentation import segmented, stability_table
from systems.community.supporter_features import supporter_features
from systems.community.supporter_measures import as_measured, in_one_order
from utils.settings import Settings, read_number
from utils.tracking import Tracking

# COMMAND ----------

settings = replace(Settings.from_widgets(dbutils), system_name="community")
seed = read_number(dbutils, "seed", 1, least=0, most=2**31 - 1, label="Seed of the samples")
tracking = Tracking.from_widgets(dbutils)

# COMMAND ----------

publication = opened(spark, settings.system, "gold.supporter_segments", settings, tracking.versions)
why = tracking.why(publication.why)
if not why:
    dbutils.notebook.exit("nothing to do: no input moved since the last publication")
display({"looks because": why, **{path: version for path, (_, version) in publication.versions.items()}})

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is known of supporters
# MAGIC Supporters are under their pseudonyms from here on.

# COMMAND ----------

support, comments, votes = (publication.read(path) for path in ("gold.support_distribution", "silver.comments", "silver.votes"))
features = in_one_order(supporter_features(support, comments, votes, publication.run.pseudonym).toPandas())
display({"supporters": len(features)})

# COMMAND ----------

# MAGIC %md
# MAGIC ## Are there kinds of supporters?
# MAGIC Two samples of supporters are grouped, again and again, and must agree about who belongs together. A number of groups stands where they agree more than on data that have no groups, and where the groups are farther apart than there.

# COMMAND ----------

found = segmented(as_measured(features), seed=seed)
stable = figures.stability(found)
display(stable)

# COMMAND ----------

display(stability_table(found))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What tells them apart?

# COMMAND ----------

profiles = segment_profiles(features, found)
apart = figures.differences(profiles)
display(apart)

# COMMAND ----------

display(profile_table(profiles))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Log

# COMMAND ----------

with tracking.run(f"supporter segments {settings.as_of}", publication.versions, code=publication.code) as run:
    model = log_segments(found, profiles, {"stability": stable, "differences": apart}, root / "src", seed=seed)
display({"run": run.info.run_id, "model": model})

# COMMAND ----------

if not tracking.publishes:
    dbutils.notebook.exit(f"run {run.info.run_id}: nothing is published")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Publish
# MAGIC The profiles first: as long as the supporters' table has not followed, the next run does all of this again.

# COMMAND ----------

of_profiles = opened(spark, settings.system, "gold.segment_profiles", settings, publication.versions)
display(of_profiles.publish(profiles.assign(run_id=run.info.run_id)).as_rows())

# COMMAND ----------

outcomes = publication.publish(supporter_segments(features, found).assign(run_id=run.info.run_id))
display(outcomes.as_rows())

# COMMAND ----------

dbutils.notebook.exit(outcomes.to_json())
