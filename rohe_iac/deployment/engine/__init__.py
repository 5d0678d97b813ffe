"""The Pulumi engine: found, downloaded or built, cached, and started in a session of its own."""
