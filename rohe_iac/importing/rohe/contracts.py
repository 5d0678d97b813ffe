"""Imports contracts of the original ROHE: performance and quality objectives, and consumer-defined metrics."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from rohe_iac.blueprint.language.amounts import amount_of
from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.importing.foreign.drafts import ContractDraft, Drafts
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.objectives import (
    DEFAULT_WINDOW,
    NOT_MEASURED,
    RATIOS,
    STAKEHOLDERS,
    Bounds,
    ObjectiveNames,
    Unjudgeable,
    as_milliseconds,
    as_percent,
    bounds_of,
    consumer_of,
    draft_contract,
    make_objective,
    metric_names,
    operator_of,
    plain_number,
    ratio_bounds,
    window_of,
)
from rohe_iac.importing.rohe.expressions import Inexpressible, expression_of, resolve_references

PROMISES = "response_time_*, latency_*, throughput_rps and availability_percent"

CLAUSES = "builtin_metrics and cdm_thresholds are what is judged; it stays UNKNOWN"

UNKNOWN = "contracts of the original have no such field, and nothing here measures it"

ACTIONS = ("alert", "degrade", "reroute", "reject")

PERFORMANCE = re.compile(
    r"(responsetime|latency)(avg|average|mean|min|max|p\d{1,2}(?:\.\d+)?|p999)?(ms|s|sec|seconds)?"
)


def is_contract(root: Field) -> bool:
    """Checks whether a document is a contract of the original."""
    body = root.get("contract") or root
    marks = ("performance_slo", "quality_slo", "contract_id")
    return body.is_mapping and (body.get(*marks) is not None or root.get("cdm_definitions") is not None)


def import_contract(root: Field, drafts: Drafts) -> None:
    """Adds one contract."""
    body = root.get("contract") or root
    name, pipeline = body.get("contract_id", "id", "name"), body.get("pipeline_id", "pipeline")
    draft = draft_contract(drafts, body, name, pipeline, drafts.name or "contract")
    reader = _ContractReader(draft, root, body)
    tenant = body.get("tenant_id", "tenant") or consumer_of(body)
    if tenant is not None and tenant.text:
        draft.spec["tenant"] = tenant.text
        tenant.map_to(f"{reader.target}: tenant")
    _add_effective(body, draft.spec, reader.target)
    definitions = body.get("cdm_definitions") or root.get("cdm_definitions")
    reader.read_definitions(definitions)
    reader.read_performance(body.get("performance_slo"))
    quality = body.get("quality_slo")
    for key in ("builtin_metrics", "cdm_thresholds"):
        group = (quality.get(key) if quality is not None else None) or body.get(key)
        if group is not None:
            reader.read_thresholds(group, consumer_defined=key == "cdm_thresholds")
    reader.finish()


def _add_effective(body: Field, spec: dict[str, Any], target: str) -> None:
    effective: dict[str, str] = {}
    moments: dict[str, datetime] = {}
    for word, names in (("from", ("effective_from",)), ("to", ("effective_until", "effective_to"))):
        field = body.get(*names)
        if field is None:
            continue
        try:
            moment = datetime.fromisoformat(field.text)
        except ValueError:
            field.report_fault(f"'{field.text[:40]}' is not a moment", "write it as 2026-01-01T00:00:00Z")
            continue
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        if word == "to" and "from" in moments and moment <= moments["from"]:
            field.report_fault("the contract ends before it begins")
            continue
        moments[word], effective[word] = moment, moment.isoformat().replace("+00:00", "Z")
        field.map_to(f"{target}: effective.{word}")
    if effective:
        spec["effective"] = effective


class _ContractReader:
    """Reads the parts of one contract into its draft.

    Attributes:
        draft: The draft of the contract.
        root: The whole document.
        body: The contract in the document.
        target: The contract as the journal names it.
        names: The names given to objectives.
        metrics: New names of consumer-defined metrics by their names in the file.
        windows: Windows of consumer-defined metrics, by their names in the file.
        objectives: The objectives made so far.
        unmeasured: The clauses that nothing can measure or judge.
        common: The window of objectives without one.
    """

    def __init__(self, draft: ContractDraft, root: Field, body: Field) -> None:
        self.draft = draft
        self.root = root
        self.body = body
        self.target = f"ObservationContract/{draft.name}"
        self.names = ObjectiveNames()
        self.metrics: dict[str, str] = {}
        self.windows: dict[str, str] = {}
        self.objectives: list[dict[str, Any]] = []
        self.unmeasured: list[str] = []
        self.common = _common_window(body)

    def read_definitions(self, definitions: Field | None) -> None:
        """Adds the consumer-defined metrics to the contract."""
        entries = definitions.entries() if definitions is not None else []
        if definitions is not None and definitions.is_scalar:
            definitions.drop("metrics are a mapping of names to expressions")
        if definitions is not None and definitions.is_list:
            entries = [(_name_of(item, f"metric{index}"), item) for index, item in enumerate(definitions.items())]
        self.metrics = metric_names([key for key, _ in entries])
        trees: dict[str, Any] = {}
        for key, entry in entries:
            self._read_definition(key, entry, trees)
        trees, circular, reported = resolve_references(trees)
        for key, entry in entries:
            tree = entry.get("expression")
            if self.metrics[key] in circular and tree is not None:
                tree.journal.mapped.pop(tree.path, None)
                tree.drop(f"'{key}' is made of itself; it has to be reported by a service, and is UNKNOWN until then")
        if reported and definitions is not None:
            definitions.note(f"{', '.join(reported)}: not defined here, so taken as reported; until then UNKNOWN")
        if trees:
            self.draft.spec["metrics"] = trees

    def _read_definition(self, key: str, entry: Field, trees: dict[str, Any]) -> None:
        """Reads a consumer-defined metric and adds its expression tree to `trees`."""
        name = self.metrics[key]
        if name != key:
            entry.note(f"'{key}' is the name of a metric of rohe's own: yours becomes '{name}'")
        tree = entry.get("expression")
        window = entry.get("window")
        if window is not None and (length := window_of(window)) is not None:
            self.windows[key] = length
            window.map_to(f"{self.target}: window of the objectives on {name}")
        elif window is not None:
            window.drop("not a length such as 5m")
        for field in (entry.get("name"), entry.get("metric_type")):
            if field is not None:
                field.map_to(f"{self.target}: metrics.{name}")
        kind = entry.get("metric_type")
        if kind is not None and loose_spelling(kind.text) != "perperiod":
            kind.drop("a metric is taken over a window; one window a request is {size: 1 reports}")
        self._add_description(entry, name)
        if tree is None:
            entry.note(f"no expression: '{name}' has to be reported by a service; until then it is UNKNOWN")
            return
        try:
            trees[name] = expression_of(tree, self.metrics)
            tree.map_to(f"{self.target}: metrics.{name}")
        except Inexpressible as error:
            tree.drop(f"{error}; '{name}' has to be reported by a service, and is UNKNOWN until then")
        entry.drop_rest({})

    def _add_description(self, entry: Field, name: str) -> None:
        field = entry.get("description")
        if field is not None and field.text:
            self.draft.annotations[f"rohe.dev/description.{name}"] = field.text
            field.map_to(f"{self.target}: annotation rohe.dev/description.{name}")

    def read_performance(self, group: Field | None) -> None:
        """Adds objectives on response_time_p99_ms, throughput_rps, availability_percent and the like."""
        if group is not None and not group.is_mapping:
            group.drop("targets are a mapping of names to numbers; it stays UNKNOWN")
            self.unmeasured.append("performance_slo")
        for key, field in group.entries() if group is not None else []:
            spelling = loose_spelling(key)
            match = PERFORMANCE.fullmatch(spelling)
            if not field.is_scalar:
                if not field.is_empty:
                    field.drop("a target is one number, named after what it is of and its unit; it stays UNKNOWN")
                    self.unmeasured.append(key)
                continue
            if match is None and spelling not in _RATES and spelling not in _SHARES:
                field.drop(f"not measurable: rohe measures {PROMISES}; it stays UNKNOWN")
                self.unmeasured.append(key)
                continue
            metric = "response_time" if match is not None else "throughput" if spelling in _RATES else "availability"
            try:
                bound = bounds_of(field, "<=")
                if amount_of(bound).value < 0:
                    raise Unjudgeable("a target is not below 0")
            except Unjudgeable as error:
                field.drop(f"{error}; it stays UNKNOWN")
                self.unmeasured.append(key)
                continue
            if not isinstance(bound, str):
                number = Fraction(str(bound))
                if metric == "response_time":
                    bound = as_milliseconds(number * (1 if match is not None and match[3] == "ms" else 1000))
                else:
                    bound = f"{plain_number(number)}/s" if metric == "throughput" else _share(spelling, number)
            aggregate = (
                _aggregate(match[2] or "mean") if match is not None else {"throughput": "rate"}.get(metric, "mean")
            )
            name = self._add_objective(metric, "<=" if match is not None else ">=", bound, aggregate=aggregate)
            field.note(f"no window is given: taken as {self.common}")
            field.map_to(f"{self.target}: objectives.{name}")

    def read_thresholds(self, group: Field, *, consumer_defined: bool) -> None:
        """Adds objectives from thresholds of metrics. consumer_defined: whether consumers define the metrics."""
        entries = group.entries() or [(_name_of(item, ""), item) for item in group.items()]
        if group.is_scalar:
            group.drop("thresholds are a mapping by the names of metrics; it stays UNKNOWN")
        for key, entry in entries:
            if not key:
                entry.drop("not measurable: the clause names no metric; it stays UNKNOWN")
                self.unmeasured.append("a threshold without a metric")
                continue
            self._read_threshold(key, entry, consumer_defined=consumer_defined)

    def _read_threshold(self, key: str, entry: Field, *, consumer_defined: bool) -> None:
        sign, value = entry.get("operator"), entry.get("value", "threshold")
        operator = operator_of(sign) if sign is not None else None
        if operator is None or value is None:
            wrong = f"'{sign.text[:20]}' is not an operator of the language" if sign is not None else "no operator"
            entry.drop(f"{wrong if operator is None else 'no value'}, so nothing can be judged; it stays UNKNOWN")
            self.unmeasured.append(key)
            return
        try:
            bounds = bounds_of(value, operator)
        except Unjudgeable as error:
            entry.drop(f"{error}; it stays UNKNOWN")
            self.unmeasured.append(key)
            return
        window_field = entry.get("window")
        window = window_of(window_field) or self.windows.get(key) or self.common
        if window_field is None:
            entry.note(f"no window is given: taken as {window}")
        action = entry.get("action_on_violation", "action")
        word = loose_spelling(action.text) if action is not None else ""
        metric = self.metrics.get(key, key)
        if metric in RATIOS:
            bounds = ratio_bounds(bounds, value)
        name = self._add_objective(metric, operator, bounds, window=window, action=word if word in ACTIONS else "")
        target = f"{self.target}: objectives.{name}"
        for field in (
            sign,
            value,
            entry.get("name", "metric_name", "metric"),
            window_field if window_of(window_field) else None,
            action if word in ACTIONS else None,
        ):
            if field is not None:
                field.map_to(target)
        if window_field is not None and window_of(window_field) is None:
            window_field.drop(f"not a length such as 5m; taken as {window}")
        if action is not None and word not in ACTIONS:
            action.drop(f"an objective has one action of {', '.join(ACTIONS)}")
        entry.drop_rest({})
        if key not in self.metrics and (consumer_defined or metric not in BUILT_IN):
            entry.note(f"'{metric}' has to be reported by a service of the pipeline; until then it is UNKNOWN")

    def _add_objective(
        self, metric: str, operator: str, value: Bounds, *, aggregate: str = "mean", window: str = "", action: str = ""
    ) -> str:
        """Adds an objective and returns its name."""
        name = self.names.give("" if aggregate in ("mean", "rate") else aggregate, metric)
        self.objectives.append(
            make_objective(name, metric, operator, value, window or self.common, aggregate=aggregate, action=action)
        )
        return name

    def finish(self) -> None:
        """Drops the fields that were not read, and completes the draft."""
        self.draft.spec["objectives"] = self.objectives
        for part in (self.body, self.root):
            part.drop_rest({"stakeholders": STAKEHOLDERS, "qualityslo": CLAUSES}, UNKNOWN)
        if self.unmeasured:
            self.draft.annotations[NOT_MEASURED] = ", ".join(self.unmeasured)


_RATES = ("throughputrps", "throughput", "throughputpersecond", "rps")

_SHARES = ("availabilitypercent", "availability", "availabilityratio")


def _share(spelling: str, number: Fraction) -> str:
    # 0.99 and 99 both are 99 %, unless the name of the field says that 0.99 is percent.
    return as_percent(number if spelling == "availabilitypercent" or number > 1 else number * 100)


def _aggregate(word: str) -> str:
    word = {"avg": "mean", "average": "mean", "p999": "p99.9"}.get(word, word)
    return word if not re.fullmatch(r"p0+(\.0+)?", word) else "min"


def _name_of(item: Field, otherwise: str) -> str:
    name = item.get("name", "metric_name", "metric")
    return name.text if name is not None and name.text else otherwise


def _common_window(body: Field) -> str:
    """Returns the window that most thresholds of the contract have; DEFAULT_WINDOW where none has any."""
    found: Counter[str] = Counter()
    quality = body.get("quality_slo") or body
    for key in ("builtin_metrics", "cdm_thresholds"):
        group = quality.get(key)
        for _, entry in group.entries() if group is not None else []:
            length = window_of(entry.get("window"))
            if length is not None:
                found[length] += 1
    return found.most_common(1)[0][0] if found else DEFAULT_WINDOW
