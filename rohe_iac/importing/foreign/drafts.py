"""Drafts of the documents that one import makes: an inventory, pipelines, contracts and the settings of a stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rohe_iac.importing.foreign.naming import ORIGINAL_NAME, UniqueNames
from rohe_iac.importing.foreign.project_settings import ProjectSettings, Variables
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles
from rohe_iac.importing.foreign.units import CoresUnit

Document = dict[str, Any]

FILES = "files"
"""The folder below the blueprint's root for files that came inside of imported files."""

IMPORTED = "imported"
"""The name of documents that neither the file nor the user names."""

MANIFESTS = (
    "`rohe render` writes manifests; for `rohe apply` to a cluster write target: {kubernetes: {namespace: NAME}}"
)
"""The comment above a stack of images that came from no cluster."""

NAMESPACES = "A stack has one namespace, and the services were in several: "
"""The comment above a stack of several namespaces, before their names."""


@dataclass
class PipelineDraft:
    """A pipeline in the making.

    Attributes:
        name: The name of the document.
        original: The name of the pipeline in the file.
        sources: The files that it came from.
        services: The services, in order.
        volumes: The volumes that services share.
        flow: The links between services.
        annotations: The annotations of the document.
        names: The names given to services.
        volume_names: The names given to volumes.
        namespace: The namespace of Kubernetes that its services were in; "" where they came from elsewhere.
    """

    name: str
    original: str
    sources: list[str] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    flow: list[dict[str, Any]] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    names: UniqueNames = field(default_factory=UniqueNames)
    volume_names: UniqueNames = field(default_factory=UniqueNames)
    namespace: str = ""

    def is_reachable(self, begin: str, end: str) -> bool:
        """Checks whether flow and order of starts lead from one service to the other, so that a link back is a circle.

        Args:
            begin: The name of a service.
            end: The name of another one.
        """
        following: dict[str, list[str]] = {service["name"]: [*service.get("after", ())] for service in self.services}
        for link in self.flow:
            following.setdefault(link["from"], []).append(link["to"])
        reached, pending = {begin}, [begin]
        while pending and end not in reached:
            found = [other for other in following.get(pending.pop(), ()) if other not in reached]
            reached.update(found)
            pending += found
        return end in reached

    def document(self) -> Document:
        """Returns the document of kind Pipeline."""
        spec: dict[str, Any] = {"volumes": self.volumes} if self.volumes else {}
        spec["services"] = self.services
        if self.flow:
            spec["flow"] = self.flow
        return _document("Pipeline", self.name, self.annotations, spec)


@dataclass
class ContractDraft:
    """A contract in the making. pipeline: the name of the contract's pipeline in the file."""

    name: str
    pipeline: str
    source: str
    spec: dict[str, Any] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    def document(self) -> Document:
        """Returns the document of kind ObservationContract."""
        return _document("ObservationContract", self.name, self.annotations, self.spec)


@dataclass
class InventoryDraft:
    """An inventory in the making, of all node files together.

    Attributes:
        device_types: The device types by name.
        nodes: The nodes, in order.
        annotations: The annotations of the document.
        names: The names given to nodes.
        type_names: The names given to device types.
        kinds: The name of a device type by its wanted name and its figures as canonical JSON.
        sources: The files that nodes came from.
    """

    device_types: dict[str, dict[str, Any]] = field(default_factory=dict)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    names: UniqueNames = field(default_factory=UniqueNames)
    type_names: UniqueNames = field(default_factory=UniqueNames)
    kinds: dict[tuple[str, bytes], str] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)

    def document(self, name: str) -> Document:
        """Returns the document of kind Inventory."""
        spec = {"deviceTypes": self.device_types, "nodes": self.nodes}
        return _document("Inventory", name, self.annotations, spec)


