"""What people who keep the systems running look at: how runs went, and what is in a table, whichever system owns it."""
