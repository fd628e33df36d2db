"""What runs inside a notebook's own process: the shell, the injected names, the magics. The runner never imports it.

__main__      start: import ahead, serve, die with the runner
channel       questions to the runner: secrets, child runs, exit and task values
live          the attempt that is running: where it stands, what it was given
shell, trace  IPython with the notebook's own line numbers and the user's own errors
dbutils/      the platform's utilities
display, tables, figures   what `display` draws
sql, shell_magic, fs_magic, pip   cells that are not Python
"""
