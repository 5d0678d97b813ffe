"""aggregate: the vote. It answers a request when every member asked has voted, or without those that are silent."""

from __future__ import annotations

import threading

from digits.ballot import Answer, BallotBox
from digits.members import Members
from digits.wire import Body, Server, own_port
from rohe_iac.reporting import Reporter

SWEEP = 0.1
"""Seconds between looks at ballots that have waited too long."""


class Aggregate:
    """One replica."""

    def __init__(self, reporter: Reporter) -> None:
        self.members = Members()
        self._reporter = reporter
        self._box = BallotBox(self.members, self._tell)
        self._end = threading.Event()

    def vote(self, body: Body) -> Body:
        """Takes {request, expected, member, instance, probabilities}; answers whether the vote counts."""
        probabilities = [float(value) for value in body["probabilities"]]
        if len(probabilities) != 10:
            raise ValueError(f"ten probabilities make a vote, not {len(probabilities)}")
        counted = self._box.cast(
            str(body["request"]), list(body["expected"]), str(body["member"]), str(body["instance"]), probabilities
        )
        return {"counted": counted}

    def sweep(self) -> None:
        """Looks after ballots until the service ends."""
        while not self._end.wait(SWEEP):
            self._box.sweep()

    def stop(self) -> None:
        """Ends the sweeping."""
        self._end.set()

    def _tell(self, answer: Answer) -> None:
        self._reporter.report(
            request=answer.request,
            start=answer.start,
            end=answer.end,
            metrics={"confidence": max(answer.probabilities)},
            fields={
                "prediction": answer.prediction,
                "probabilities": answer.probabilities,
                "inputs": answer.inputs,
                "missing": answer.missing,
            },
        )


def main() -> None:
    reporter = Reporter.from_environment()
    aggregate = Aggregate(reporter)
    reporter.on_command(aggregate.members.obey)
    threading.Thread(target=aggregate.sweep, name="sweep", daemon=True).start()
    Server({"/votes": aggregate.vote}).run(own_port())
    aggregate.stop()
    reporter.close()


if __name__ == "__main__":
    main()
