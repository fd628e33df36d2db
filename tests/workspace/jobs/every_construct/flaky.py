import sys

if sys.argv[1] == "1":
    raise RuntimeError("the first attempt always fails")
