"""A client in Node.js, of the example `examples/node`, that connects once and ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[3] / "examples" / "node" / "mqtt.mjs"

SOURCE = """
import fs from "node:fs";
import { connect } from "MODULE";
connect({
  access: () => JSON.parse(fs.readFileSync(process.argv[2], "utf8")),
  clientId: "CLIENT",
  will: { topic: "a/b", payload: "" },
  subscriptions: ["TOPIC"],
  onUp: () => process.exit(0),
  onMessage: () => {},
});
"""


def node_client(folder: Path, credentials: Path, client: str, topic: str) -> list[str]:
    """Writes the program, and returns the command line that runs it; skips the test where there is no Node.js.

    It ends with exit code 0 once the broker has granted the subscription, and tries for ever where it does not.

    Args:
        folder: Where the program is written to.
        credentials: File of the credentials, read before each connection.
        client: MQTT client identifier.
        topic: Topic that is subscribed to.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed (Debian: apt-get install nodejs)")
    program = folder / "client.mjs"
    program.write_text(SOURCE.replace("MODULE", str(MODULE)).replace("CLIENT", client).replace("TOPIC", topic))
    return [node, str(program), str(credentials)]
