"""Blueprints whose YAML is right and whose faults are without end: many documents, items, references, rules, trees."""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

from collections.abc import Callable, Iterable

from hostile_case import HEAD, Case, files, head, text

NODE = "    - {{name: n{n}, cpu: 1, memory: {{rss: 1Gi}}{more}}}\n"
CONTRACT = head("ObservationContract") + "spec:\n  pipeline: p\n"
PIPELINE = head("Pipeline", "p")
STACK = HEAD.replace("{kind}", "Stack") + "spec: {{pipelines: [p], inventory: i{more}}}\n---\n"


def nodes(count: int, more: Callable[[int], str]) -> str:
    """Returns an inventory of many nodes; `more` gives further fields of each."""
    return head("Inventory", "i") + "spec:\n  nodes:\n" + "".join(NODE.format(n=n, more=more(n)) for n in range(count))


def services(count: int, item: Callable[[int], str], name: str = "p") -> str:
    return head("Pipeline", name) + "spec:\n  services:\n" + "".join(f"    - {{{item(n)}}}\n" for n in range(count))


def doubled(levels: int, leaf: str) -> str:
    """Returns a contract with one metric, a tree that names the part of each level twice."""
    rows = [f"    m0: &m0 {leaf}\n"]
    rows += [f"    m{n}: &m{n} {{ratio: [*m{n - 1}, *m{n - 1}]}}\n" for n in range(1, levels)]
    return CONTRACT + "  metrics:\n" + "".join(rows) + "  objectives: [{metric: m0, operator: '<', value: 1, window: {size: 5m}}]\n"  # fmt: skip


def chain(count: int, *, closed: bool) -> str:
    text = services(count, lambda n: f"name: s{n}, command: [a]")
    ends = [*range(1, count), *([0] if closed else [count])]
    return text + "  flow:\n" + "".join(f"    - {{from: s{n}, to: s{end}}}\n" for n, end in enumerate(ends))


def metric_chain(count: int) -> str:
    rows = (f"    m{n}: {{difference: [{{metric: m{(n + 1) % count}}}, {{count: {{}}}}]}}\n" for n in range(count))
    return CONTRACT + "  metrics:\n" + "".join(rows) + "  objectives: []\n"


def stacks(count: int, name: Callable[[int], str], more: str = "") -> str:
    return "".join(STACK.format(name=name(n), more=more) for n in range(count))


def objectives(count: int, item: str) -> str:
    return CONTRACT + "  objectives:\n" + f"    - {item}\n" * count


def several(count: int, content: Callable[[int], str]) -> Iterable[tuple[str, str]]:
    return ((f"f{n}.yaml", content(n)) for n in range(count))


def judged(count: int, more: str = "") -> str:
    """Returns a contract with one objective for each service."""
    return (
        CONTRACT
        + "  objectives:\n"
        + "".join(
            f"    - {{name: o{n}, metric: response_time, scope: {{service: s{n}}}, operator: '<', value: 1s, window: {{size: 5m}}{more}}}\n"
            for n in range(count)
        )
    )


def modules(count: int, content: str, name: Callable[[int], str], uses: int) -> Iterable[tuple[str, str]]:
    """Returns user modules with the same content, and a contract that uses them, or others, by name."""
    rows = "".join(f"    - {{function: '{name(n)}.py:f', window: {{size: 5m}}}}\n" for n in range(uses))
    return [*((f"m{n}.py", content) for n in range(count)), ("c.yaml", CONTRACT + "  processing:\n" + rows)]


