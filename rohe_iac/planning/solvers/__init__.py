"""Decides for all replicas: `planner` is the entry.

`assigner` runs one strategy: `construction` is one greedy pass over the services in order, `local_search` improves an
assignment by ruin and recreate, `exact` solves it with CP-SAT. `resilience` handles `survive` and audits failures;
`plan_building` turns an assignment into a Plan with its explanations.
"""
