"""The Pulumi engine: finds, downloads or builds it, caches it, and starts it in a session of its own."""
