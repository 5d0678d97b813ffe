"""rohe: declarative machine-learning serving on heterogeneous edge machines."""

__version__ = "0.1.0"
