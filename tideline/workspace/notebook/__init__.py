"""Databricks notebooks on a laptop: their format, a kernel per attempt, what the platform injects, what is saved.

format, ipynb           text <-> cells <-> .ipynb
results                 what is asked of a notebook run and what it answers
pool                    kernels started ahead; each runs one attempt
attempt, process, host  the runner's side of one attempt
kernel/                 the kernel's side: dbutils, display, magics, errors
html, markdown, saved   an executed notebook as a page, as text, as .ipynb
"""
