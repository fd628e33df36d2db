"""A bill-payment service: its database, day by day, and the REST API over it."""

from tideline.samples.payments.database import Written, make_tables, sample, write_day

__all__ = ["Written", "make_tables", "sample", "write_day"]
