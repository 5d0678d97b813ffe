"""The rules that refuse a node for a replica, their words, and how much is missing."""
