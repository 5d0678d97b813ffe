"""Suggestions in messages: the nearest known name, and how a term of another tool is written here."""
