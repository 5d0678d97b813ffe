"""The meaning of each field of observation contracts, with an example; `descriptions` has those of all other kinds."""

# One line a field reads better than the line length.
# ruff: noqa: E501

from __future__ import annotations

CONTRACT_FIELDS: dict[str, tuple[str, str]] = {
    "ContractSpec.pipeline": ("The pipeline that the promise is about.", "cctvs"),
    "ContractSpec.pipelines": (
        "Several pipelines that the promise is about together, in place of one.",
        "[cctvs, bts]",
    ),
    "ContractSpec.tenant": ("The customer that the contract is for.", "city-traffic"),
    "ContractSpec.effective": ("The span in which it holds.", "{from: 2026-01-01T00:00:00Z, to: 2027-01-01T00:00:00Z}"),
    "ContractSpec.lateness": ("How much later than others a report may come and still count.", "2s"),
    "ContractSpec.metrics": (
        "The consumer's own metrics, as expression trees.",
        "{misses: {ratio: [{count: {where: {correct: false}}}, {count: {}}]}}",
    ),
    "ContractSpec.defaults": (
        "What every objective has that does not say otherwise.",
        "{window: {size: 5m}, minSamples: 20, missing: freeze}",
    ),
    "ObjectiveDefaults.window": ("Over which samples.", "{size: 5m, every: 10s}"),
    "ObjectiveDefaults.minSamples": ("With fewer the verdict is UNKNOWN.", "20"),
    "ObjectiveDefaults.missing": ("What no data means: freeze (UNKNOWN), broken or ok.", "freeze"),
    "ObjectiveDefaults.for": ("How long it must be broken before it counts.", "1m"),
    "ObjectiveDefaults.clear": ("How long it must be kept before it counts as kept again.", "2m"),
    "ContractSpec.objectives": (
        "The lines of the contract.",
        "[{metric: response_time, aggregate: p99, operator: '<=', value: 300ms, window: {size: 5m}}]",
    ),
    "ContractSpec.processing": (
        "The user's own code, run on every closed window.",
        "[{function: 'user_modules/functions.py:isolation_forest', features: [confidence], window: {size: 100 reports}}]",
    ),
    "ContractSpec.sinks": (
        "Where results go: docs/observation.md, under Sinks.",
        "[store, {jsonl: results/}, {mqtt: alerts}]",
    ),
    "Effective.from": ("The first moment.", "2026-01-01T00:00:00Z"),
    "Effective.to": ("The moment from which it no longer holds.", "2027-01-01T00:00:00Z"),
    "Expression.count": ("How many samples.", "{where: {correct: false}}"),
    "Expression.sum": ("The sum of a metric.", "{of: items}"),
    "Expression.mean": ("The mean of a metric.", "{of: confidence, where: {confidence: {'>': 0.5}}}"),
    "Expression.min": ("The least value of a metric.", "{of: confidence}"),
    "Expression.max": ("The largest value of a metric.", "{of: confidence}"),
    "Expression.percentile": ("A percentile of a metric.", "{of: response_time, p: 99}"),
    "Expression.variance": ("The variance of a metric.", "{of: energy_forecast, by: model}"),
    "Expression.ratio": ("The first tree over the second.", "[{count: {where: {correct: false}}}, {count: {}}]"),
    "Expression.difference": ("The first tree less the second.", "[{mean: {of: forecast}}, {mean: {of: actual}}]"),
    "Expression.metric": ("Another metric of the contract.", "misses"),
    "Selection.where": (
        "Conditions that a sample must meet, all of them: a value, or comparisons.",
        "{confidence: {'>': 0.5}, label: person}",
    ),
    "Aggregation.of": ("The reported metric.", "confidence"),
    "Percentile.p": ("Which percentile, above 0 and below 100.", "99"),
    "Variance.by": ("Between the groups of each request, then averaged.", "model"),
    "Objective.name": ("What commands call it; absent: made of metric and scope.", "fast-detection"),
    "Objective.metric": (
        "A metric that is reported, built in (response_time, throughput, availability, accuracy) or defined under metrics.",
        "response_time",
    ),
    "Objective.scope": (
        "What of the pipeline it is about; absent: the whole, source to sink.",
        "{service: object-detection}",
    ),
    "Objective.aggregate": (
        "How samples become one number: count, sum, mean, min, max, rate, ratio, p50 to p99.9.",
        "p99",
    ),
    "Objective.operator": ("`<` `<=` `>` `>=` `==` or `between`.", '"<="'),
    "Objective.value": ("The threshold; two for `between`.", "300ms"),
    "Objective.window": ("Over which samples.", "{size: 5m, every: 10s}"),
    "Objective.minSamples": ("With fewer the verdict is UNKNOWN.", "20"),
    "Objective.missing": ("What no data means: freeze (UNKNOWN), broken or ok.", "freeze"),
    "Objective.for": ("How long it must be broken before it counts.", "1m"),
    "Objective.clear": ("How long it must be kept before it counts as kept again.", "2m"),
    "Objective.target": ("The share of windows that must keep it.", "99%"),
    "Objective.budgetWindow": ("The span that the target is about.", "30d"),
    "Objective.burnRates": ("When the error budget burns too fast.", "[{long: 1h, short: 5m, factor: 14.4}]"),
    "Objective.onViolation": ("What is done; a bare name is short for it.", "{action: degrade, cooldown: 5m}"),
    "Scope.service": ("One service.", "classify"),
    "Scope.member": ("One member or variant of it.", "svm"),
    "Scope.instance": ("One replica.", "classify-svm-0"),
    "Scope.model": ("The model that reports name.", "yolov8n"),
    "Scope.device": ("One node.", "jetson-nano-01"),
    "Window.size": ("How long: a time, or a number of reports.", "200 reports"),
    "Window.every": ("How often it closes; absent: when it is full.", "10s"),
    "Window.session": ("In place of a size: ends when no report came for so long.", "30s"),
    "BurnRate.long": ("The window over which the burn is significant.", "1h"),
    "BurnRate.short": ("The window that shows that the burn still goes on.", "5m"),
    "BurnRate.factor": ("How many times too fast.", "14.4"),
    "Action.action": ("alert, degrade, reroute or reject.", "degrade"),
    "Action.cooldown": ("The least time between two.", "5m"),
    "Action.dryRun": ("Whether to report only what would be done.", "true"),
    "Processing.parser": ("`name(report, **options) -> samples`.", "user_modules/parsers.py:inference"),
    "Processing.function": (
        "`name(samples, **options) -> {name: number}`.",
        "user_modules/functions.py:isolation_forest",
    ),
    "Processing.features": ("The metrics that it looks at.", "[confidence]"),
    "Processing.window": ("Over which samples.", "{size: 100 reports, every: 3s}"),
    "Processing.memory": (
        "The most memory that its processes may have, Python and modules included; part of the agent's memory.",
        "128Mi",
    ),
    "Processing.options": ("Keyword arguments of both.", "{threshold: 0.5}"),
}
"""By `Model.field` as written in YAML: its meaning, and an example in YAML."""
