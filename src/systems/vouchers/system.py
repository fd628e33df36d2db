"""The table of contents of vouchers."""

from __future__ import annotations

from engine.sources.spec import Files
from engine.spec import Column
from engine.system import System
from systems.vouchers import bronze, exploration, gold, silver

SYSTEM = System(
    name="vouchers",
    question="Which voucher does a segment of customers use most?",
    time_zone="UTC",
    sources=[
        Files(
            "drops",
            format="parquet",
            folder="drops",
            pattern="*.parquet",
            grain="one row per delivered record",
            columns=[
                Column("timestamp", "string", "When the voucher was used, as delivered."),
                Column("country_code", "string", "Name of a country, as delivered."),
                Column("last_order_ts", "string", "The customer's last order, as delivered."),
                Column("first_order_ts", "timestamp", "The customer's first order."),
                Column("total_orders", "string", "Orders of the customer, as in 3.0; empty for some."),
                Column("voucher_amount", "double", "Amount of the voucher; null for some."),
            ],
        ),
    ],
    tables=[
        bronze.USES,
        silver.VOUCHER_USES,
        gold.SEGMENT_VOUCHERS,
        gold.CLEANING_REPORT,
        exploration.DROP_PROFILE,
        exploration.DROP_COLUMNS,
        exploration.AMOUNT_ROWS,
    ],
)
