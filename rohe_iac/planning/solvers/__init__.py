"""Decides for all replicas: `planner` is the entry.

`construction` is one greedy pass over the queue; `local_search` improves it by ruin and recreate; `exact` asks CP-
SAT; `resilience` handles `survive` and audits. `plan_building` turns an assignment into a Plan with its explanations.
"""
