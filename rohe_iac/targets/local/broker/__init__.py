"""The embedded MQTT broker of a stack and the credentials of its clients."""
