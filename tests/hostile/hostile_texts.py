"""Texts that are hostile as YAML: bombs, depth, encodings, tags, huge scalars and keys, faults without end."""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

from hostile_case import Case, head, text

TRAP = "!!python/object/apply:os.system [id]"


def _nine(levels: int, item: str = "0") -> str:
    """Returns levels of lists, each of which names the one before nine times."""
    first = f"a0: &a0 [{', '.join([item] * 9)}]\n"
    return first + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, levels))


def _mapping_bomb(levels: int) -> str:
    keys = "abcdefghi"
    return "a0: &a0 {x: y}\n" + "".join(
        f"a{n}: &a{n} {{{', '.join(f'{key}: *a{n - 1}' for key in keys)}}}\n" for n in range(1, levels)
    )


SYNTAX = [
    text("aliases that stand for billions", lambda: head() + _nine(20), "R004"),
    text("mappings of aliases that stand for billions", lambda: head() + _mapping_bomb(20), "R004"),
    text("aliases of a long text", lambda: head() + f"a: &a {'x' * 10**6}\nspec: [{'*a, ' * 300_000}*a]\n", "R106"),
    text("a bomb in every document", lambda: "---\n".join([head() + _nine(8)] * 200), "R004"),
    text("an alias inside what it names", lambda: head() + "spec: &a {nodes: [*a]}\n", "R005"),
    text("a hundred thousand aliases of nothing", lambda: head() + "spec: [" + "*no, " * 100_000 + "*no]\n", "R005"),
    text("a hundred thousand anchors", lambda: head() + "spec: [" + ", ".join(f"&a{n} 1" for n in range(10**5)) + "]\n", "R108"),
    text("anchors with long names", lambda: head() + "spec:\n" + "".join(f"  k{n}: &{'a' * 9000}{n} 1\n" for n in range(1500)), "R106"),
    text("aliases as keys", lambda: head() + "a: &a k\nspec:\n" + "".join(f"  *a : {n}\n" for n in range(100_000)), "R007"),
    text("merge keys in a row", lambda: head() + "a: &a {k: 1}\nspec:\n" + "  <<: *a\n" * 100_000, "R009"),
    text("brackets a million deep", lambda: "a: " + "[" * 1_000_000, "R003"),
    text("brackets a million deep, closed", lambda: head() + "spec: " + "[" * 10**6 + "]" * 10**6 + "\n", "R003"),
    text("braces a million deep", lambda: head() + "spec: " + "{a: " * 1_000_000, "R003"),
    text("dashes a million deep", lambda: "- " * 1_000_000, "R003"),
    text("questions a million deep", lambda: "? " * 1_000_000, "R003"),
    text("two thousand levels of indent", lambda: head() + "spec:\n" + "".join(" " * n + "a:\n" for n in range(1, 2000)), "R003"),
    text("deep nesting in two thousand documents", lambda: ("---\n" + "[" * 300 + "\n") * 2000, "R003"),
    text("brackets that are never closed, in many documents", lambda: ("---\na: [1, 2\n") * 100_000, "R001"),
    text("a quote that is never closed", lambda: head() + 'spec: "' + "x " * 5_000_000, "R001"),
    text("a quote that is never closed, over many lines", lambda: head() + 'spec: "' + "x\n" * 5_000_000, "R001"),
    text("two million values", lambda: head() + "spec: [" + "1," * 2_000_000 + "1]\n", "R004"),
    text("two million empty values", lambda: head() + "spec:\n" + "-\n" * 2_000_000, "R004"),
    text("two million empty mappings", lambda: head() + "spec: [" + "{}," * 2_000_000 + "{}]\n", "R004"),
    text("half a million documents", lambda: "---\na: 1\n" * 500_000, "R004"),
    text("a million empty documents", lambda: "---\n" * 1_000_000, "R004"),
    text("a million document ends", lambda: head() + "...\n" * 1_000_000, "R107"),
    text("a million comments", lambda: head() + "# no\n" * 1_000_000, "R107"),
    text("a comment of 15 MB", lambda: head() + "#" + "x" * 15_000_000 + "\n", "R107"),
    text("fifteen million line breaks", lambda: head() + "\n" * 15_000_000 + "spec: 1\n", "R108"),
    text("fifteen million blanks", lambda: head() + "spec:" + " " * 15_000_000 + "1\n", "R108"),
    text("fifteen million tabs", lambda: head() + "spec:" + "\t" * 15_000_000 + "1\n", "R108"),
    text("%TAG lines", lambda: "".join(f"%TAG !a{n}! tag:x{n}:\n" for n in range(200_000)) + "---\na: 1\n", "R006"),
    text("%YAML 9.9", lambda: "%YAML 9.9\n---\n" + head(), "R001"),
    text("a tag that would run code", lambda: head() + f"spec: {TRAP}\n", "R006"),
    text("a tag that would import", lambda: head() + "spec: !!python/module:os ''\n", "R006"),
    text("a tag that would make an object", lambda: head() + "spec: !!python/object/new:subprocess.Popen [[id]]\n", "R006"),
    text("a hundred thousand such tags", lambda: head() + "spec:\n" + f"  - {TRAP}\n" * 100_000, "R006"),
    text("tags that are not of the value", lambda: head() + "spec: [" + "!!int x, " * 100_000 + "1]\n", "R006"),
    text("a tag of a megabyte", lambda: head() + "spec: !" + "x" * 1_000_000 + " 1\n", "R006"),
    text("binary and sets", lambda: head() + "spec: {a: !!binary AAAA, b: !!set {x, y}, c: !!omap [x: 1]}\n", "R006"),
]  # fmt: skip

