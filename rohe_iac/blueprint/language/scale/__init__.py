"""How many there are of what is alike: replicas of a service, and nodes of a range."""
