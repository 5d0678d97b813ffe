"""From plain values to models, with every fault as a finding.

What is well formed goes on without what is not, so that one run reports faults of all phases.
"""
