"""Floor 6: what the engine creates, one package a target."""
