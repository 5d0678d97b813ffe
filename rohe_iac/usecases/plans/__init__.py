"""Use cases that make plans and answer questions about them.

One file for each of plan, what-if, render, verify, audit, why-not, explain and profile; `analysis` has what screens and
pages show of a plan beyond its plan file, `manifest_verification` checks manifests, and `plugins` finds the filters,
scorers and strategies that a stack names.
"""
