"""Other merge helpers, each in an environment and a process of its own, against a plain MERGE of that process."""
