"""Container state: what the status of a pod says of one container; the one place where that is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

IMAGE = frozenset(
    {"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "SignatureValidationFailed"}
)
"""Reasons of a waiting container that are about its image (kubernetes pkg/kubelet/images/types.go).

ErrImagePull is not among them: after every failed pull it becomes ImagePullBackOff within seconds.
"""

CONFIGURATION = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
"""Reasons of a waiting container that are about what it is started with (pkg/kubelet/kuberuntime)."""

TRIED_AGAIN = frozenset({"ErrImagePull", "CrashLoopBackOff"})
"""Reasons of a waiting container that has failed and is tried again."""


UNKNOWN = "ContainerStatusUnknown"
"""The reason of the end of a container that its node lost sight of."""


@dataclass(frozen=True, slots=True)
class ContainerEnd:
    """How one run of a container ended.

    Attributes:
        exit_code: The exit code, None where nobody knows it.
        signal: The signal that ended it, 0 for none.
        reason: The reason of the kubelet, such as OOMKilled.
        message: What the container wrote as its last words, in one line.
        finished: When it ended, as the API writes times (RFC 3339), "" where nobody knows.
    """

    exit_code: int | None
    signal: int
    reason: str
    message: str
    finished: str


@dataclass(frozen=True, slots=True)
class ContainerState:
    """The state of one container.

    Attributes:
        entry: Its entry in the status of the pod.
    """

    entry: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Returns the name of the container."""
        return str(self.entry.get("name", ""))

    @property
    def image(self) -> str:
        """Returns the image that the container has, or is to have."""
        return str(self.entry.get("image", ""))

    @property
    def image_id(self) -> str:
        """Returns what the node knows the image by, such as NAME@sha256:..., "" where it does not have it."""
        return str(self.entry.get("imageID", ""))

    @property
    def has_image(self) -> bool:
        """Returns whether the node has the image of the container, by its own word or because the container ran.

        A kubelet looks into an image, makes the container and starts it only after the image is there, so each of their
        errors says that it was pulled (kubernetes pkg/kubelet/kuberuntime, `startContainer`).
        """
        ended = self._state.get("terminated")
        was_started = self.is_running or (ended is not None and ended.get("reason") != UNKNOWN)
        return bool(self.image_id) or was_started or self.waits_for in CONFIGURATION

    @property
    def is_ready(self) -> bool:
        """Returns whether the container is ready."""
        return bool(self.entry.get("ready"))

    @property
    def restarts(self) -> int:
        """Returns how often the container was restarted since its pod began."""
        return int(self.entry.get("restartCount", 0))

    @property
    def waits_for(self) -> str:
        """Returns the reason of a container that waits to be started, "" for any other."""
        return str(self._waiting.get("reason", "waiting")) if self._waiting else ""

    @property
    def message(self) -> str:
        """Returns what is said beside `waits_for`, in one line."""
        return _one_line(self._waiting.get("message", ""))

    @property
    def is_running(self) -> bool:
        """Returns whether the container runs now."""
        return self._state.get("running") is not None

    @property
    def has_ended(self) -> bool:
        """Returns whether the present run has ended, and no other has begun."""
        return self._state.get("terminated") is not None

    @property
    def started(self) -> str:
        """Returns when the present run began, as the API writes times (RFC 3339), "" where it does not run."""
        return str((self._state.get("running") or {}).get("startedAt", ""))

    @property
    def last_end(self) -> ContainerEnd | None:
        """Returns how the last run that has ended did so, None where none has."""
        for state in (self._state, self.entry.get("lastState") or {}):
            found = state.get("terminated")
            if found:
                return ContainerEnd(
                    found.get("exitCode"),
                    int(found.get("signal") or 0),
                    str(found.get("reason") or ""),
                    _one_line(found.get("message") or ""),
                    str(found.get("finishedAt") or ""),
                )
        return None

    @property
    def crashes(self) -> int:
        """Returns how often a container that does not run now has ended with an error since its pod began."""
        ended = self._state.get("terminated") or {}
        if self.is_running or self.last_end is None or ended.get("exitCode") == 0:
            return 0
        return self.restarts + 1

    @property
    def has_failed(self) -> bool:
        """Returns whether the container waits for a reason that does not pass by itself."""
        return self.waits_for in IMAGE | CONFIGURATION | TRIED_AGAIN

    @property
    def _state(self) -> Mapping[str, Any]:
        return self.entry.get("state") or {}

    @property
    def _waiting(self) -> Mapping[str, Any]:
        return self._state.get("waiting") or {}


def container_states(pod: Mapping[str, Any]) -> Iterator[ContainerState]:
    """Yields the state of each container of a pod that has one, first those that run before the others."""
    status = pod.get("status") or {}
    for kind in ("initContainerStatuses", "containerStatuses"):
        yield from map(ContainerState, status.get(kind) or ())


def main_container(pod: Mapping[str, Any]) -> ContainerState:
    """Returns the state of the container that a pod is for: the first one beside those that run before it."""
    return ContainerState(next(iter((pod.get("status") or {}).get("containerStatuses") or ()), {}))


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
