"""Protocols beside MQTT by which services report."""
