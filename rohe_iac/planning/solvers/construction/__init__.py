"""One greedy pass over the services: order, filter, score, select, commit; then repair of what was left out."""
