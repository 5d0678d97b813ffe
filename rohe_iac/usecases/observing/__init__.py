"""Use cases that ask the agents of an applied stack: observe and violations."""
