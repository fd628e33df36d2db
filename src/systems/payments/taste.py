"""Who paid whom, as a matrix: what models learn from, and its split by time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from systems.payments.config import UNKNOWN
from systems.payments.models import Floats, Ints, Matrix, matrix_of
from utils.errors import SettingsError

# A pseudonym is 32 hex digits.
PSEUDONYM = "S32"
LEARNED_SHARE = 0.75
LEAST_CLIENTS = 20


@dataclass(frozen=True)
class Taste:
    """Rows are clients in the order of their pseudonyms, columns companies in the order of their ids.

    `first_at` holds, for each cell of `paid` in its order, when the client paid the company first, in microseconds.
    """

    clients: NDArray[np.bytes_]
    companies: pd.DataFrame
    paid: Matrix
    first_at: Ints

    @classmethod
    def of(cls, pairs: pd.DataFrame, companies: pd.DataFrame) -> Taste:
        """From rows (client, company_id, first_paid_us), one per client and company, and rows of `silver.company_features`."""
        companies = companies.sort_values("company_id", ignore_index=True)
        companies.attrs = {}  # Spark leaves its metrics there, which no file format takes
        clients, rows = np.unique(pairs["client"].to_numpy().astype(PSEUDONYM), return_inverse=True)
        columns = np.searchsorted(companies["company_id"].to_numpy(), pairs["company_id"].to_numpy())
        order = np.lexsort((columns, rows))
        paid = matrix_of(rows[order], columns[order], (len(clients), len(companies)))
        found = cls(clients, companies, paid, pairs["first_paid_us"].to_numpy(dtype=np.int64)[order])
        found.refuse_too_few()
        return found

    def refuse_too_few(self) -> None:
        """Raises SettingsError where next to nobody paid two companies: nothing can be learned from that."""
        n_several = int((np.diff(self.paid.indptr) > 1).sum())
        if n_several < LEAST_CLIENTS:
            raise SettingsError(
                "payments", f"{n_several} clients paid more than one company", expected=f"at least {LEAST_CLIENTS}",
                hint="Fetch more payments, or backfill an earlier time.",
            )  # fmt: skip

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Per company, whether it can be recommended."""
        return ~self.companies["is_closed"].to_numpy(dtype=bool)

    def split(self) -> tuple[Matrix, Matrix, pd.Timestamp]:
        """First payments before a moment and those from it on, and the moment: LEARNED_SHARE of them lie before."""
        moment = int(np.quantile(self.first_at, LEARNED_SHARE))
        rows = np.repeat(np.arange(self.paid.shape[0]), np.diff(self.paid.indptr))
        is_before = self.first_at < moment
        before, after = (
            matrix_of(rows[chosen], self.paid.indices[chosen], self.paid.shape) for chosen in (is_before, ~is_before)
        )
        return before, after, pd.Timestamp(moment, unit="us")

    def features(self) -> Floats:
        """What else is known of companies, a row each: all on one scale, so that none weighs by its unit.

        Categories are a column each, `unknown` included. A missing measure is the mean, and says so in a column of its own.
        """
        measured = ["mean_log10_amount", "median_gap_days", "n_clients"]
        numbers = self.companies[measured].astype(float).copy()
        numbers["median_gap_days"], numbers["n_clients"] = np.log1p(numbers["median_gap_days"]), np.log1p(numbers["n_clients"])
        spread = numbers.std(ddof=0).replace(0, 1).fillna(1)
        scaled = ((numbers - numbers.mean()) / spread).fillna(0)
        categories = pd.get_dummies(self.companies["category"].fillna(UNKNOWN))
        flags = pd.DataFrame({"is_top": self.companies["is_top_biller"], **numbers.isna().add_suffix(" is missing")})
        return np.hstack([part.to_numpy(dtype=np.float32) for part in (scaled, categories, flags)])
