"""From the linked blueprint to a Problem, and from a plan's amounts back into requests.

The only package of planning, beside sizing, that sees a blueprint.
"""
