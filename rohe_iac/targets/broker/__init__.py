"""The broker servers that a stack can run, on every target: their settings files, users and permissions."""
