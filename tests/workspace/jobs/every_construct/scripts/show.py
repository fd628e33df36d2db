"""Print the first argument."""

import sys

print("item", sys.argv[1])
