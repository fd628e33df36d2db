"""The kinds of tasks: each takes the work of one attempt and does it."""
