"""Comment summaries: by a language model where there is a key, else the key comments themselves. One file per question."""
