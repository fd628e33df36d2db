"""The workspace as web pages, on loopback: what `tideline ui` serves.

A family of pages is a module with a `router`, a line in `app.PAGES` and templates of its name. Pages are rendered on the
server; what changes while one looks is sent as pieces of HTML over server-sent events.

app, door, serve                  what is served, who may come in, the process
render, streams, redacted         what all pages share
home, notebooks, jobs, runs,
tables, sql                       the families; run_files is what a run left behind
history, looking                  what lists of runs show, and what all who look share
project                           what the bundle says of its own tables, as plain data
catalog, delta, commits, subject  tables without Spark: folders, Delta logs, declarations
tree, lineage                     how tables stand together
asking, shown, feed, elsewhere    what Spark is asked once a page stands, and its rows on the page
notebook_*, cells, widgets,
executions, warm_pool             what notebooks' pages are made of; executions are kept as folders

The REST API of the control plane answers on the same port below /api, by its token in a header.
"""
