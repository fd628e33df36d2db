"""What the business decided for the community. A change here recomputes what depends on it."""

# Country codes that say nothing about where a user is; they count as unknown, like no code at all.
NO_COUNTRY_CODES = ("UNK", "")
UNKNOWN = "unknown"
# Posts are shown in this language, and in another one where it is missing.
PREFERRED_LANGUAGE = "en"
# Support is delivered in cents of this currency.
CURRENCY = "USD"
