"""Surveys of every node for a replica, differences of plans, and predicted response times."""
