"""Which files belong to a blueprint, and all their documents by kind and name."""
