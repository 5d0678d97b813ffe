"""Programs that rohe starts and its package does not contain: each is built into a cache from a Go module."""
