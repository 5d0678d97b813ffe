"""The real client of QoA4ML in an environment of its own, which has other versions of libraries than rohe.

`python tests/qoa4ml_environment.py` installs it into the cache, as `make programs` does; tests only look for it.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from rohe_iac.deployment.programs.cache import build_home, installer_lock, staging_folder
from rohe_iac.foundation.canonical import sha256_hex

REQUIREMENTS = Path(__file__).parents[1] / "tools" / "qoa4ml" / "requirements.txt"
"""What is installed, pinned with hashes."""


def environment() -> Path:
    """Returns the folder of the environment, which is there once it is complete."""
    key = REQUIREMENTS.read_bytes() + platform.python_version().encode()
    return build_home() / f"qoa4ml-{sha256_hex(key)[:16]}"


def client_python() -> Path:
    """Returns an interpreter that can import qoa4ml; without the environment the test is skipped, loudly."""
    python = environment() / "bin" / "python"
    if not python.exists():
        pytest.skip("QoA4ML's client is not installed; `make programs` installs it")
    return python


def install() -> None:
    """Installs the environment, unless it is there."""
    with installer_lock(build_home(), lambda line: print(line, file=sys.stderr)):
        if environment().exists():
            return
        with staging_folder(environment()) as staging:
            subprocess.run([sys.executable, "-m", "venv", str(staging)], check=True)
            pip = [str(staging / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            subprocess.run([*pip, "--require-hashes", "-r", str(REQUIREMENTS)], check=True)


if __name__ == "__main__":
    install()
