"""Where records come from, and how they land in append-only raw: files, pages of an API, tables of a database."""
