"""Floor 3: samples, windows, contracts and verdicts; pure."""
