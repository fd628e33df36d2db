"""What the business decided for the community. A change here recomputes what depends on it."""

# Country codes that say nothing about where a user is; they count as unknown, like no code at all.
NO_COUNTRY_CODES = ("UNK", "")
UNKNOWN = "unknown"
# Posts are shown in this language, and in another one where it is missing.
PREFERRED_LANGUAGE = "en"
# Support is delivered in cents of this currency.
CURRENCY = "USD"
# Languages that a comment can be told to be in: those that the platform offers.
LANGUAGES = ("en", "es", "tr", "zh", "pt", "th", "de", "fr", "ja", "ko", "it", "pl", "id", "vi", "ru")
# How sure the detection must be, 0 to 1; below it a comment's language is unknown.
LEAST_CONFIDENCE = 0.8
# The translator: SQL that turns `body`, written in `language`, into English, evaluated by Spark for the comments that
# changed. In a workspace "ai_translate(body, 'en')" is one; a registered function works alike. Empty: no translator, and
# `comment_features.english_text` stays null.
TO_ENGLISH = ""
