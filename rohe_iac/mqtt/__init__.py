"""One connection to an MQTT broker; the only room that imports paho."""
