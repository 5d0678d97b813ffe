"""A service under load, for the tests: it reports without pause and records each accepted report in a ledger.

What it is about to report goes to LEDGER.intended, with its event time and its prediction.

observed_load.py LEDGER RATE: SIGTERM ends the load; the service then waits until all reports are acknowledged and
prints its counters.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time

from rohe_iac.reporting import Reporter

FLUSH_TIMEOUT = 60.0


if "FAKETIME_TIMESTAMP_FILE" in os.environ:
    # Of a process whose clock is wrong (libfaketime 0.9.10) the sleep of Python 3.11 fails: it waits until a time of
    # the monotonic clock, which is not faked.
    time.sleep = lambda seconds: select.select([], [], [], seconds) and None  # type: ignore[assignment]


def main() -> None:
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    ledger = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    intended = os.open(f"{sys.argv[1]}.intended", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    rate = float(sys.argv[2])
    reporter = Reporter.from_environment()
    instance = os.environ["ROHE_INSTANCE"]
    began, count = time.monotonic(), 0
    while not end.is_set():
        now = time.time()
        request = f"{reporter.boot}-{count}"
        os.write(intended, f"{instance} {request} {now!r} {count % 10}\n".encode())
        if reporter.report(request=request, start=now - 0.01, end=now, fields={"prediction": count % 10, "truth": 1}):
            os.write(ledger, f"{instance} {request}\n".encode())
        count += 1
        time.sleep(max(0.0, began + count / rate - time.monotonic()))
    flushed = reporter.flush(FLUSH_TIMEOUT)
    print(json.dumps({"accepted": reporter.accepted, "refused": reporter.refused, "flushed": flushed}))
    reporter.close()


if __name__ == "__main__":
    main()
