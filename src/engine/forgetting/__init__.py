"""Forgetting a person: taking what is theirs out of every table and landed file, and never taking it in again (ADR 15)."""
