"""Variables of services in imported files: what replaces those in a text, and which values are secrets."""
