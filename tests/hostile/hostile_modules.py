"""Modules that are hostile: expressions that would never end or look outside, uses and sources without end."""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

from hostile_case import HEAD, Case, files

MODULE = (
    "apiVersion: rohe.dev/v1\nkind: Module\nmetadata: {{name: m, version: 1.0.0}}\n"
    "spec: {{inputs: {{n: {{type: integer, default: 3}}, t: {{type: string, default: x, pattern: '{pattern}'}}}}, "
    "sources: [{sources}]}}\n"
)
STACK = (
    "apiVersion: rohe.dev/v1\nkind: Stack\nmetadata: {{name: s}}\n"
    "spec:\n  pipelines: [p]\n  inventory: i\n  modules:\n{uses}"
)
PIPELINE = HEAD.format(kind="Pipeline", name="p") + "spec:\n  services:\n"


def module(
    content: str, *, uses: str = "    - {name: u, source: m}\n", sources: str = "p.yaml", pattern: str = ".*"
) -> list[tuple[str, str]]:
    """Returns a stack that uses a module with one pipeline."""
    return [
        ("stack.yaml", STACK.format(uses=uses)),
        ("m/module.yaml", MODULE.format(sources=sources, pattern=pattern)),
        ("m/p.yaml", content),
    ]


def expression(name: str, text: str, *says: str) -> Case:
    """Returns a case of a module whose service has the expression as its image."""
    quoted = text.replace("'", "''")
    return Case(name, files(lambda: module(f"{PIPELINE}    - {{name: a, image: '{quoted}'}}\n")), says or ("R235",))


def _uses(count: int, prefix: str = ", prefix: 'p{n}-'") -> str:
    return "".join(f"    - {{name: u{n}, source: m{prefix.format(n=n)}}}\n" for n in range(count))


FAULTY = PIPELINE + "".join(f"    - {{name: a{n}, comand: [x]}}\n" for n in range(200))
FAILING = PIPELINE + "".join(f"    - {{name: a{n}, image: '{{{{ inputs.no{n} }}}}'}}\n" for n in range(9_000))
HEAVY = PIPELINE + "".join(f"    - {{name: a{n}, image: 'x{{{{ inputs.n + {n} }}}}'}}\n" for n in range(9_000))

