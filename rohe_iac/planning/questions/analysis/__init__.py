"""Surveys of every node for a replica, differences of plans, predicted response times, connections of nodes."""
