"""A service that reports without pause, for pods: it records each accepted report in a ledger on its volume.

It goes on after SIGTERM, as a service that hangs; a file `end` beside the ledger ends the load. It then waits until all
reports are acknowledged, writes its counters into `counters`, and stays until SIGTERM.
"""

import json
import os
import signal
import sys
import time

from rohe_iac.reporting import Reporter

ledger, rate = sys.argv[1], float(sys.argv[2])
signal.signal(signal.SIGTERM, signal.SIG_IGN)
accepted = os.open(f"{ledger}/accepted", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
reporter = Reporter.from_environment()
count = 0
while not os.path.exists(f"{ledger}/end"):
    now = time.time()
    request = f"{reporter.boot}-{count}"
    if reporter.report(request=request, start=now, end=now, fields={"prediction": count % 10}):
        os.write(accepted, f"{request}\n".encode())
    count += 1
    time.sleep(1 / rate)
flushed = reporter.flush(100)
with open(f"{ledger}/counters.new", "w") as file:
    json.dump({"accepted": reporter.accepted, "refused": reporter.refused, "flushed": flushed}, file)
os.rename(f"{ledger}/counters.new", f"{ledger}/counters")
# The first process of a container is spared by the kernel: no signal without a handler ends it.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
while True:
    time.sleep(3600)
