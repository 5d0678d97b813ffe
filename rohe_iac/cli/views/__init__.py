"""One file a noun, each with a human and a machine face."""
