"""A package with an entry point."""

import sys


def main() -> None:
    """Print the arguments."""
    print("toolbox", *sys.argv[1:])
