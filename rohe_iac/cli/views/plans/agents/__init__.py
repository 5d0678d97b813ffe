"""What a plan shows of its observation agents."""
