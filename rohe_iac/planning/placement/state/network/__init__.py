"""The network between nodes: routes over links, what local flows load on links, and budgets of latency."""
