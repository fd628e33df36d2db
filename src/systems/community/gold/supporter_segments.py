"""Gold: kinds of supporters, under pseudonyms, and what each kind is like; published by the notebook that finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from engine.checks import Check
from engine.spec import Column, Published
from systems.community.supporter_measures import EVERYBODY, ID

if TYPE_CHECKING:
    from systems.community.segmentation import Segmentation

INPUTS = ("gold.support_distribution", "silver.comments", "silver.votes")


def supporter_segments(features: pd.DataFrame, found: Segmentation) -> pd.DataFrame:
    """A row per supporter of `features`, with the segment and how far the supporter is from its middle."""
    from systems.community.segment_profiles import names_of
    from systems.community.supporter_measures import as_measured, in_one_order

    rows = in_one_order(features)
    segment, distance = found.of(as_measured(rows))
    names = names_of(found)
    return pd.DataFrame(
        {ID: rows[ID], "segment": segment, "segment_name": [names[n - 1] for n in segment], "distance": distance}
    )


def segment_profiles(features: pd.DataFrame, found: Segmentation) -> pd.DataFrame:
    """A row per segment that has supporters, and feature."""
    from systems.community.segment_profiles import profiles_of

    return profiles_of(features, found)


SEGMENT = Column("segment", "int", "Number of the segment, from 1: the greatest supporters first; 1 alone where there are none.")
SEGMENT_NAME = Column("segment_name", "string", f"What tells it from the others; `{EVERYBODY}` where there are no segments.")
RUN_ID = Column("run_id", "string", "The run in MLflow, with how surely the segments come out again.")

SUPPORTER_SEGMENTS = Published(
    build=supporter_segments,
    inputs=list(INPUTS),
    key=["user_pseudonym"],
    grain="one row per user who ever gave anything",
    columns=[
        Column("user_pseudonym", "string", "Keyed hash of the user's id.", pseudonym=True),
        SEGMENT,
        SEGMENT_NAME,
        Column("distance", "double", "From the middle of the segment, in standard deviations of what is known of supporters."),
        RUN_ID,
    ],
    checks=[Check("a distance is one", "distance >= 0", "fail"), Check("a segment has a number", "segment >= 1", "fail")],
)

SEGMENT_PROFILES = Published(
    build=segment_profiles,
    inputs=list(INPUTS),
    key=["segment", "feature"],
    grain="one row per segment with supporters, and feature",
    columns=[
        SEGMENT,
        SEGMENT_NAME,
        Column("feature", "string", "lifetime_support_amount and entitled_amount (USD), n_comments, n_chosen_options."),
        Column("n_supporters", "bigint", "Supporters in the segment."),
        Column("share", "double", "Of all supporters, 0 to 1."),
        Column("mean", "double", "Mean of the feature in the segment."),
        Column("median", "double", "Its median."),
        Column(
            "difference", "double",
            "Mean of the segment less that of all supporters, of the feature's logarithm, in standard deviations.",
        ),
        RUN_ID,
    ],
    checks=[Check("a share is one", "share > 0 AND share <= 1", "fail")],
)  # fmt: skip
