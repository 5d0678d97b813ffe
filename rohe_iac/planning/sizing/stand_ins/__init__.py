"""What a stand-in does in place of a measured service: service times, processor time and calls, taken from a plan."""
