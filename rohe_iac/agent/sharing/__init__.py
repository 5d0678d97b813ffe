"""Sharing: several agents of one pipeline, of which one judges, and the others receive reports for it.

A receiving agent takes in the reports of its share of the clients and sends them in batches. The judging agent commits
each batch to its store; only then the receiving agent acknowledges the reports. It grants the shares by leases.
"""
