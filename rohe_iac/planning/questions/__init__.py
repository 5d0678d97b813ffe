"""Questions about a plan: what an edit would change, why a node is refused, and what is predicted."""
