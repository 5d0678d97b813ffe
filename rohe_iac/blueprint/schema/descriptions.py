"""The meaning of each field of the language, with an example: the source of the schema and of docs/blueprints.md."""

# One line a field reads better than the line length.
# ruff: noqa: E501

from __future__ import annotations

from rohe_iac.blueprint.schema.agent_descriptions import AGENT_FIELDS
from rohe_iac.blueprint.schema.amqp_descriptions import AMQP_FIELDS
from rohe_iac.blueprint.schema.container_descriptions import CONTAINER_FIELDS
from rohe_iac.blueprint.schema.contract_descriptions import CONTRACT_FIELDS
from rohe_iac.blueprint.schema.inventory_descriptions import INVENTORY_FIELDS
from rohe_iac.blueprint.schema.placement_descriptions import PLACEMENT_FIELDS
from rohe_iac.blueprint.schema.pod_descriptions import POD_FIELDS
from rohe_iac.blueprint.schema.storage_descriptions import STORAGE_FIELDS

FIELDS: dict[str, tuple[str, str]] = {
    "Document.apiVersion": ("The language and its version.", "rohe.dev/v1"),
    "Document.kind": ("What the document is.", "Pipeline"),
    "Document.metadata": ("Its name, labels and annotations.", "{name: cctvs}"),
    "Document.spec": ("What the document says.", "{}"),
    "Metadata.name": (
        "Unique among the documents of its kind; at most 63 characters a-z, 0-9 and inner hyphens.",
        "cctvs",
    ),
    "Metadata.labels": ("Words to select and group by.", "{domain: surveillance}"),
    "Metadata.annotations": ("Remarks that mean nothing to rohe.", "{imported-as: Object_Detection}"),
    "ModuleMetadata.version": ("The module's semantic version.", "1.2.0"),
    "PipelineSpec.load": ("Offered requests at the sources; sizes replicas where `replicas: auto`.", "10/s"),
    "PipelineSpec.gang": (
        "Whether all replicas of the pipeline are placed or none; what cannot be placed whole leaves its room to others.",
        "true",
    ),
    "PipelineSpec.services": ("The services, at least one.", "[{name: camera, command: [python, -m, shop.camera]}]"),
    "PipelineSpec.flow": (
        "Which service sends to which; without cycles.",
        "[{from: camera, to: reader, payload: 300Ki}]",
    ),
    "Service.name": ("Unique in the pipeline.", "image-ingestion"),
    "Service.image": ("The container image, for targets that run containers.", "rdsea/cctvs-ingestion:2.0"),
    "Service.command": (
        "The program and its first arguments; `{port}`, `{port:NAME}` and `$(VARIABLE)` are replaced.",
        "[uvicorn, 'app:app', --port, '{port}']",
    ),
    "Service.args": ("Further arguments, appended to the command.", "[--instance, $(ROHE_INSTANCE)]"),
    "Service.workingDir": (
        "The folder that the program starts in: on this machine relative to the blueprint's root, in a cluster from `/` on.",
        "services/ingestion",
    ),
    "Service.replicas": (
        "How many run; `auto`: as few as the load and the contract need; `perNode`, or a percentage: one on each suitable "
        "node, or on that part of them.",
        "2",
    ),
    "Service.balancing": (
        "How requests to it are spread over its replicas; absent: as the stack says.",
        "leastBusy",
    ),
    "Service.ports": ("The ports that a replica listens on.", "[{name: http, containerPort: 4002}]"),
    "Service.env": (
        "Environment variables: text, or a reference to a secret.",
        "{LOG_LEVEL: info, TOKEN: {secret: 'env:CAMERA_TOKEN'}}",
    ),
    "Service.files": (
        "Files of the repository put before a replica.",
        "[{path: /etc/app/model.onnx, from: models/model.onnx}]",
    ),
    "Service.volumes": ("Disk space of a replica.", "[{name: data, path: /data, size: 1Gi}]"),
    "Service.health": (
        "When a replica is ready, when it lives, and how long it may take to start.",
        "{readiness: {tcp: http}, startup: 30s}",
    ),
    "Service.requests": ("What one replica asks for; nothing is placed beyond it.", "{cpu: 331m, memory: {rss: 57Mi}}"),
    "Service.limits": (
        "Upper bounds while running; absent: memory is bounded by the rss request, cpu is not.",
        "{cpu: 1, memory: 256Mi}",
    ),
    "Service.arch": ("Architectures that it runs on; absent: any.", "[arm64, amd64]"),
    "Service.sensitivity": (
        "What neighbours on its node slow it down by; it gets a node without them where one is free.",
        "cpu",
    ),
    "Service.priority": ("Larger is placed first.", "100"),
    "Service.profile": (
        "Measured demand and service time by device type and load, a file that `rohe profile` writes.",
        "profiles/image-ingestion.yaml",
    ),
    "Service.placement": ("Where replicas may go.", "{nodeSelector: {zone: lab-1}}"),
    "Service.reports": (
        "What the service says of itself to the agent.",
        "{metrics: {confidence: {unit: ratio}}, fields: [prediction]}",
    ),
    "Service.accuracy": ("How often its model is right, 0 to 1.", "0.82"),
    "Service.variants": (
        "Alternatives, of which the planner picks exactly one; not together with an ensemble.",
        "[{name: small, accuracy: 0.71}, {name: large, accuracy: 0.82}]",
    ),
    "Service.ensemble": (
        "Parts that all answer every request; not together with variants.",
        "{members: [{name: svm}, {name: forest}]}",
    ),
    "Port.name": ("The name that probes, environment and callers use.", "http"),
    "Port.containerPort": ("The number in the container; the local target takes one of its range.", "4002"),
    "Port.servicePort": ("The number that callers in a cluster use.", "80"),
    "Port.hostPort": ("A number fixed on the node; one replica a node can have it.", "8080"),
    "Port.protocol": ("TCP or UDP.", "TCP"),
    "SecretValue.secret": (
        "`env:NAME` or `file:PATH` on the local target, or a key of a named secret; resolved at apply, never in plan or state.",
        "env:CAMERA_TOKEN",
    ),
    "SecretReference.name": ("The secret's name.", "camera"),
    "SecretReference.key": ("The key in it.", "token"),
    "File.path": ("Where the replica finds it.", "/etc/app/model.onnx"),
    "File.from": ("Where it is in the repository.", "models/model.onnx"),
    "Volume.path": ("Where the replica finds it.", "/data"),
    "Volume.name": ("The name of space that outlives the replica.", "data"),
    "Volume.size": ("How much of it, for each replica; absent: it is a volume of the pipeline.", "1Gi"),
    "Volume.emptyDir": ("Space of that size that ends with the replica; in place of a name.", "64Mi"),
    "Requests.cpu": ("Mean total, in cores: `500m`, `0.5`, `2`.", "331m"),
    "Requests.cores": ("Peak per distinct core; absent: no core is claimed.", "[420m, 20m]"),
    "Requests.memory": ("Resident and virtual memory.", "{rss: 57Mi, vms: 500Mi}"),
    "Requests.disk": ("Disk that ends with the replica: its own files, logs and `emptyDir`; absent: none.", "2Gi"),
    "Requests.network": (
        "What a replica sends, or receives where that is more, over the node's interface; absent: none.",
        "20Mbps",
    ),
    "Requests.accelerators": (
        "By type of device: a share of one, or a count of whole ones, and memory of it.",
        "{gpu: {share: 40%, memory: 6Gi}}",
    ),
    "Memory.rss": ("Resident memory.", "512Mi"),
    "Memory.vms": ("Virtual memory; absent: not checked.", "2Gi"),
    "AcceleratorRequest.share": ("A share of ONE device; `gpu: 15%` is short for it.", "15%"),
    "AcceleratorRequest.count": ("Whole devices; in place of a share.", "4"),
    "AcceleratorRequest.memory": (
        "Memory of the device, of each where several are asked for; absent: none is taken, and none is checked.",
        "6Gi",
    ),
    "AcceleratorRequest.models": ("Models that will do; absent: any.", "[V100M16]"),
    "Limits.cpu": ("The most cpu.", "1"),
    "Limits.memory": ("The most memory; a replica beyond it is ended.", "256Mi"),
    "Limits.disk": ("The most disk, in a cluster; absent: the request.", "4Gi"),
    **PLACEMENT_FIELDS,
    **POD_FIELDS,
    **CONTAINER_FIELDS,
    "Reports.format": ("`rohe`, or `qoa4ml` for services with QoA4ML probes.", "qoa4ml"),
    "Reports.interval": ("How often a report is expected.", "10s"),
    "Reports.metrics": ("Numbers that it reports, with their units; absent: not known.", "{confidence: {unit: ratio}}"),
    "Reports.fields": ("Other values that it reports.", "[detection_correct]"),
    "ReportedMetric.unit": ("ratio, percent, s, ms, bytes, count, or a word of your own.", "ratio"),
    "Alternative.name": ("Unique in the list.", "svm"),
    "Alternative.image": ("Replaces the service's image.", "rdsea/yolov8n:1.0"),
    "Alternative.command": ("Replaces the service's command.", "[python, -m, digits.classify, --model, svm]"),
    "Alternative.args": ("Replaces the service's arguments.", "[--model, svm]"),
    "Alternative.workingDir": ("Replaces the service's working folder.", "models/svm"),
    "Alternative.health": (
        "Replaces the service's probes, whole; they ask ports of the service.",
        "{readiness: {http: {path: /ready, port: http}}, startup: 2m}",
    ),
    "Alternative.env": ("Replaces the service's environment, whole.", "{MODEL: svm}"),
    "Alternative.requests": ("Replaces the service's requests, whole.", "{cpu: 200m, memory: {rss: 176Mi}}"),
    "Alternative.limits": ("Replaces the service's limits, whole.", "{memory: 1Gi}"),
    "Alternative.accuracy": ("How often its model is right, 0 to 1.", "0.82"),
    "Alternative.profile": ("Replaces the service's profile.", "profiles/yolov8n.yaml"),
    "Member.arch": ("Replaces the service's architectures.", "[amd64]"),
    "Member.placement": ("Replaces the service's placement rules, whole.", "{nodeSelector: {disk: ssd}}"),
    "Member.files": ("Replaces the service's files, whole.", "[{path: /etc/svm.yaml, from: config/svm.yaml}]"),
    "Member.volumes": ("Replaces the service's volumes, whole.", "[{name: model, path: /model, size: 1Gi}]"),
    "Member.replicas": ("How many of this member run; absent: as the service says.", "2"),
    "Ensemble.members": (
        "At least one; each has an address and a Service of its own.",
        "[{name: svm, replicas: 2}, {name: bayes}]",
    ),
    "Link.from": ("The service that sends.", "camera"),
    "Link.to": ("The service that answers.", "reader"),
    "Link.payload": ("Bytes a request.", "300Ki"),
    "Link.latency": ("The most that the network may take.", "50ms"),
    "Link.bandwidth": ("What the network must carry.", "20Mbps"),
    "Link.rate": ("Requests out per request in.", "1"),
    "Link.within": (
        "Replicas send to those in the same domain alone: `node`, `zone`, or any label of nodes; absent: to all.",
        "zone",
    ),
    **INVENTORY_FIELDS,
    **CONTRACT_FIELDS,
    **STORAGE_FIELDS,
    **AMQP_FIELDS,
    "StackSpec.pipelines": ("The pipelines that run, by name.", "[cctvs]"),
    "StackSpec.inventory": (
        "The machines that they run on, by name; of several inventories all nodes.",
        "[depot, harbour]",
    ),
    "StackSpec.contracts": ("The contracts that are judged, by name.", "[cctvs-sla]"),
    "StackSpec.balancing": (
        "How requests are spread over replicas: `random`, `roundRobin` or `leastBusy`, which sizing counts on.",
        "leastBusy",
    ),
    "StackSpec.planner": ("How replicas are placed.", "{objective: [placed, stable, nodes], strategy: portfolio}"),
    "StackSpec.target": ("Where to apply; exactly one.", "{local: {runtime: process, ports: 42000-42099}}"),
    "StackSpec.broker": (
        "The MQTT broker: one that the stack runs, or any other; absent: embedded where an agent needs it, else none.",
        "{embedded: {}}",
    ),
    "StackSpec.store": (
        "Where agents keep reports, windows and verdicts.",
        "{sqlite: {}, retention: 7d, maxSize: 2Gi}",
    ),
    "StackSpec.storage": (
        "Where a cluster keeps what has to survive a pod.",
        "{claim: {class: local-path, size: 512Mi}}",
    ),
    "StackSpec.agents": (
        "The observation agents; a pipeline has one only where a contract or a service's `reports` asks for it.",
        "{perPipeline: 1}",
    ),
    "StackSpec.modules": (
        "Modules taken into the stack.",
        "[{name: detect, source: modules/detection, inputs: {replicas: 3}}]",
    ),
    "StackSpec.values": (
        "Values that its documents use, as in `{{ values.cameras }}`; null where each command has to give it.",
        "{cameras: 4, zone: hall}",
    ),
    "StackSpec.protect": ("Addresses that destroy and replacement refuse to touch.", "[service/redis]"),
    "PlannerSettings.objective": (
        "What counts, the first most: placed slack stable interference nodes cost balance.",
        "[placed, stable, nodes]",
    ),
    "PlannerSettings.strategy": (
        "first-fit, best-fit, worst-fit, dot-product, fragmentation, portfolio, exact, or your own by installed name or "
        "path (user_modules/strategies.py:name); absent: portfolio, or best-fit where scorers or weights are given, which "
        "only one-pass strategies follow.",
        "portfolio",
    ),
    "PlannerSettings.filters": (
        "Filters of your own, by installed name or path: each may refuse a node.",
        '["user_modules/filters.py:trusted"]',
    ),
    "PlannerSettings.scorers": (
        "Scorers of your own, by installed name or path, each with its weight: their points are added to the planner's.",
        '{"user_modules/scorers.py:carbon": 2}',
    ),
    "PlannerSettings.iterations": (
        "How many iterations a search may spend; absent: by the size of the problem.",
        "500",
    ),
    "PlannerSettings.weights": ("How much each dimension counts.", "{cpu: 1, memory: 1, accelerator: 1}"),
    "PlannerSettings.queue": ("Which services come first.", "{priority: cpu, balance: 3}"),
    "PlannerSettings.overcommit": ("How many times over a dimension may be given out.", "{vms: 1.5}"),
    "PlannerSettings.survive": (
        "Failures that every service must survive: of nodes, or of nodes and zones.",
        "{nodes: 1, zones: 1}",
    ),
    "Survive.nodes": ("How many nodes may fail at once.", "1"),
    "Survive.zones": ("How many zones may fail at once; a node without a label `zone` is one by itself.", "1"),
    "Weights.cpu": ("Weight of cpu.", "1"),
    "Weights.memory": ("Weight of memory.", "1"),
    "Weights.accelerator": ("Weight of accelerators.", "1"),
    "Queue.priority": ("Services of this sensitivity go through the priority lane.", "cpu"),
    "Queue.balance": ("After so many of the priority lane, one other is placed.", "3"),
    "Overcommit.vms": ("How many times over virtual memory may be given out.", "1.5"),
    "Target.local": ("This machine.", "{runtime: process, ports: 42000-42099}"),
    "Target.kubernetes": ("A Kubernetes cluster.", "{context: edge, namespace: cctvs}"),
    "Target.manifests": ("A folder of manifests, for GitOps.", "{directory: deploy}"),
    "LocalTarget.runtime": ("Processes, or containers where a Docker engine answers.", "process"),
    "LocalTarget.ports": ("The ports that the plan may give.", "42000-42099"),
    "KubernetesTarget.context": ("The context of the kubeconfig; absent: the current one.", "edge"),
    "KubernetesTarget.namespace": ("The namespace.", "cctvs"),
    "KubernetesTarget.unreachable": (
        "A node that is NotReady: `wait` makes its replicas, which are pending; `skip` leaves them as they are; `fail`.",
        "wait",
    ),
    "ManifestsTarget.directory": ("The folder, relative to the root.", "deploy"),
    "Broker.embedded": ("A broker that the stack runs and places.", "{server: mosquitto}"),
    "Broker.url": ("The address of another, without user and password.", "mqtts://host:8883"),
    "Broker.credentials": ("The identity of rohe at the broker.", "{secret: broker}"),
    "Broker.mqtt": ("The version of MQTT that clients speak; absent: the newest that the broker does.", "3.1.1"),
    "EmbeddedBroker.server": ("The program: nats speaks MQTT 3.1.1, mosquitto 5 and 3.1.1.", "mosquitto"),
    "EmbeddedBroker.image": (
        "The image in a cluster, which has rohe and the server; absent: that of the agents.",
        "rohe/broker-mosquitto:0.1.0",
    ),
    "EmbeddedBroker.arch": ("Architectures that the image has; absent: any.", "[amd64]"),
    "EmbeddedBroker.placement": (
        "Where the broker may go, as that of a service; `near` and `avoid` name services of any pipeline.",
        "{nodeSelector: {zone: hub}}",
    ),
    "EmbeddedBroker.requests": ("The requests of the broker.", "{cpu: 50m, memory: {rss: 64Mi}}"),
    "EmbeddedBroker.tls": ("Whether clients connect by TLS alone: `true`, or a mapping.", "{clientCertificates: true}"),
    "BrokerTls.clientCertificates": ("Whether the broker demands a certificate of each client.", "true"),
    "BrokerTls.certificate": ("A certificate of yours; absent: apply makes one.", "{secret: 'file:pki/broker.crt'}"),
    "BrokerTls.key": ("The private key of that certificate (PEM).", "{secret: 'file:pki/broker.key'}"),
    "BrokerTls.ca": ("The authorities that clients trust then (PEM).", "{secret: 'file:pki/ca.crt'}"),
    "BrokerCredentials.secret": (
        "The secret that holds user and password, and maybe ca.crt, tls.crt and tls.key: a Secret of the cluster with these "
        "keys; on this machine `file:PATH` of a folder with these files, or of a credential file.",
        "broker",
    ),
    **AGENT_FIELDS,
    "ModuleUse.name": ("What the use is called in messages.", "detect"),
    "ModuleUse.source": ("The module's folder, relative to the root.", "modules/detection"),
    "ModuleUse.inputs": ("Values of its inputs.", "{replicas: 3}"),
    "ModuleUse.prefix": ("Put before the names of its documents.", "cam1-"),
    "ModuleSpec.inputs": (
        "What a use may or must give, by name.",
        "{replicas: {type: integer, default: 2, minimum: 1}}",
    ),
    "ModuleSpec.sources": ("The files that its documents are in.", "[pipeline.yaml, contract.yaml]"),
    "Input.type": ("string, integer, number, boolean, list or mapping.", "integer"),
    "Input.default": ("Its value where a use gives none; absent: a use must give it.", "2"),
    "Input.description": ("What it is for.", "Replicas of the detector."),
    "Input.minimum": ("The least number.", "1"),
    "Input.maximum": ("The largest number.", "10"),
    "Input.enum": ("The values allowed.", "[small, large]"),
    "Input.pattern": ("A regular expression (RE2) that a string must match, whole.", '"[a-z]+"'),
}
"""By `Model.field` as written in YAML: its meaning, and an example in YAML."""


def describe_field(model: type, field: str) -> tuple[str, str]:
    """Returns description and example of a field, taken from the nearest class that declares it.

    Raises:
        KeyError: No class describes the field.
    """
    for base in model.__mro__:
        if (found := FIELDS.get(f"{base.__name__}.{field}")) is not None:
            return found
    if field in ("apiVersion", "kind", "metadata", "spec"):
        return FIELDS[f"Document.{field}"]
    raise KeyError(f"{model.__name__}.{field}")
