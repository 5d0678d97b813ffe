"""Cluster: the API server that a context of the user's kubeconfig names, and its errors in words."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import yaml
from lightkube import ApiError, Client, ConfigError, KubeConfig, SingleConfig
from lightkube.models.meta_v1 import Status

from rohe_iac.foundation.errors import ExitCode, RoheError

FIELD_MANAGER = "rohe"
"""The owner of the fields that rohe writes by server-side apply."""

TIMEOUT = 20.0
"""Seconds that one request may take; a watch has no limit."""

_EXEC_V1 = "client.authentication.k8s.io/v1"
_EXEC_INFO = json.dumps(
    {"apiVersion": f"{_EXEC_V1}beta1", "kind": "ExecCredential", "spec": {"interactive": False}}, sort_keys=True
)


class NoCluster(RoheError):
    """The kubeconfig is absent or unreadable, or has no such context."""

    exit_code = ExitCode.UNREACHABLE


class ClusterUnreachable(RoheError):
    """The API server does not answer, or answers that it cannot serve now."""

    exit_code = ExitCode.UNREACHABLE


class ClusterRefused(RoheError):
    """The API server does not accept the credentials, or does not let them do what was asked."""

    exit_code = ExitCode.UNREACHABLE


class ObjectRefused(RoheError):
    """The API server does not do with an object what it was asked to, such as because of a quota or a policy.

    Attributes:
        code: The HTTP status of the answer.
        words: The server's own words.
    """

    exit_code = ExitCode.PARTIAL

    def __init__(self, context: str, code: int, words: str) -> None:
        super().__init__(
            f"the cluster of the context {context} refuses a request ({code})",
            detail=words,
            hint=next((hint for word, hint in _HINTS if word in words), _HINT),
        )
        self.code, self.words = code, words


_HINTS = (
    ("exceeded quota", "ask for less, or for a greater quota: `kubectl describe resourcequota` shows what is used"),
    ("failed quota", "`kubectl describe resourcequota` says what every pod has to request"),
    ("violates PodSecurity", "the labels of the namespace say which pods it takes: `kubectl get namespace -o yaml`"),
    ("being terminated", "wait until the namespace is gone, then run the command again"),
)
"""What to do next, by a word of what the server says."""

_HINT = "change what it refuses, in the blueprint or in the cluster, and run the command again"
"""What to do next in all other cases."""


def kubeconfig_files(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Returns the kubeconfig files that exist, in the order in which kubectl merges them."""
    named = _named_files(os.environ if environment is None else environment)
    paths = [Path(part) for part in named] or [Path("~/.kube/config").expanduser()]
    return tuple(path for path in paths if path.is_file())


def _named_files(environment: Mapping[str, str]) -> list[str]:
    """Returns the files that KUBECONFIG names."""
    return [part for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]


def _absent_files() -> str:
    """Returns which files KUBECONFIG names, none of which exists; "" where it names none."""
    named = _named_files(os.environ)
    return f"KUBECONFIG names {', '.join(named)}, which is no file" if named else ""


def configuration_of(context: str | None, files: tuple[Path, ...]) -> SingleConfig:
    """Returns how to reach the cluster of a context.

    Args:
        context: The name of the context; None for the current one, or for the cluster that this process runs in where
            there is no kubeconfig.
        files: The kubeconfig files; of two entries of one name the first counts, as for kubectl.

    Raises:
        NoCluster: There is no kubeconfig, one cannot be read, or none has the context.
    """
    found: list[KubeConfig] = []
    for path in files:
        try:
            found.append(KubeConfig.from_dict(_readable(yaml.safe_load(path.read_text())), fname=path))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise NoCluster(
                f"the kubeconfig {path} cannot be read",
                detail=str(error) or type(error).__name__,
                hint="`kubectl config view` shows whether the file is one; KUBECONFIG names another",
            ) from error
    if not found:
        inside = _own_cluster() if context is None else None
        if inside is not None:
            return inside
        raise NoCluster(
            "there is no kubeconfig",
            detail=_absent_files(),
            hint="name one: KUBECONFIG=FILE; `make cluster` makes one to try without a cluster",
        )
    name = context or next((config.current_context for config in found if config.current_context), None)
    for config in found:
        if name in config.contexts:
            try:
                selected = config.get(name)
            except KeyError as error:
                raise NoCluster(
                    f"the context {name} names {error}, which {config.fname} does not have",
                    hint="`kubectl config get-contexts` lists the contexts with their cluster and user",
                ) from error
            if selected is not None:
                return selected
    known = sorted({str(known) for config in found for known in config.contexts})
    raise NoCluster(
        f"the kubeconfig has no context {name}" if name else "the kubeconfig has no current context",
        detail=f"contexts: {', '.join(known)}" if known else "it has no context at all",
        hint="write one of them to `target: {kubernetes: {context: NAME}}`, or give KUBECONFIG=FILE",
    )


def _own_cluster() -> SingleConfig | None:
    """Returns the cluster that this process runs in, by its service account; None outside of any."""
    try:
        return KubeConfig.from_service_account().get()
    except (ConfigError, KeyError):
        return None


