"""From plain values to models, with every fault as a finding.

Valid parts go on without the faulty ones, so that one run reports the faults of all phases.
"""
