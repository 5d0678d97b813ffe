"""Verdicts and violations: KEPT, BROKEN or UNKNOWN per window, explanations, counterfactuals and `degrade`."""
