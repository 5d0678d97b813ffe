"""Claims about the client library, which is loaded without what nobody here asks of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_no_dns_client_is_loaded_and_others_may_load_it(tmp_path: Path) -> None:
    # An installation without the library of MongoDB has no DNS client.
    (tmp_path / "dns").mkdir()
    for name in ("__init__", "resolver"):
        (tmp_path / "dns" / f"{name}.py").touch()
    script = (
        "import sys, rohe_iac.mqtt.library; before = 'dns' in sys.modules\n"
        "import dns.resolver, paho.mqtt.client as paho; print(before, paho.HAVE_DNS)"
    )
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)
    assert done.stdout.split() == ["False", "False"]
