"""A bill-payment service: its database, day by day, and the REST API over it."""

from tideline.samples.payments.database import Written, make_tables, sample, write_day
from tideline.samples.payments.known_answer import best_companies

__all__ = ["Written", "best_companies", "make_tables", "sample", "write_day"]
