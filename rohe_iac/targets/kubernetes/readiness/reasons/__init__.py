"""Reasons for which a replica is not ready, in the words of those who state them: containers, pods, claims."""
