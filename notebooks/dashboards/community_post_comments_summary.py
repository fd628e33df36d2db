# Databricks notebook source
# MAGIC %md
# MAGIC # Comments of a post: what is said below it?
# MAGIC Shows the community's posts by date and by number of comments, and one post's comments in a few sentences. Reads `community_silver.comments` and `community_gold.comment_summaries`; writes nothing.
# MAGIC
# MAGIC A post that was not summarised yet is answered on the spot, extractively: by quotations of its key comments. The page says so.
# MAGIC
# MAGIC Widgets: `post_id` (empty: the post with most comments in the chosen days); `start_date`, `end_date` (days of posts, YYYY-MM-DD; empty: the last 30 days on which a post with comments was made); `language` (of the summary); `catalog`, `schema_prefix` (where the tables stand).

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

from systems.community import comment_figures as figures
from systems.community.activity_figures import shown_period
from systems.community.summaries import shown
from systems.community.summaries.prompts import LANGUAGES
from systems.community.summaries.stored import comments_by_post, comments_of, stored_summaries
from utils.settings import Settings, read_choice, read_date, read_text

# COMMAND ----------

settings = Settings.for_dashboard(dbutils, "community")
post_id = read_text(dbutils, "post_id", "Post (empty: the one with most comments)")
start_date = read_date(dbutils, "start_date", "First day of posts (empty: of the last 30 with comments)")
end_date = read_date(dbutils, "end_date", "Last day of posts (empty: the last with comments)")
language = read_choice(dbutils, "language", list(LANGUAGES), "Language of the summary")

# COMMAND ----------

comments = spark.table(settings.name_of("silver.comments"))
posts = comments_by_post(comments)
stored = stored_summaries(spark, settings.name_of("gold.comment_summaries"))
period = shown_period(posts, start_date, end_date)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Posts by date
# MAGIC A stem per post with comments, on the day it was posted. Comments below posts that nobody has are not shown.

# COMMAND ----------

display(figures.posts_by_date(posts, period))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Posts by number of comments
# MAGIC By title where the post was summarised, else by its id.

# COMMAND ----------

display(figures.posts_by_comments(posts, period, stored))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The chosen post
# MAGIC What its comments say. The line `method` tells who says it: a language model, or the comments themselves; `since then`, what a summary does not know yet.

# COMMAND ----------

chosen = shown.chosen_post(posts, post_id, period)
texts = comments_of(comments, chosen)
summary = shown.summary_of(chosen, stored, texts, language)
display(shown.in_lines(summary, shown.since(summary, texts)))

# COMMAND ----------

display(figures.requests([summary] if summary else []))
