"""The meaning of each field about the observation agents, with an example."""

from __future__ import annotations

AGENT_FIELDS: dict[str, tuple[str, str]] = {
    "Agents.perPipeline": ("How many share a pipeline's reports; one of them judges its contracts.", "3"),
    "Agents.near": (
        "`services`: several agents of a pipeline go to zones, or nodes, of its replicas, by load, and hear those.",
        "services",
    ),
    "Agents.image": ("The image, for targets that run containers.", "rohe/agent:0.1.0"),
    "Agents.arch": ("Architectures that the image has; absent: any.", "[arm64]"),
    "Agents.placement": (
        "Where agents may go, as that of a service; `near` and `avoid` name services of the agent's pipeline.",
        "{tolerations: [{key: edge, operator: Exists}]}",
    ),
    "Agents.requests": ("The requests of one agent; memory follows from the contracts.", "{cpu: 200m}"),
}  # fmt: skip
"""By model and field name, as in a document."""
