"""Fail in the first attempt only."""

import sys

if sys.argv[1] == "1":
    raise ConnectionError("not yet")
