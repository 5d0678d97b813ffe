"""classify: one member of the ensemble; tells its own prediction and gives its vote to the aggregate."""

from __future__ import annotations

import argparse
import os
import threading
import time

import numpy as np

from digits.images import load
from digits.models import NAMES, Model, train
from digits.peers import Replicas, only, peers
from digits.wire import Body, Server, Unreachable, own_port
from rohe_iac.reporting import Reporter


class Classify:
    """One replica. member and instance: what it is called; aggregate: where votes go."""

    def __init__(self, model: Model, member: str, instance: str, aggregate: Replicas, reporter: Reporter) -> None:
        self._model = model
        self._member = member
        self._instance = instance
        self._aggregate = aggregate
        self._reporter = reporter
        self._turn = threading.Lock()

    def classify(self, body: Body) -> Body:
        """Takes {request, pixels in 0..1, expected: the members that were asked}; answers what it sees."""
        start = time.time()
        with self._turn:
            probabilities = [round(float(p), 4) for p in self._model(np.asarray([body["pixels"]], dtype=float))[0]]
        end = time.time()
        prediction = int(np.argmax(probabilities))
        self._reporter.report(
            request=body["request"],
            start=start,
            end=end,
            metrics={"confidence": max(probabilities)},
            fields={"prediction": prediction, "probabilities": probabilities},
        )
        vote = {
            "request": body["request"],
            "expected": body["expected"],
            "member": self._member,
            "instance": self._instance,
            "probabilities": probabilities,
        }
        try:
            self._aggregate.call("/votes", vote)
        except Unreachable as error:
            return {"prediction": prediction, "counted": False, "why": str(error)}
        return {"prediction": prediction, "counted": True}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="digits.classify", description=__doc__)
    arguments.add_argument("--model", required=True, choices=NAMES)
    name = arguments.parse_args().model
    _, aggregate = only(peers())
    training, _ = load()
    model = train(name, training)
    reporter = Reporter.from_environment()
    member, instance = os.environ.get("ROHE_MEMBER") or name, os.environ.get("ROHE_INSTANCE") or name
    classify = Classify(model, member, instance, aggregate[""], reporter)
    Server({"/classify": classify.classify}, ready=aggregate[""].alive).run(own_port())
    reporter.close()


if __name__ == "__main__":
    main()
