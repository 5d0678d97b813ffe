"""One greedy pass: service order, filter, score, select, commit; then repair of what was left out."""