@dataclass
class Drafts:
    """The drafts of everything imported so far.

    Attributes:
        name: The name that the user wants for the inventory, the stack and pipelines without a name; "" for none.
        cores_unit: The unit of the figures of single cores; None: inferred.
        inventory: The draft of the inventory.
        pipelines: Drafts by the name of the pipeline in its file.
        pipeline_names: The names given to pipelines.
        contracts: The drafts of contracts.
        contract_names: The names given to contracts.
        stack: Fields of the stack.
        stack_sources: The files that fields of the stack came from.
        referenced_files: Access to the files that imported files refer to.
        secret_references: What stands for a secret by the variable that `rohe apply` reads it from.
        settings: What the user says about Compose files.
        variables: The variables of Compose files, by the name of the file.
        projects: The names of Compose projects.
        files: The contents of files that documents name, by their paths below the blueprint's root.
    """

    name: str = ""
    cores_unit: CoresUnit | None = None
    inventory: InventoryDraft = field(default_factory=InventoryDraft)
    pipelines: dict[str, PipelineDraft] = field(default_factory=dict)
    pipeline_names: UniqueNames = field(default_factory=UniqueNames)
    contracts: list[ContractDraft] = field(default_factory=list)
    contract_names: UniqueNames = field(default_factory=UniqueNames)
    stack: dict[str, Any] = field(default_factory=dict)
    stack_sources: list[str] = field(default_factory=list)
    referenced_files: ReferencedFiles = field(default_factory=ReferencedFiles)
    secret_references: dict[str, str] = field(default_factory=dict)
    settings: ProjectSettings = field(default_factory=ProjectSettings)
    variables: dict[str, Variables] = field(default_factory=dict)
    projects: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)

    def pipeline(self, original: str, source: str) -> PipelineDraft:
        """Returns the draft of the pipeline of that original name, made where it is new, and adds the source."""
        if original not in self.pipelines:
            name = self.pipeline_names.give(original, self.name or IMPORTED)
            draft = PipelineDraft(name, original)
            if name != original:
                draft.annotations[ORIGINAL_NAME] = original
            self.pipelines[original] = draft
        found = self.pipelines[original]
        if source not in found.sources:
            found.sources.append(source)
        return found

    def add_file(self, path: str, content: bytes) -> str:
        """Adds a file that a document names and returns its path below the blueprint's root.

        Args:
            path: What the file belongs to, as PIPELINE/CONFIGMAP/KEY.
            content: Its bytes.
        """
        whole = f"{FILES}/{path}"
        self.files[whole] = content
        return whole

    def documents(self) -> list[tuple[Document, tuple[str, ...]]]:
        """Returns all documents with the comment lines above them: inventory, pipelines, contracts, stack."""
        found: list[tuple[Document, tuple[str, ...]]] = []
        inventory_name = self.name or IMPORTED
        if self.inventory.nodes:
            found.append((self.inventory.document(inventory_name), _from(self.inventory.sources)))
        pipelines = [draft for draft in self.pipelines.values() if draft.services]
        found += [(draft.document(), _from(draft.sources)) for draft in pipelines]
        for contract in self.contracts:
            contract.spec["pipeline"] = self._pipeline_of(contract, pipelines)
            found.append((contract.document(), _from([contract.source])))
        if self.stack or (self.inventory.nodes and pipelines):
            stack = self._stack(inventory_name, pipelines)
            namespaces = _namespaces(pipelines)
            about: tuple[str, ...] = (MANIFESTS,) if "manifests" in stack["spec"].get("target", ()) else ()
            about += (NAMESPACES + ", ".join(namespaces),) if len(namespaces) > 1 else ()
            found.append((stack, (*_from(self.stack_sources), *about)))
        return found

    def _pipeline_of(self, contract: ContractDraft, pipelines: list[PipelineDraft]) -> str:
        """Returns the name of a contract's pipeline, be it imported after the contract, or the only pipeline."""
        if not contract.pipeline and len(pipelines) == 1:
            return pipelines[0].name
        known = self.pipelines.get(contract.pipeline)
        return known.name if known is not None else str(contract.spec["pipeline"])

    def _stack(self, inventory: str, pipelines: list[PipelineDraft]) -> Document:
        names = [draft.name for draft in pipelines] or [self.name or IMPORTED]
        spec: dict[str, Any] = {"pipelines": names, "inventory": inventory}
        contracts = [draft.name for draft in self.contracts if draft.spec["pipeline"] in names]
        if contracts:
            spec["contracts"] = contracts
        if self.inventory.nodes and pipelines:
            # Users of the original want few nodes in use, and a greedy pass does not empty nodes.
            spec["planner"] = {"strategy": "portfolio"} | self.stack.get("planner", {})
            services = [service for draft in pipelines for service in draft.services]
            if namespaces := _namespaces(pipelines):
                spec["target"] = {"kubernetes": {"namespace": namespaces[0]}}
            elif any("image" in service and "command" not in service for service in services):
                spec["target"] = {"manifests": {"directory": "manifests"}}
        spec |= {key: value for key, value in self.stack.items() if key != "planner" or key not in spec}
        return _document("Stack", self.name or IMPORTED, {}, spec)


def _namespaces(pipelines: list[PipelineDraft]) -> list[str]:
    """Returns the namespaces of Kubernetes that services were in, in the order of the pipelines."""
    return list(dict.fromkeys(draft.namespace for draft in pipelines if draft.namespace))


def _document(kind: str, name: str, annotations: dict[str, str], spec: dict[str, Any]) -> Document:
    metadata: dict[str, Any] = {"name": name}
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _from(sources: list[str]) -> tuple[str, ...]:
    # Only the last part of a path: the folders of one machine mean nothing on another.
    names = dict.fromkeys(source.rpartition("/")[2] for source in sources)
    return (f"From {', '.join(names)}",) if names else ()
