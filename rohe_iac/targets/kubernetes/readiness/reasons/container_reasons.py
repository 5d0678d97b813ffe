"""Reasons that a container states: its image, its configuration, and repeated crashes."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.foundation.quantities import counted
from rohe_iac.targets.kubernetes.container_state import CONFIGURATION, IMAGE, ContainerEnd, container_states
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, Observed, name_of
from rohe_iac.targets.kubernetes.readiness.prospect import Prospect, Standing

MAX_CRASHES = 3
"""Crashes after which nobody waits any longer."""


def container_prospects(pod: KubernetesObject, observed: Observed) -> Iterator[Prospect]:
    """Yields a prospect for each container of a pod that will not start by itself, in the order of the pod."""
    images = {item["name"]: item.get("image", "") for item in _containers(pod)}
    for state in container_states(pod):
        name, reason = state.name, state.waits_for
        if reason in IMAGE:
            words = _pull_words(pod, observed, state.message)
            yield _failed("image", f"image {images.get(name, '')} of container {name}: {reason}{words}", pod)
        elif reason in CONFIGURATION and not state.crashes:
            yield _failed("configuration", f"container {name}: {reason}{_after_colon(state.message)}", pod)
        elif state.crashes >= MAX_CRASHES and state.last_end is not None:
            times = counted(state.crashes, "time")
            yield _failed("crash", f"container {name} crashed {times}: {end_words(state.last_end)}", pod, name)


def _containers(pod: KubernetesObject) -> Iterator[KubernetesObject]:
    spec = pod.get("spec", {})
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()


def _failed(kind: str, words: str, pod: KubernetesObject, container: str = "") -> Prospect:
    return Prospect(Standing.FAILED, kind, words, name_of(pod), container)


def _pull_words(pod: KubernetesObject, observed: Observed, message: str) -> str:
    """Returns what the registry words: in the container's message, or before Kubernetes 1.31 only in a warning."""
    event = observed.last_warning(name_of(pod), ("Failed", "InspectFailed"))
    warned = " ".join(str(event.get("message", "")).split()) if event is not None else ""
    if message.startswith("Back-off pulling image") and "ErrImagePull" not in message and "pull" in warned:
        return _after_colon(warned)
    return _after_colon(message or warned)


def end_words(end: ContainerEnd) -> str:
    """Returns the exit code of a run with its cause, such as `exit code 137, OOMKilled`."""
    words = f"exit code {'?' if end.exit_code is None else end.exit_code}"
    if end.signal:
        words += f", signal {end.signal}"
    if end.reason not in ("", "Error", "Completed"):
        words += f", {end.reason}"
    return words + _after_colon(end.message)


def _after_colon(text: str) -> str:
    return f": {text}" if text else ""
