"""Floor 4: how messages reach an agent and leave it, and how recorded reports are read from a file."""
