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
WHOLE_PERIOD = "whole"
