"""A shop's steps to a purchase in its database: made up day by day, or loaded from files."""

from tideline.samples.funnel.database import load_pages, make_tables, sample, write_day
from tideline.samples.funnel.shop import PLANTED

__all__ = ["PLANTED", "load_pages", "make_tables", "sample", "write_day"]
