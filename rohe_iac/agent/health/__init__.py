"""Health: what an agent says about its own work, once a second."""
