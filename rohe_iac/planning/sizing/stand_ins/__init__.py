"""What a stand-in does in place of a service that was measured: times, processor time and peers, taken from a plan."""
