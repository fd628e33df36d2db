"""The checks that the official command lacks: one file per subject, from a job or bundle to findings."""
