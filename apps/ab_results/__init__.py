"""The experiments' web app: who won, and how sure is that? `tideline app ab_results`, or `python -m apps.ab_results`."""
