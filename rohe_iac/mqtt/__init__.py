"""One connection to an MQTT broker; the only place that imports paho."""
