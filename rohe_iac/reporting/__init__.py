"""Floor 4: what a service uses to report; imports nothing heavy."""
