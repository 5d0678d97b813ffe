"""How results, verdicts and violations look."""
