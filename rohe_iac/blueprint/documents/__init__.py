"""The files of a blueprint, and all their documents by kind and name."""
