"""Set-up on a bare Python: an environment with pinned packages, and the jars, once; afterwards nothing is fetched.

Standard library only, since it runs before anything is installed: `python3 -m tideline.setup`.
"""
