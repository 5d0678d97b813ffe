"""Replicas, variants and device types that keep a contract, by queueing theory and measured profiles."""
