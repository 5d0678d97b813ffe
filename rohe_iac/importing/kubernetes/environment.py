"""Variables of a container: values, and what comes from ConfigMaps and Secrets.

Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rohe_iac.blueprint.text.command_line import variables_in, with_variables
from rohe_iac.blueprint.text.secret_text import is_secret
from rohe_iac.foundation.names import is_variable
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.kubernetes.objects import items_at, text_at
from rohe_iac.importing.kubernetes.settings import NamespaceSettings

OWN_VARIABLES = {
    "metadata.name": "ROHE_INSTANCE",
    "metadata.namespace": "ROHE_STACK",
    "spec.nodeName": "ROHE_NODE",
}
"""The variable of rohe that holds what a field of a pod says."""

NO_NAME = "not the name of a variable: letters, digits and _, not beginning with a digit"


@dataclass
class VariableReader:
    """Reads the variables of containers.

    Attributes:
        settings: The ConfigMaps and Secrets of the namespace.
        texts: The texts of variables and their fields, by service, in which addresses of others are looked for.
    """

    settings: NamespaceSettings
    texts: dict[str, list[tuple[str, str, Field]]] = field(default_factory=dict)

    def add(self, container: Field, service: dict[str, Any], target: str, owner: str) -> None:
        """Adds `envFrom` and `env` of a container to a service, or to a step before its start.

        Args:
            container: The container in the file.
            service: The service or step, added to.
            target: Its name in the journal.
            owner: The name of the service.
        """
        env: dict[str, Any] = {}
        values: dict[str, str] = {}
        sources: list[dict[str, Any]] = []
        for item in items_at(container, "envFrom"):
            self._add_source(item, env, values, sources, target, owner)
        items = items_at(container, "env")
        for index, item in enumerate(items):
            self._add_variable(item, items[:index], env, values, target, owner)
        if env:
            service["env"] = env
        if sources:
            service["envFrom"] = sources

    def _add_source(
        self,
        item: Field,
        env: dict[str, Any],
        values: dict[str, str],
        sources: list[dict[str, Any]],
        target: str,
        owner: str,
    ) -> None:
        prefix = text_at(item, "prefix")
        config, secret = text_at(item, "configMapRef", "name"), text_at(item, "secretRef", "name")
        if secret and not prefix:
            sources.append({"secret": {"name": secret}})
            item.map_to(f"{target}.envFrom")
        elif secret and secret in self.settings.secrets:
            for key in self.settings.secrets[secret]:
                if is_variable(prefix + key):
                    env[prefix + key] = {"secret": {"name": secret, "key": key}}
            item.map_to(f"{target}.env")
        elif secret:
            item.drop(f"the Secret '{secret[:60]}' is not in these files, and with a prefix its keys have to be known")
        elif config in self.settings.configs:
            for key, entry in self.settings.configs[config].items():
                if not is_variable(prefix + key):
                    entry.field.note(f"'{key[:60]}' is not the name of a variable, and Kubernetes leaves it out, too")
                elif (text := entry.variable) is not None:
                    env[prefix + key] = self._value(prefix + key, text, entry.field, owner)
                    values[prefix + key] = text
                    entry.field.map_to(f"{target}.env.{prefix}{key}")
            item.map_to(f"{target}.env")
        else:
            item.drop(_missing("ConfigMap", config))

    def _add_variable(
        self, item: Field, before: list[Field], env: dict[str, Any], values: dict[str, str], target: str, owner: str
    ) -> None:
        name, value = text_at(item, "name"), item.get("value")
        if not is_variable(name):
            item.drop(NO_NAME)
            return
        seen = {*env, *(text_at(other, "name") for other in before)}
        source = item.get("valueFrom")
        if source is not None:
            self._add_referenced(name, item, source, env, values, target, owner)
        else:
            text = value.raw if value is not None else ""
            absent = [known for known in variables_in(text) if known in seen and known not in values]
            if absent:
                what = f"the secret '{absent[0]}'" if absent[0] in env else f"'{absent[0]}', which is not copied"
                item.drop(f"it is made of {what}: the program has to put its parts together")
                return
            written = with_variables(text, values)
            env[name] = self._value(name, written, value or item, owner)
            values[name] = written
        if name in env:
            item.map_to(f"{target}.env.{name}")

    def _add_referenced(
        self,
        name: str,
        item: Field,
        source: Field,
        env: dict[str, Any],
        values: dict[str, str],
        target: str,
        owner: str,
    ) -> None:
        config, secret, own = source.get("configMapKeyRef"), source.get("secretKeyRef"), source.get("fieldRef")
        if secret is not None:
            env[name] = {"secret": {"name": text_at(secret, "name"), "key": text_at(secret, "key")}}
            return
        if config is not None:
            entry = self.settings.configs.get(text_at(config, "name"), {}).get(text_at(config, "key"))
            text = entry.variable if entry is not None else None
            if entry is None or text is None:
                item.drop(_missing("ConfigMap", f"{text_at(config, 'name')}, key {text_at(config, 'key')}"))
                return
            env[name] = self._value(name, text, entry.field, owner)
            values[name] = text
            entry.field.map_to(f"{target}.env.{name}")
            return
        path = text_at(own, "fieldPath")
        known = OWN_VARIABLES.get(path)
        also = f"; the variable {known} has the nearest equivalent" if known else ""
        item.drop(f"fields of the pod itself (the downward API) are not copied{also}")

    def _value(self, name: str, text: str, part: Field, owner: str) -> str | dict[str, dict[str, str]]:
        """Returns the value of a variable; what looks like a secret becomes a reference to a Secret of the service."""
        self.texts.setdefault(owner, []).append((name, text, part))
        if is_secret(name, text):
            secret = owner if owner not in self.settings.secrets else f"{owner}-env"
            part.note(
                f"it looks like a secret, so its value is not copied: give a Secret '{secret}' of the cluster the key "
                f"'{name}'"
            )
            return {"secret": {"name": secret, "key": name}}
        return text


def command_texts(container: Field) -> Iterator[tuple[str, str, Field]]:
    """Yields the words of the command line of a container, with no name, in which addresses are looked for."""
    for word in ("command", "args"):
        for item in items_at(container, word):
            yield "", item.raw, item


def _missing(kind: str, name: str) -> str:
    return f"the {kind} '{name[:80]}' is not in these files: import it along with this, or write the value"
