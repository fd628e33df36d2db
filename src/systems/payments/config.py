"""What the business decided about payments and recommendations. A change here recomputes what depends on it."""

# The service writes times without a zone; they are local to it.
ZONE = "America/Argentina/Buenos_Aires"
# A transaction of the service is never open for longer than this.
OVERLAP_MINUTES = 10
FIRST_DAYS = 30
STATUSES = ("pending", "confirmed", "failed", "reversed")
# What counts as taste: confirmed payments of so many days before the end of the day `as_of`.
TRAINING_DAYS = 365
# A client who paid more companies than this is a business; pairs of all of them would drown everybody else's taste.
MOST_COMPANIES_PER_CLIENT = 200
# Two companies are neighbours only if so many clients paid both.
LEAST_COMMON_CLIENTS = 2
NEIGHBOURS, POPULAR, RECOMMENDED = 20, 50, 20
UNKNOWN = "unknown"
