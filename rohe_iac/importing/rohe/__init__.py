"""Imports files of the original ROHE: nodes, services, contracts and the settings of its two services."""