MODULES: list[Case] = [
    expression("a loop", "{% for i in range(10**9) %}x{% endfor %}"),
    expression("a range without end", "{{ range(10**9) | list }}"),
    expression("a text without end", "{{ 'a' * 10**9 }}"),
    expression("a text that doubles", "{{ " + "(" * 60 + "'aaaaaaaaaa'" + " ~ inputs.t)" * 60 + " }}", "R203"),
    expression("a power", "{{ 9**9**9**9 }}"),
    expression("a product without end", "{{ " + " * ".join(["99999999"] * 80) + " }}"),
    expression("a division by nothing", "{{ inputs.n // 0 }}"),
    expression("brackets beyond the parser", "{{ " + "(" * 480 + "1" + ")" * 480 + " }}"),
    expression("lists in lists", "{{ " + "[" * 480 + "]" * 480 + " }}"),
    expression("denials in a row", "{{ " + "not " * 240 + "1 }}", "R"),
    expression("a sum that Python's compiler does not take", "{{ " + "1 + " * 240 + "1 }}", "R203"),
    expression("a list beside itself", "{{ [" + "inputs.t, " * 90 + "inputs.t] }}", "R108"),
    expression("signs in a row", "{{ " + "-" * 980 + "1 }}", "R"),
    expression("an attribute of the class", "{{ inputs.t.__class__.__mro__[1].__subclasses__() }}"),
    expression("an attribute by its name", "{{ inputs.t['__cl' ~ 'ass__'] }}"),
    expression("an attribute by a filter", "{{ inputs.t | attr('__class__') }}"),
    expression("formats that reach inside", "{{ '{0.__class__}'.format(inputs) }}"),
    expression("percent formats without end", "{{ '%0999999999d' % 1 }}"),
    expression("padding without end", "{{ inputs.t | center(10**9) }}"),
    expression("rounding without end", "{{ 1.5 | round(10**9) }}"),
    expression("replacing without end", "{{ inputs.t | replace('', 'aaaaaaaa') | replace('', 'aaaaaaaa') | replace('', inputs.t ~ 'aaaaaaaaaaaaaaaaaaa') | replace('', 'aaaaaaaaaaaaaaaaaaaaaa') }}"),
    expression("a file", "{% include '/etc/passwd' %}"),
    expression("an import", "{% import 'os' as os %}{{ os.environ }}"),
    expression("a macro that calls itself", "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}"),
    expression("the environment", "{{ self._TemplateReference__context.environment }}"),
    expression("a generator's frame", "{{ lipsum.__globals__['os'].popen('id').read() }}"),
    expression("an expression of 100,000 characters", "{{ " + "1 + " * 25_000 + "1 }}"),
    expression("an expression that is never closed", "{{ inputs.n"),
    Case("9,000 expressions that fail", files(lambda: module(FAILING)), ("R235", "R133")),
    Case("9,000 expressions that do not", files(lambda: module(HEAVY)), ("take too long together",)),
    Case("60,000 expressions", files(lambda: module(PIPELINE + "    - {name: a, args: [" + "'{{ inputs.n }}', " * 60_000 + "]}\n")), ("R108", "R133")),
    Case("300 uses of one faulty module", files(lambda: module(FAULTY, uses=_uses(300))), ("R106", "R133")),
    Case("300 uses of 9,000 failing expressions", files(lambda: module(FAILING, uses=_uses(300))), ("R235", "R133")),
    Case("300 uses of 9,000 expressions", files(lambda: module(HEAVY, uses=_uses(300))), ("R",)),
    Case("300 uses of a large module", files(lambda: module(PIPELINE + "".join(f"    - {{name: a{n}, command: [x]}}\n" for n in range(9_000)), uses=_uses(300))), ("R",)),
    Case("20,000 uses of a module that is not there", files(lambda: module(FAULTY, uses="".join(f"    - {{name: u{n}, source: x{n}}}\n" for n in range(20_000)))), ("R231",)),
    Case("20,000 uses of a module without a prefix", files(lambda: module(FAULTY, uses=_uses(20_000, ""))), ("R233",)),
    Case("20,000 sources that are not there", files(lambda: module(FAULTY, sources=", ".join(f"x{n}.yaml" for n in range(20_000)))), ("R232",)),
    Case("one source 20,000 times", files(lambda: module(FAULTY, sources=", ".join(["p.yaml"] * 20_000))), ("R",)),
    Case("a module that is its own source", files(lambda: module(FAULTY, sources="module.yaml")), ("R",)),
    Case("a module outside", files(lambda: module(FAULTY, uses="    - {name: u, source: ../../etc}\n")), ("R231",)),
    Case("a source outside", files(lambda: module(FAULTY, sources="../../etc/passwd")), ("R232",)),
    Case("a module from the network", files(lambda: module(FAULTY, uses="    - {name: u, source: 'git+https://host/repo.git//m'}\n")), ("R231",)),
    Case("inputs that are not there", files(lambda: module(FAULTY, uses="    - {name: u, source: m, inputs: {" + ", ".join(f"x{n}: 1" for n in range(50_000)) + "}}\n")), ("R234",)),
    Case("a pattern that backtracks", files(lambda: module(PIPELINE + "    - {name: a, image: '{{ inputs.t }}'}\n", uses="    - {name: u, source: m, inputs: {t: '" + "a" * 200 + "!'}}\n", pattern="(x|a|aa)+")), ("R",)),
    Case("a module of 8,000 documents", files(lambda: module("".join(HEAD.format(kind="Pipeline", name=f"p{n}") + "spec: {services: [{name: a, comand: [x]}]}\n---\n" for n in range(8_000)))), ("R106", "R133")),
    Case("4,000 stacks that use one module", files(lambda: [*module(PIPELINE + "    - {name: a, command: [x]}\n")[1:], ("s.yaml", "---\n".join(STACK.format(uses="    - {name: u, source: m}\n").replace("{name: s}", f"{{name: s{n}}}") for n in range(4_000)))]), ("R203", "R133")),
    Case("4,000 uses of modules that are not there, beside 5,000 folders", files(lambda: [*((f"f{n}/a.yaml", "") for n in range(5_000)), ("s.yaml", STACK.format(uses="".join(f"    - {{name: u{n}, source: x{n}}}\n" for n in range(4_000))))]), ("R231",)),
]  # fmt: skip
