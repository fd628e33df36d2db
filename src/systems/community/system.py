"""The table of contents of the community system."""

from __future__ import annotations

from engine.person import Mentions, Person, Through
from engine.sources.spec import Files
from engine.system import System
from systems.community import bronze, gold, silver
from systems.community.comment_features import COMMENT_FEATURES
from systems.community.comment_predictions import COMMENT_PREDICTIONS

SYSTEM = System(
    name="community",
    question="How does a creator's community grow, vote, talk and pay?",
    time_zone="UTC",
    sources=[
        Files("users", format="json", folder="exports", pattern="users-*.json"),
        Files("posts", format="json", folder="exports", pattern="posts-*.json"),
        Files("posts_comments", format="json", folder="exports", pattern="posts_comments-*.json"),
        Files("votes", format="json", folder="exports", pattern="votes-*.json"),
        Files("comment_labels", format="json", folder="labels", pattern="comment_labels-*.json*"),
    ],
    tables=[
        bronze.USERS,
        bronze.USERS_HISTORY,
        bronze.POSTS,
        bronze.POSTS_COMMENTS,
        bronze.POST_DOCUMENTS,
        bronze.VOTE_DOCUMENTS,
        bronze.POSTS_TRANSLATIONS,
        bronze.VOTES,
        bronze.COMMENT_LABELS,
        silver.POSTS_ENGLISH,
        silver.COMMENTS,
        COMMENT_FEATURES,
        COMMENT_PREDICTIONS,
        silver.VOTES,
        gold.USERS_BY_COUNTRY,
        gold.SUPPORT_DISTRIBUTION,
        gold.MONTHLY_ACTIVITY,
        gold.MONTHLY_SUPPORT,
        gold.MONTHLY_FORECAST,
        gold.DAILY_ACTIVITY,
        gold.DAILY_POLL_VOTES,
        gold.POLL_RESULTS,
        gold.COUNTRY_RANKING,
        gold.COMMENT_SUMMARIES,
        gold.SUGGESTIONS,
        gold.SUPPORTER_SEGMENTS,
        gold.SEGMENT_PROFILES,
    ],
    # The staff's labelled sample names nobody: a text in it has no author.
    person=Person(
        noun="user",
        looks_like="[0-9a-f]{24}",
        sources={
            "users": Mentions("_id.$oid"),
            "posts_comments": Mentions("user_id.$oid"),
            "votes": Mentions("user_id.$oid"),
        },
        published={
            "silver.comment_predictions": Through("comment_id", "silver.comments", on="comment_id", owner="user_id"),
            "gold.suggestions": Through("comment_id", "silver.comments", on="comment_id", owner="user_id"),
            # A summary says what all comments of a post say, and may quote any: the post's is made anew.
            "gold.comment_summaries": Through("post_id", "silver.comments", on="post_id", owner="user_id"),
        },
    ),
)
