"""The project's HTTP API: routes over the questions of `src/systems`. `tideline app api`, or `python -m apps.api`."""
