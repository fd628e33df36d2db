"""Comments as they read now."""

from __future__ import annotations

from pyspark.sql import DataFrame

from engine.spec import Column, Latest
from systems.community.bronze.documents import CREATED, UPDATED, VERSION_AT, with_version


def posts_comments(documents: DataFrame) -> DataFrame:
    """Comments; an edited comment is a newer version of itself."""
    return with_version(documents)


POSTS_COMMENTS = Latest(
    build=posts_comments,
    source="raw.posts_comments",
    key=["id_oid"],
    sequence="version_at",
    grain="one row per comment",
    new_columns="evolve",
    columns=[
        Column("id_oid", "string", "Id of the comment.", path="_id.$oid"),
        Column("user_id_oid", "string", "Author.", path="user_id.$oid", personal=True),
        Column("post_id_oid", "string", "Post that is commented.", path="post_id.$oid"),
        Column("body", "string", "Text of the comment.", path="body", personal=True),
        CREATED,
        UPDATED,
        VERSION_AT,
    ],
)