SCALARS = [
    text("a text of 15 MB", lambda: head("Pipeline") + f"spec: {{services: [{{name: {'a' * 15_000_000}}}]}}\n", "R111"),
    text("a block text of 15 MB", lambda: head() + "spec: |\n" + "  xxxxxxx\n" * 1_500_000, "R108"),
    text("a key of 15 MB", lambda: head() + f"? {'k' * 15_000_000}\n: 1\n", "R106"),
    text("ten thousand keys of a kilobyte", lambda: head() + "spec:\n" + "".join(f"  {'k' * 1000}{n}: 1\n" for n in range(10_000)), "R106"),
    text("a key half a million times", lambda: head() + "spec:\n" + "  a: 1\n" * 500_000, "R007"),
    text("keys that are no text", lambda: head() + "spec:\n" + "".join(f"  {n}: 1\n" for n in range(100_000)), "R008"),
    text("keys that are lists", lambda: head() + "spec:\n" + "".join(f"  [{n}]: 1\n" for n in range(60_000)), "R008"),
    text("an integer of ten million digits", lambda: head() + "spec: " + "9" * 10_000_000 + "\n", "R011"),
    text("a hundred thousand long integers", lambda: head() + "spec: [" + ("9" * 101 + ", ") * 100_000 + "1]\n", "R011"),
    text("a hexadecimal number of ten million digits", lambda: head() + "spec: 0x" + "f" * 10_000_000 + "\n", "R011"),
    text("exponents beyond any float", lambda: head() + "spec: {nodes: [{name: a, cpu: 1e999999999, memory: {rss: 1e99999Gi}}]}\n", "R112"),
    text("a quantity of 90 digits", lambda: head() + f"spec: {{nodes: [{{name: a, cpu: {'9' * 90}, memory: {{rss: 1Gi}}}}]}}\n", "R11"),
    text("numbers that are none", lambda: head() + "spec: {nodes: [{name: a, cpu: .nan, memory: {rss: .inf}}]}\n", "R112"),
    text("what YAML 1.1 read otherwise, a hundred thousand times", lambda: head() + "spec: [" + ", ".join(("no", "010", "12:30", "1_000") * 25_000) + "]\n", "R108"),
]  # fmt: skip

ENCODINGS = [
    text("a NUL", lambda: head() + "spec: \0\n", "R013"),
    text("fifteen million NULs", lambda: b"\0" * 15_000_000, "R013"),
    text("a NUL at the end of 15 MB", lambda: head() + "#" + "x" * 15_000_000 + "\n\0", "R013"),
    text("UTF-16", lambda: (head() + "spec: {}\n").encode("utf-16"), "R013"),
    text("UTF-16 without a mark", lambda: (head() + "spec: {}\n").encode("utf-16-le"), "R013"),
    text("UTF-32", lambda: (head() + "spec: {}\n").encode("utf-32"), "R013"),
    text("UTF-32 without a mark", lambda: (head() + "spec: {}\n").encode("utf-32-be"), "R013"),
    text("UTF-7", lambda: head().encode() + b"spec: +AGEAYg-\n", "R108"),
    text("latin-1", lambda: head().encode() + b"spec: \xe9\n", "R013"),
    text("15 MB of latin-1 without a line break", lambda: b"\xe9" * 15_000_000, "R013"),
    text("surrogates", lambda: head() + "spec: \ud800\n", "R013"),
    text("overlong UTF-8", lambda: head().encode() + b"spec: \xc0\xaf\n", "R013"),
    text("two marks of the byte order", lambda: b"\xef\xbb\xbf\xef\xbb\xbf" + head().encode(), "R10"),
    text("a mark of the byte order inside", lambda: head() + "spec: \ufeff1\n", "R"),
    text("15 MB of control characters", lambda: "\x01" * 15_000_000, "R001"),
    text("control characters among ours", lambda: head() + "spec: {a: \x1b[31m\x07}\n" * 100_000, "R001"),
    text("control characters in every second place", lambda: head() + "spec: " + "a\x02" * 3_000_000, "R001"),
    text("text that runs backwards", lambda: head() + "spec: {nodes: [{name: \u202eabc\u202c, cpu: 1}]}\n", "R111"),
    text("letters that only look alike", lambda: head().replace("kind", "k\u0456nd") + "spec: {}\n", "R107"),
    text("marks upon marks", lambda: head() + "? a" + "\u0301" * 1_000_000 + "\n: 1\n", "R106"),
    text("a key in wide letters", lambda: head() + "ｓｐｅｃ: {}\n", "R106"),
    text("separators of lines that are none", lambda: head() + "spec: a\u2028b\u2029c\x85d\n", "R"),
    text("gigantic emoji", lambda: head() + "spec: " + "\U0001f468\u200d\U0001f469\u200d" * 500_000 + "\n", "R108"),
    text("random bytes", lambda: bytes((n * 7919 + n // 251) % 256 for n in range(3_000_000)), "R013"),
]  # fmt: skip

TEXTS: list[Case] = [*SYNTAX, *SCALARS, *ENCODINGS]
