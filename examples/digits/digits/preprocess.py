"""preprocess: scales the images to 0..1 and asks every member of the ensemble, each at one of its replicas."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from digits.images import SCALE
from digits.members import Members
from digits.peers import Replicas, only, peers
from digits.wire import Body, Server, Unreachable, own_port
from rohe_iac.reporting import Reporter

AT_ONCE = 12


class Preprocess:
    """One replica. ensemble: the members' replicas; service: the ensemble's name."""

    def __init__(self, service: str, ensemble: dict[str, Replicas], reporter: Reporter) -> None:
        self.members = Members(service)
        self._ensemble = ensemble
        self._reporter = reporter
        self._callers = ThreadPoolExecutor(AT_ONCE, "ask")

    def ready(self) -> bool:
        """Whether every member has a replica that can answer."""
        return all(self._ensemble[member].ready() for member in self.members.of(self._ensemble))

    def image(self, body: Body) -> Body:
        """Takes {request, pixels in 0..SCALE}; answers which members were asked and which of them did not answer."""
        start = time.time()
        chosen = self.members.of(self._ensemble)
        # A member without a living replica is not waited for: the vote goes on without it until it is back.
        asked = [member for member in chosen if self._ensemble[member].alive()] or chosen
        scaled = [round(value / SCALE, 4) for value in body["pixels"]]
        question = {"request": body["request"], "pixels": scaled, "expected": asked}
        end = time.time()
        silent = [member for member, ok in self._callers.map(lambda name: self._ask(name, question), asked) if not ok]
        self._reporter.report(request=body["request"], start=start, end=end, fields={"asked": asked, "silent": silent})
        return {"asked": asked, "silent": silent}

    def _ask(self, member: str, question: Body) -> tuple[str, bool]:
        try:
            self._ensemble[member].call("/classify", question)
        except Unreachable:
            return member, False
        return member, True


def main() -> None:
    service, ensemble = only(peers())
    reporter = Reporter.from_environment()
    preprocess = Preprocess(service, ensemble, reporter)
    reporter.on_command(preprocess.members.obey)
    Server({"/images": preprocess.image}, ready=preprocess.ready).run(own_port())
    reporter.close()


if __name__ == "__main__":
    main()
