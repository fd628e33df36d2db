# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["openai==3.54.0", "pydantic==2.14.3", "scikit-learn==1.9.1"]
# ///
# MAGIC %md
# MAGIC # Comments: what do readers say below a post, and what do they ask for?
# MAGIC Summarises the comments of some posts with a language model, within a budget. Without a key it quotes the key comments instead, and says so. Reads `community_silver.comments` and `community_silver.posts_english`; writes `community_gold.comment_summaries` and `ops`.
# MAGIC
# MAGIC What was summarised before is not asked again, unless a comment, the prompts or the model changed.
# MAGIC
# MAGIC Widgets: `post_id` (empty: the `n_posts` posts with most comments); `language` (of the answers); `budget_usd` (never passed); `base_url`, `model`, `input_price`, `output_price` (an OpenAI-compatible endpoint, and USD per million tokens, asked for with another model than the default one); `max_concurrent`, `requests_per_minute`, `chunk_tokens` (its limits: calls at once and in a minute, and what a call may hold besides the instructions); `json_mode` (whether it takes `response_format`); `as_of`; `catalog`, `schema_prefix` (where things stand). The key is the secret `llm_api_key` of scope `tideline`.

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
from systems.community import comment_figures
from systems.community.gold.comment_summaries import comment_summaries
from systems.community.summaries import shown
from systems.community.summaries.client import client_with, cost_said
from systems.community.summaries.endpoints import BASE_URL, LEAST_CHUNK, MODEL, Endpoint, price_of
from systems.community.summaries.estimates import estimate_said, estimated, refuse_above
from systems.community.summaries.prompts import LANGUAGES
from systems.community.summaries.stored import comments_to_summarise, stored_summaries
from systems.community.summaries.summarising import outdated, summarise
from systems.community.summaries.threads import threads_of
from utils.settings import Settings, read_amount, read_choice, read_number, read_optional_amount, read_text

# COMMAND ----------

settings = replace(Settings.from_widgets(dbutils), system_name="community")
post_id = read_text(dbutils, "post_id", "Post (empty: those with most comments)")
n_posts = read_number(dbutils, "n_posts", 10, least=1, most=1000, label="Posts, where none is named")
language = read_choice(dbutils, "language", list(LANGUAGES), "Language of the answers")
budget_usd = read_amount(dbutils, "budget_usd", 1, most=1000, label="USD that this run may spend")
model = read_text(dbutils, "model", f"Model (empty: {MODEL})") or MODEL
input_price = read_optional_amount(dbutils, "input_price", most=1000, label="USD per million tokens sent (of another model)")
output_price = read_optional_amount(dbutils, "output_price", most=1000, label="USD per million tokens received (of another model)")
endpoint = Endpoint(
    base_url=read_text(dbutils, "base_url", f"Endpoint (empty: {BASE_URL})") or BASE_URL,
    model=model,
    input_price=price_of(model, "input_price", input_price),
    output_price=price_of(model, "output_price", output_price),
    max_concurrent=read_number(dbutils, "max_concurrent", 8, least=1, most=64, label="Calls at once"),
    requests_per_minute=read_number(dbutils, "requests_per_minute", 300, least=1, most=100_000, label="Calls in a minute"),
    chunk_tokens=read_number(dbutils, "chunk_tokens", 16_000, least=LEAST_CHUNK, most=1_000_000, label="Tokens of data in a call"),
    is_json_asked=read_choice(dbutils, "json_mode", ["asked", "not asked"], "JSON mode of the endpoint") == "asked",
)

# COMMAND ----------

publication = opened(spark, settings.system, "gold.comment_summaries", settings)
comments, posts = publication.read("silver.comments"), publication.read("silver.posts_english")
threads = threads_of(comments_to_summarise(comments, posts, post_id=post_id, n_posts=n_posts))
table = settings.name_of("gold.comment_summaries")
stored = stored_summaries(spark, table)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is ahead
# MAGIC The likely cost is a guess; the run ends before it could spend more than its budget, whatever the guess says.

# COMMAND ----------

client = client_with(settings.secret_or_none("llm_api_key"), endpoint, budget_usd)
due = outdated(threads, stored, language, endpoint if client else None)
estimate = estimated(due, language, endpoint)
display(estimate_said(estimate, budget_usd, client is not None))

# COMMAND ----------

refuse_above(budget_usd, estimate if client else replace(estimate, likely_usd=0.0))
done = summarise(threads, stored, language, settings.as_of, client=client, say=print)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What readers say
# MAGIC Beside every summary stands how it was made: by a language model, or extractively, as quotations of the comments that say most of what many say.

# COMMAND ----------

display(shown.said(done.shown))

# COMMAND ----------

display(comment_figures.requests(done.shown))

# COMMAND ----------

display(comment_figures.summarised(done.shown))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What it cost
# MAGIC As the endpoint counted, for this run alone. Posts that the budget did not reach are summarised by the next run.

# COMMAND ----------

display({**cost_said(client), **done.without})

# COMMAND ----------

# MAGIC %md
# MAGIC ## Publish
# MAGIC The calls took their time: what another run published meanwhile, in another language perhaps, stays.

# COMMAND ----------

outcomes = publication.publish(comment_summaries(stored_summaries(spark, table), done.rows))
display(outcomes.as_rows())

# COMMAND ----------

done.raise_if_failed()
dbutils.notebook.exit(outcomes.to_json())
