"""What is free on every node while a plan is made: indexes, node classes, the ledger, cores and devices."""
