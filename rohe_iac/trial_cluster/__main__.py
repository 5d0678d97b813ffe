"""`python -m rohe_iac.trial_cluster start|stop|status|build`: the control plane of a user who has no cluster."""

from __future__ import annotations

import argparse
import sys

from rohe_iac.foundation.errors import RoheError
from rohe_iac.trial_cluster.control_plane import ControlPlane
from rohe_iac.trial_cluster.files import CONTEXT
from rohe_iac.trial_cluster.nodes import simulated_node
from rohe_iac.trial_cluster.programs import ClusterPrograms

MOST_NODES = 5000
"""The most simulated nodes that one control plane is given; Kubernetes itself is tested up to this number."""


def main(arguments: list[str]) -> int:
    """Runs the command that the arguments name; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rohe_iac.trial_cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser(
        "start", help="start the control plane, building its programs first where they are missing"
    )
    start.add_argument("--nodes", type=_count, default=3, metavar="N", help="how many simulated nodes it has (3)")
    commands.add_parser("build", help="build its programs where they are missing, and start nothing")
    commands.add_parser("stop", help="stop it and remove all its objects")
    commands.add_parser("status", help="say whether it runs")
    chosen = parser.parse_args(arguments)
    plane = ControlPlane.of_user()
    try:
        if chosen.command == "start":
            return _start(plane, chosen.nodes)
        if chosen.command == "build":
            return _build()
        if chosen.command == "stop":
            print("stopped; its objects are gone" if plane.stop() else "no control plane is running")
            return 0
        print(
            f"running; its kubeconfig is {plane.files.kubeconfig}" if plane.running else "no control plane is running"
        )
        return 0 if plane.running else 1
    except RoheError as error:
        lines = (error.brief, *error.detail.splitlines(), *([f"-> {error.hint}"] if error.hint else []))
        print("\n  ".join(lines), file=sys.stderr)
        return int(error.exit_code)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > MOST_NODES:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to {MOST_NODES}")
    return int(text)


def _build() -> int:
    shown = _Steps()
    programs = ClusterPrograms.built(shown)
    shown.end()
    print(f"The programs of the control plane are built: {programs.kubernetes}, {programs.kine}, {programs.kwok}")
    return 0


def _start(plane: ControlPlane, nodes: int) -> int:
    shown = _Steps()
    programs = ClusterPrograms.built(shown)
    plane.start(programs, progress=shown)
    shown.end()
    plane.create(simulated_node(f"edge-{number}") for number in range(1, nodes + 1))
    names = ", ".join(f"edge-{number}" for number in range(1, nodes + 1))
    print(f"The control plane runs. Simulated nodes: {names or 'none'}.")
    print(f"  export KUBECONFIG={plane.files.kubeconfig}")
    print(f"  kubectl of its version: {programs.kubernetes / 'kubectl'}")
    print(f"  target: {{kubernetes: {{context: {CONTEXT}, namespace: NAME}}}}    in a Stack")
    return 0


class _Steps:
    """Shows steps on the standard error: one line that changes on a terminal, a line each elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = ""

    def __call__(self, line: str) -> None:
        if self._terminal:
            print(f"\r\033[K{line[:100]}", end="", file=sys.stderr, flush=True)
        elif line.partition(":")[0] != self._last:
            self._last = line.partition(":")[0]
            print(self._last, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clears the line that changes."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
