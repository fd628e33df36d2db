"""The table of contents of the community system."""

from __future__ import annotations

from engine.sources.spec import Files
from engine.system import System
from systems.community import bronze, gold, silver

SYSTEM = System(
    name="community",
    question="How does a creator's community grow, vote, talk and pay?",
    time_zone="UTC",
    sources=[
        Files("users", format="json", folder="exports", pattern="users-*.json"),
        Files("posts", format="json", folder="exports", pattern="posts-*.json"),
        Files("posts_comments", format="json", folder="exports", pattern="posts_comments-*.json"),
        Files("votes", format="json", folder="exports", pattern="votes-*.json"),
    ],
    tables=[
        bronze.USERS,
        bronze.POSTS,
        bronze.POSTS_COMMENTS,
        bronze.POST_DOCUMENTS,
        bronze.VOTE_DOCUMENTS,
        bronze.POSTS_TRANSLATIONS,
        bronze.VOTES,
        silver.POSTS_ENGLISH,
        silver.COMMENTS,
        silver.VOTES,
        gold.USERS_BY_COUNTRY,
        gold.SUPPORT_DISTRIBUTION,
        gold.MONTHLY_ACTIVITY,
        gold.DAILY_ACTIVITY,
        gold.POLL_RESULTS,
        gold.COUNTRY_RANKING,
    ],
)
