"""The most used voucher of a segment of customers."""
