"""Followed output: what an instance writes from now on, over restarts, new pods and lost connections."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rohe_iac.foundation.errors import RoheError
from rohe_iac.targets.kubernetes.api_server import ApiServer, SilentConnection
from rohe_iac.targets.kubernetes.container_state import main_container
from rohe_iac.targets.kubernetes.object import ClusterObject


class FollowedOutput:
    """The output of one instance, each line once.

    The node closes a stream for reasons of its own, and a network may forget it, so that only the state of the
    container says that nothing more comes.
    """

    def __init__(self, server: ApiServer, namespace: str, lines: int) -> None:
        """Begins before the first line.

        Args:
            server: The API server.
            namespace: The namespace of the pods.
            lines: Number of last lines that the first pod begins with; of later runs everything is new.
        """
        self._server, self._namespace, self._lines = server, namespace, lines
        self._pod, self._restarts, self._since, self._is_complete = "", 0, "", False

    @property
    def has_begun(self) -> bool:
        """Returns whether there was a pod."""
        return bool(self._pod)

    def new_lines(self, pod: ClusterObject) -> Iterator[str]:
        """Yields the lines that were not yielded yet, for as long as the stream of the pod lasts.

        Args:
            pod: The instance's pod, as it is now.

        Raises:
            RoheError: The pod has no output yet, or the server is out of reach or refuses.
        """
        # What has ended before its output is asked for has no more than that.
        state = main_container(pod.body)
        restarts, has_ended = state.restarts, state.has_ended
        if pod.name != self._pod or restarts != self._restarts:
            if pod.name == self._pod and restarts == self._restarts + 1 and not self._is_complete:
                # The node keeps the output of one run before at most.
                with contextlib.suppress(RoheError):
                    yield from self._stream(pod, {"previous": "true"})
            if self._pod:
                self._lines = -1
            self._pod, self._restarts, self._since, self._is_complete = pod.name, restarts, "", False
        if self._is_complete:
            return
        yield from self._stream(pod, {"follow": "true"})
        self._is_complete = has_ended

    def _stream(self, pod: ClusterObject, query: dict[str, str]) -> Iterator[str]:
        query = {**query, "timestamps": "true", "container": pod.body["spec"]["containers"][0]["name"]}
        if self._since:
            # The server takes whole seconds, and so gives lines again that are known.
            query["sinceTime"] = f"{self._since.partition('.')[0].rstrip('Z')}Z"
        elif self._lines >= 0:
            query["tailLines"] = str(self._lines)
        path = f"/api/v1/namespaces/{self._namespace}/pods/{pod.name}/log"
        with contextlib.suppress(SilentConnection):
            for line in self._server.lines(path, query, follow="follow" in query):
                stamp, _, text = line.partition(" ")
                if _order(stamp) > _order(self._since):
                    self._since = stamp
                    yield text


def _order(stamp: str) -> tuple[str, str]:
    """Returns what timestamps of RFC 3339 in UTC are in order by, however many digits their fractions have."""
    seconds, _, fraction = stamp.rstrip("Z").partition(".")
    return seconds, fraction.ljust(9, "0")
