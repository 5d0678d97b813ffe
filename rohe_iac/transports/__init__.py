"""Floor 4: how messages reach an agent and leave it, and how an agent is asked for answers over the broker."""
