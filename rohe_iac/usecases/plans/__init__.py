"""What makes, shows and questions plans: plan, render, verify, audit, what-if, why-not, explain, profile."""
