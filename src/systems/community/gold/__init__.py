"""Gold: the numbers of the dashboards, one file per table.

No nulls, no personal ids: unknown is the word `unknown`, users are pseudonyms.
"""

from systems.community.gold.comment_summaries import COMMENT_SUMMARIES
from systems.community.gold.country_ranking import COUNTRY_RANKING
from systems.community.gold.daily_activity import DAILY_ACTIVITY
from systems.community.gold.daily_poll_votes import DAILY_POLL_VOTES
from systems.community.gold.monthly_activity import MONTHLY_ACTIVITY
from systems.community.gold.monthly_forecast import MONTHLY_FORECAST
from systems.community.gold.monthly_support import MONTHLY_SUPPORT
from systems.community.gold.poll_results import POLL_RESULTS
from systems.community.gold.suggestions import SUGGESTIONS
from systems.community.gold.support_distribution import SUPPORT_DISTRIBUTION
from systems.community.gold.supporter_segments import SEGMENT_PROFILES, SUPPORTER_SEGMENTS
from systems.community.gold.users_by_country import USERS_BY_COUNTRY

__all__ = [
    "COMMENT_SUMMARIES",
    "COUNTRY_RANKING",
    "DAILY_ACTIVITY",
    "DAILY_POLL_VOTES",
    "MONTHLY_ACTIVITY",
    "MONTHLY_FORECAST",
    "MONTHLY_SUPPORT",
    "POLL_RESULTS",
    "SEGMENT_PROFILES",
    "SUGGESTIONS",
    "SUPPORTER_SEGMENTS",
    "SUPPORT_DISTRIBUTION",
    "USERS_BY_COUNTRY",
]
