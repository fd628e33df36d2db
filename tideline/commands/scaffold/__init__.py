"""New systems, tables and dashboards from templates: files that are made, and entries in files that are there."""
