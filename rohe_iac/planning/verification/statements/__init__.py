"""What a plan says of itself beside its placements: orders, scores, counts of nodes, shortages and losses."""
