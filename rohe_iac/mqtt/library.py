"""The client library paho, without the DNS client that it imports where one is installed.

dnspython comes with the library of MongoDB. paho looks up brokers by SRV records with it, which no address of rohe asks
for; with the HTTP client that it imports in turn it would cost every process that connects a tenth of a second.
"""

from __future__ import annotations

import sys

_first = "dns" not in sys.modules
if _first:
    # An import of it fails, which paho takes for a library that is not installed.
    sys.modules["dns"] = None  # type: ignore[assignment]
try:
    import paho.mqtt.client as client
finally:
    if _first:
        del sys.modules["dns"]

__all__ = ["client"]
