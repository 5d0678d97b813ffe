"""Reasons that a container states: its image, its configuration, and repeated crashes."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.foundation.quantities import counted
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, Observed, name_of
from rohe_iac.targets.kubernetes.readiness.prospect import Prospect, Standing

IMAGE = frozenset(
    {"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "SignatureValidationFailed"}
)
"""Reasons of a waiting container that are about its image (kubernetes pkg/kubelet/images/types.go).

ErrImagePull is not among them: after every failed pull it becomes ImagePullBackOff within seconds.
"""

CONFIGURATION = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
"""Reasons of a waiting container that are about what it is started with (pkg/kubelet/kuberuntime)."""

MAX_CRASHES = 3
"""Crashes after which nobody waits any longer."""


def container_prospects(pod: KubernetesObject, observed: Observed) -> Iterator[Prospect]:
    """Yields a prospect for each container of a pod that will not start by itself, in the order of the pod."""
    status = pod.get("status", {})
    images = {item["name"]: item.get("image", "") for item in _containers(pod)}
    for entry in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        name = entry.get("name", "")
        waiting = entry.get("state", {}).get("waiting") or {}
        reason, message = waiting.get("reason", ""), _one_line(waiting.get("message", ""))
        if reason in IMAGE:
            words = _pull_words(pod, observed, message)
            image = images.get(name, "")
            yield _failed("image", f"image {image} of container {name}: {reason}{words}", pod)
        elif reason in CONFIGURATION and not _crashes(entry):
            yield _failed("configuration", f"container {name}: {reason}{_after_colon(message)}", pod)
        elif (crashes := _crashes(entry)) >= MAX_CRASHES:
            end = _last_end(entry)
            words = f"container {name} crashed {counted(crashes, 'time')}{_after_colon(_end_words(end))}"
            yield _failed("crash", words, pod, name)


def _containers(pod: KubernetesObject) -> Iterator[KubernetesObject]:
    spec = pod.get("spec", {})
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()


def _failed(kind: str, words: str, pod: KubernetesObject, container: str = "") -> Prospect:
    return Prospect(Standing.FAILED, kind, words, name_of(pod), container)


def _pull_words(pod: KubernetesObject, observed: Observed, message: str) -> str:
    """Returns what the registry words: in the container's message, or before Kubernetes 1.31 only in a warning."""
    event = observed.last_warning(name_of(pod), ("Failed", "InspectFailed"))
    warned = _one_line(event.get("message", "")) if event is not None else ""
    if message.startswith("Back-off pulling image") and "ErrImagePull" not in message and "pull" in warned:
        return _after_colon(warned)
    return _after_colon(message or warned)


def _crashes(entry: KubernetesObject) -> int:
    """Returns how often a container that does not run now has ended with an error since its pod began."""
    if (entry.get("state") or {}).get("running") or not _last_end(entry):
        return 0
    if (entry.get("state", {}).get("terminated") or {}).get("exitCode") == 0:
        return 0
    return int(entry.get("restartCount", 0)) + 1


def _last_end(entry: KubernetesObject) -> KubernetesObject:
    """Returns how the container's last run ended, empty where none has."""
    for state in (entry.get("state") or {}, entry.get("lastState") or {}):
        if state.get("terminated"):
            return dict(state["terminated"])
    return {}


def _end_words(end: KubernetesObject) -> str:
    """Returns the exit code of a run with its cause, such as `exit code 137, OOMKilled`."""
    words = f"exit code {end.get('exitCode', '?')}"
    if end.get("signal"):
        words += f", signal {end['signal']}"
    if end.get("reason") not in (None, "", "Error", "Completed"):
        words += f", {end['reason']}"
    return words + _after_colon(_one_line(end.get("message", "")))


def _after_colon(text: str) -> str:
    return f": {text}" if text else ""


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
