"""What the business decided for A/B tests. A change here recomputes what depends on it."""

# Days and hours are cut at the data's own offset, -04:00, whatever the session's zone is. (POSIX names count westward.)
LOCAL_ZONE = "Etc/GMT+4"
# A purchase counts for an exposure within this window after it; a fixed window, never the extent of the data.
ATTRIBUTION_WINDOW_HOURS = 48
# BUY rows of one user and item closer than this are one purchase.
REPEAT_SECONDS = 60
EVENT_NAMES = ("SEARCH", "PRODUCT", "CHECKOUT_1", "CHECKOUT_2", "CHECKOUT_3", "BUY")
LATER_PURCHASE, SAME_ITEM = "later_purchase", "same_item"
# Two-sided confidence of the interval of a conversion rate, as the normal quantile.
INTERVAL_Z = 1.959963984540054
# The interval is corrected for continuity: by half a person with fewer buyers, or others, than the first, else by the second
# over the root of the participants. Coverage is then 94 % or more, whatever the rate and the number of participants. With 30
# or more expected buyers it is 96 % or less but for peaks that whole persons leave: up to 96.2 % from 500 participants, 96.5 %
# from 100, 96.8 % below.
CORRECTED_BELOW, FADING = 19, 1.6
WHOLE_PERIOD = "whole"
# Kinds of period, by what a `day` names: a local hour (YYYY-MM-DD HH), a local day (YYYY-MM-DD), or all.
HOUR, DAY, WHOLE = "hour", "day", "whole"

# The variant that others are compared with: this one where an experiment has it, else the one named here per experiment,
# else the one with the smallest id.
CONTROL = "DEFAULT"
CONTROLS: dict[str, str] = {}
# How users are meant to be dealt to the variants, per experiment and variant; equally where nothing is said.
SHARES: dict[str, dict[str, float]] = {}
# Below these, a period tells nothing of an experiment: participants of every variant, buyers of all together.
LEAST_PARTICIPANTS, LEAST_BUYERS = 100, 10
# A winner's adjusted p-value is at most the first, its probability to be best at least the second.
SIGNIFICANT, SURE = 0.05, 0.95
# A split whose p-value is below this is broken: whatever broke it may have made the difference, too.
BROKEN_SPLIT = 0.001
