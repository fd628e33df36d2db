"""The checks that the official command lacks: one file per subject, each with functions from a job or bundle to findings."""