FAULTS: list[Case] = [
    text("30,000 nodes of unknown types", lambda: nodes(30_000, lambda n: f", deviceType: t{n}"), "R207"),
    text("30,000 nodes, one faulty", lambda: nodes(30_000, lambda n: ", x: 1" if n == 29_999 else ""), "R106"),
    text("20,000 nodes, all faulty", lambda: nodes(20_000, lambda n: ", x: 1"), "R133"),
    text("20,000 nodes of one name", lambda: nodes(20_000, lambda n: "").replace("name: n1", "name: same, labels: {x: y}, arch: n"), "R1"),
    text("15,000 nodes with seven faults each", lambda: nodes(15_000, lambda n: ", a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7"), "R133"),
    text("20,000 nodes with faults inside", lambda: nodes(20_000, lambda n: ", used: {cpu: x, memory: y}"), "R133"),
    text("nodes that are numbers", lambda: head() + "spec: {nodes: [" + "1, " * 300_000 + "1]}\n", "R133"),
    text("links to nowhere", lambda: nodes(9_000, lambda n: "") + "  links:\n" + "".join(f"    - {{name: l{n}, between: [zone/z{n}, node/x{n}]}}\n" for n in range(20_000)), "R209"),
    text("20,000 services of unknown fields", lambda: services(20_000, lambda n: f"name: s{n}, comand: [a]"), "R133"),
    text("20,000 services, 200 faulty", lambda: services(20_000, lambda n: f"name: s{n}, {'comand' if n % 100 == 0 else 'command'}: [a]"), "R106"),
    text("20,000 services with nothing to run", lambda: services(20_000, lambda n: f"name: s{n}"), "R221", code=0),
    text("20,000 services of one name", lambda: services(20_000, lambda n: "name: s, command: [a]"), "R210"),
    text("20,000 services with an unknown accelerator", lambda: services(20_000, lambda n: f"name: s{n}, command: [a], requests: {{accelerators: {{t{n}: {{share: 5%}}}}}}") + "---\n" + nodes(499, lambda n: f", accelerators: {{G: {{type: g{n}}}}}") + "---\n" + stacks(1, lambda n: "s"), "R302", code=0),
    text("20,000 services near ones that are not there, among 499", lambda: services(499, lambda n: f"name: s{n}, command: [a], placement: {{near: [{', '.join(f'{{service: x{n}-{m}}}' for m in range(40))}]}}"), "R205"),
    text("20,000 services with files that are not there", lambda: services(20_000, lambda n: f"name: s{n}, command: [a], profile: p{n}.yaml"), "R225"),
    text("20,000 services with selectors that match nothing", lambda: services(20_000, lambda n: f"name: s{n}, command: [a], placement: {{nodeSelector: {{a: b{n}, c: d}}}}") + "---\n" + nodes(2000, lambda n: f", labels: {{a: c{n}}}") + "---\n" + stacks(1, lambda n: "s"), "R303", code=0),
    text("one selector of a hundred thousand labels", lambda: services(1, lambda n: "name: s, command: [a], placement: {nodeSelector: {" + ", ".join(f"k{m}: v" for m in range(100_000)) + "}}") + "---\n" + nodes(500, lambda n: f", labels: {{k{n}: w}}") + "---\n" + stacks(1, lambda n: "s"), "R303", code=0),
    text("a service with a hundred thousand ports", lambda: services(1, lambda n: "name: s, command: [a], ports: [" + ", ".join(f"{{name: p{m}, containerPort: 80}}" for m in range(60_000)) + "]"), "R222"),
    text("a hundred thousand rules that contradict each other", lambda: services(1, lambda n: "name: s, command: [a], placement: {near: [" + "{service: s, topologyKey: node}, " * 30_000 + "], avoid: [" + ", ".join(f"{{service: s, topologyKey: t{m}}}" for m in range(30_000)) + "]}"), "R214"),
    text("a flow in a circle of 20,000", lambda: chain(20_000, closed=True), "R211"),
    text("a flow of 20,000 into nothing", lambda: chain(20_000, closed=False), "R205"),
    text("every flow twice", lambda: chain(5, closed=False).replace("to: s5", "to: s3") + "    - {from: s0, to: s1}\n" * 60_000, "R210"),
    text("60,000 flows between services that are not there", lambda: services(1, lambda n: "name: s, command: [a]") + "  flow:\n" + "".join(f"    - {{from: a{n}, to: b{n}}}\n" for n in range(60_000)), "R205"),
    text("metrics in a circle of 20,000", lambda: metric_chain(20_000), "R212"),
    text("a tree of metrics that doubles", lambda: doubled(15, "{count: {}}"), "R202"),
    text("a faulty tree of metrics that doubles", lambda: doubled(15, "{cuont: {}}"), "R106"),
    text("a tree of metrics too deep", lambda: doubled(1, "{ratio: [" * 60 + "{count: {}}" + ", {count: {}}]}" * 60), "R"),
    text("a condition of sixty thousand fields", lambda: doubled(1, "{count: {where: {" + ", ".join(f"f{n}: {{'~': 1}}" for n in range(60_000)) + "}}}"), "R122"),
    text("30,000 objectives of unknown metrics", lambda: objectives(30_000, "{metric: x, operator: '<', value: 1, window: {size: 5m}}"), "R202"),
    text("30,000 faulty objectives", lambda: objectives(30_000, "{metric: x, operator: '<>', value: 1, window: 5m}"), "R133"),
    text("30,000 user modules that are not there", lambda: CONTRACT + "  processing:\n" + "".join(f"    - {{function: 'm{n}.py:f', window: {{size: 5m}}}}\n" for n in range(30_000)), "R217"),
    text("8,000 stacks of one name", lambda: stacks(8_000, lambda n: "s"), "R201"),
    text("8,000 stacks of nothing", lambda: stacks(8_000, lambda n: f"s{n}"), "R202"),
    text("2,000 stacks of one large pipeline", lambda: services(3_000, lambda n: f"name: s{n}, command: [a], requests: {{cpu: 9}}") + "---\n" + nodes(100, lambda n: "") + "---\n" + stacks(2_000, lambda n: f"s{n}"), "R301", code=0),
    text("4,000 stacks and 4,000 pipelines", lambda: stacks(4_000, lambda n: f"s{n}") + "".join(services(1, lambda m: "name: a, command: [a]", f"q{n}") + "---\n" for n in range(4_000)), "R202"),
    text("4,000 contracts about 4,000 others", lambda: "".join(head("ObservationContract", f"c{n}") + f"spec: {{pipeline: x{n}}}\n---\n" for n in range(4_000)) + "".join(services(1, lambda m: "name: a, command: [a]", f"q{n}") + "---\n" for n in range(4_000)), "R202"),
    text("1,000 inventories for one large pipeline", lambda: services(3_000, lambda n: f"name: s{n}, command: [a], requests: {{cpu: 9}}") + "---\n" + "".join(nodes(1, lambda m: "").replace("name: i}", f"name: i{n}}}") + "---\n" for n in range(1_000)) + "".join(stacks(1, lambda m, n=n: f"s{n}").replace("inventory: i", f"inventory: i{n}") for n in range(1_000)), "R301", "R133", code=0),
    Case("20,000 profiles that are none", files(lambda: [("profiles/a.yaml", "profile: 1\n"), ("s.yaml", services(20_000, lambda n: f"name: s{n}, profile: profiles/{'./' * n if n < 100 else ''}a.yaml"))]), ("R107",)),
    Case("2,000 faulty profiles", files(lambda: [*((f"profiles/{n}.yaml", "profile: 1\nservice: A\n") for n in range(2_000)), ("s.yaml", services(2_000, lambda n: f"name: s{n}, profile: profiles/{n}.yaml"))]), ("R111", "R133")),
    text("8,000 faulty documents", lambda: "".join(head(name=f"i{n}") + "spec: {nodes: [{name: A, cpu: x}]}\n---\n" for n in range(8_000)), "R133"),
    text("20,000 documents of unknown kinds", lambda: "".join(head(f"Pipelin{n}") + "---\n" for n in range(20_000)), "R104"),
    text("20,000 documents with no apiVersion", lambda: "".join(f"kind: Pipeline\nmetadata: {{name: p{n}}}\n---\n" for n in range(20_000)), "R102"),
    text("a protected list of 100,000 strangers", lambda: stacks(1, lambda n: "s", ", protect: [" + ", ".join(f"service/x{n}" for n in range(100_000)) + "]"), "R202"),
    text("100,000 addresses that are none", lambda: stacks(1, lambda n: "s", ", protect: [" + ", ".join(f"'x{n}'" for n in range(100_000)) + "]"), "R119"),
    Case("six files of 15,000 faulty services", files(lambda: several(6, lambda n: services(15_000, lambda m: f"name: s{m}, comand: [a]", f"p{n}"))), ("R133",)),
    Case("six files of 15,000 services, the last faulty", files(lambda: several(6, lambda n: services(15_000, lambda m: f"name: s{m}, {'command' if n < 5 else 'comand'}: [a]", f"p{n}"))), ("R106",)),
    Case("a user module of 10 MB", files(lambda: [("m.py", "x = 1\n" * 1_700_000), ("c.yaml", CONTRACT + "  processing: [{function: 'm.py:f', window: {size: 5m}}]\n")]), ("R21",)),
    Case("a user module nested beyond the parser", files(lambda: [("m.py", "(" * 100_000), ("c.yaml", CONTRACT + "  processing: [{function: 'm.py:f', window: {size: 5m}}]\n")]), ("R21",)),
    Case("a user module of 200 KB that is used 20,000 times", files(lambda: modules(1, "x = 1\n" * 33_000 + "def f(x, **o): return {}\n", lambda n: "m0", 20_000)), ("R202",)),
    Case("three hundred user modules of 200 KB", files(lambda: modules(300, "x = 1\n" * 33_000 + "def f(x, **o): return {}\n", lambda n: f"m{n}", 300)), ("not looked at: there is so much code",)),
    Case("30,000 user modules that are not there, beside 300 that are", files(lambda: modules(300, "", lambda n: f"n{n}", 30_000)), ("R217", "did you mean")),
    text("9,000 objectives of 20,000 services", lambda: services(20_000, lambda n: f"name: s{n}, command: [a]") + "---\n" + judged(9_000, ", onViolation: degrade"), "R229", code=0),
    text("20,000 objectives of unknown metrics, near 400 declared", lambda: services(400, lambda n: f"name: s{n}, command: [a], reports: {{metrics: {{m{n}x: {{unit: s}}}}}}") + "---\n" + CONTRACT + "  objectives:\n" + "".join(f"    - {{name: o{n}, metric: m{n}y, operator: '<', value: 1, window: {{size: 5m}}}}\n" for n in range(20_000)), "R213"),
    text("6,000 stacks with strategies and filters of nobody", lambda: stacks(6_000, lambda n: f"s{n}", ", planner: {strategy: nope, filters: [cpuu]}"), "R109"),
    text("3,000 stacks that protect a service of 10,000", lambda: services(10_000, lambda n: f"name: s{n}, command: [a]") + "---\n" + nodes(5_000, lambda n: "") + "---\n" + stacks(3_000, lambda n: f"s{n}", ", protect: [service/s1, node/n1]"), "valid", code=0),
    Case("ten files of 28,000 nodes", files(lambda: ((f"f{n}.yaml", nodes(28_000, lambda m: "").replace("name: i}", f"name: i{n}}}")) for n in range(10))), ("R004", "R133")),
    Case("twenty files of 390,000 values, of nobody", files(lambda: ((f"f{n}.yaml", "a: [" + "1," * 390_000 + "1]\n") for n in range(20))), ("R004", "R133")),
]  # fmt: skip
