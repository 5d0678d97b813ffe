"""Cluster: the API server that a context of the user's kubeconfig names, and its errors in words."""

from __future__ import annotations

import json
import os
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


def kubeconfig_files(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Returns the kubeconfig files that exist, in the order in which kubectl merges them."""
    environment = os.environ if environment is None else environment
    named = [part for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    paths = [Path(part) for part in named] or [Path("~/.kube/config").expanduser()]
    return tuple(path for path in paths if path.is_file())


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

    Answers that depend on what was asked (such as 404, 409 and 422) stay an ApiError.

    Raises:
        ClusterUnreachable: The server does not answer, or says that it is overloaded or not ready.
        ClusterRefused: The credentials are not accepted (401), or may not do this (403).
        NoCluster: The program that gives credentials failed.
    """
    server, context = client.config.cluster.server, client.config.context_name
    try:
        yield
    except ApiError as error:
        code = error.status.code or 0
        if code == 401:
            raise ClusterRefused(
                f"the cluster of the context {context} does not accept the credentials",
                detail=f"{server}: {error.status.message}",
                hint="they are wrong or have expired: log in to the cluster again, or get a new kubeconfig",
            ) from error
        if code == 403 and error.status.reason == "Forbidden" and not _is_policy(str(error.status.message)):
            raise ClusterRefused(
                f"the cluster of the context {context} does not let this user do that",
                detail=f"{server}: {error.status.message}",
                hint="ask who runs the cluster for the right; `kubectl auth can-i --list` lists those there are",
            ) from error
        if code == 429 or code >= 500:
            raise ClusterUnreachable(
                f"the API server of the context {context} cannot serve now ({code})",
                detail=f"{server}: {error.status.message}",
                hint="try again; `kubectl get --raw /readyz?verbose` says what it waits for",
            ) from error
        raise
    except (httpx2.HTTPError, OSError) as error:
        raise ClusterUnreachable(
            f"the API server of the context {context} does not answer",
            detail=f"{server}: {str(error) or type(error).__name__}",
            hint="check that the cluster runs and is reached from here: `kubectl cluster-info`",
        ) from error
    except (ConfigError, subprocess.SubprocessError) as error:
        raise NoCluster(
            f"the program that gives credentials for the context {context} failed",
            detail=str(error),
            hint="run it by hand: `kubectl config view` shows its command",
        ) from error


def _is_policy(message: str) -> bool:
    """Checks whether a refusal (403) is of quota or an admission policy, and not of the user's rights."""
    return any(words in message for words in ("exceeded quota", "denied request", "violates PodSecurity", "admission"))
