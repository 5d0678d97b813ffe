"""Floor 4: how messages reach an agent and leave it."""
