"""Uses of vouchers in four countries, as Parquet drops."""

from tideline.samples.vouchers.days import write_day

__all__ = ["write_day"]
