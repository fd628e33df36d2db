"""End with the code that is asked for."""

import sys

if sys.argv[1] != "0":
    raise ValueError(f"code {sys.argv[1]}")
