"""What every SQLite database of rohe shares: the version of its schema, and what an error of the disk means."""
