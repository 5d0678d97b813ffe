"""The embedded MQTT broker of a stack, and a credential for each of its clients."""