def _readable(value: Any) -> dict[str, Any]:
    """Returns a kubeconfig with what lightkube does not read as it is, in a form that it reads.

    lightkube knows the exec plugins of v1beta1 only, whose answer has the same form as that of v1.
    """
    if not isinstance(value, dict):
        raise ValueError("it is not a mapping")
    for entry in value.get("users") or ():
        plugin = (entry.get("user") or {}).get("exec")
        if plugin and plugin.get("apiVersion") in (_EXEC_V1, f"{_EXEC_V1}beta1"):
            plugin["apiVersion"] = f"{_EXEC_V1}beta1"
            plugin["env"] = [*(plugin.get("env") or ()), {"name": "KUBERNETES_EXEC_INFO", "value": _EXEC_INFO}]
    return {**value, "clusters": value.get("clusters") or [], "contexts": value.get("contexts") or [],
            "users": value.get("users") or []}  # fmt: skip


def open_cluster(context: str | None, namespace: str, *, timeout: float = TIMEOUT) -> Client:
    """Opens a client of the cluster of a context; nothing is asked of the server yet.

    Args:
        context: The name of the context; None for the current one.
        namespace: The namespace of requests that name none.
        timeout: Seconds that one request may take.

    Raises:
        NoCluster: There is no such context, or its files of certificates cannot be read.
    """
    configuration = configuration_of(context, kubeconfig_files())
    # msgspec prepares a class when it is first read, and two threads that do so at once crash the process: the class
    # of refusals is read here once, before any thread meets one.
    Status.from_dict({"details": {"causes": [{"message": ""}]}})
    try:
        return Client(
            config=configuration, namespace=namespace, timeout=httpx2.Timeout(timeout), field_manager=FIELD_MANAGER
        )
    except (ConfigError, OSError, ValueError, AssertionError) as error:
        raise NoCluster(
            f"the context {configuration.context_name} cannot be used",
            detail=str(error) or type(error).__name__,
            hint="`kubectl config view` shows its user and its files of certificates",
        ) from error


@contextmanager
def cluster_errors(client: Client) -> Iterator[None]:
    """Raises what goes wrong between here and the API server as a RoheError.

    Raises:
        ClusterUnreachable: The server does not answer, answers with what is not of an API server, or says that it is
            overloaded or not ready.
        ClusterRefused: The credentials are not accepted (401), or may not do this (403).
        ObjectRefused: The server does not do what it was asked to (such as 403 by a quota, 404, 409 and 422).
        NoCluster: The program that gives credentials failed.
    """
    server, context = client.config.cluster.server, client.config.context_name or ""
    try:
        yield
    except httpx2.HTTPStatusError as error:
        raise _refusal(server, context, error) from error
    except (httpx2.HTTPError, OSError) as error:
        raise ClusterUnreachable(
            f"the API server of the context {context} does not answer",
            detail=f"{server}: {str(error) or type(error).__name__}",
            hint="check that the cluster runs and is reached from here: `kubectl cluster-info`",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ClusterUnreachable(
            f"what answers for the context {context} is no API server that rohe understands",
            detail=f"{server}: {type(error).__name__}: {error}",
            hint="check that the address in the kubeconfig is that of the cluster, and not of a proxy or a login page: "
            "`kubectl get --raw /version`; Kubernetes has to be 1.28 or newer",
        ) from error
    except (ConfigError, subprocess.SubprocessError) as error:
        raise NoCluster(
            f"the program that gives credentials for the context {context} failed",
            detail=str(error),
            hint="run it by hand: `kubectl config view` shows its command",
        ) from error


def _refusal(server: str, context: str, error: httpx2.HTTPStatusError) -> RoheError:
    """Returns what an answer means that is not of success."""
    code, words = _status_of(error)
    if code == 401:
        return ClusterRefused(
            f"the cluster of the context {context} does not accept the credentials",
            detail=f"{server}: {words}",
            hint="they are wrong or have expired: log in to the cluster again, or get a new kubeconfig",
        )
    if code == 403 and _NO_RIGHT.search(words):
        return ClusterRefused(
            f"the cluster of the context {context} does not let this user do that",
            detail=f"{server}: {words}",
            hint="ask who runs the cluster for the right; `kubectl auth can-i --list` lists those there are, and "
            "docs/targets/kubernetes/rights.md those that rohe needs",
        )
    if code == 429 or code >= 500 or code < 400:
        return ClusterUnreachable(
            f"the API server of the context {context} cannot serve now ({code})",
            detail=f"{server}: {words}",
            hint="try again; `kubectl get --raw /readyz?verbose` says what it waits for",
        )
    return ObjectRefused(context, code, words)


_NO_RIGHT = re.compile(r'User ".*" cannot |attempting to grant RBAC permissions')
"""Tells a refusal (403) of this user from those of quotas, limits and admission policies, which all are `forbidden`."""


def _status_of(error: httpx2.HTTPStatusError) -> tuple[int, str]:
    """Returns code and words of an answer, which are those of its Status where it has one."""
    if isinstance(error, ApiError):
        return error.status.code or (error.response.status_code if error.response else 0), str(error.status.message)
    answer = error.response
    try:
        return answer.status_code, str(answer.json()["message"])
    except (ValueError, KeyError, TypeError, httpx2.StreamError):
        return answer.status_code, f"{answer.status_code} {answer.reason_phrase}"
