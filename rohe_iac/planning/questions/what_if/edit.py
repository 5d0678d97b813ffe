"""Edits: small changes of a problem, as people type them: `node/jetson-*=down,link/4g.latency*=3`.

```
EDITS = EDIT {"," EDIT}
EDIT  = THING "=" STATUS | THING "." FIELD OPERATOR VALUE
THING = KIND "/" NAME        "*" in a name stands for any letters, none too
```

| thing | fields |
|---|---|
| `node/NAME` | the status alone (`=running`, `=cordoned`, `=down`), `.cpu` `.rss` `.vms` `.cores`, and its rules |
| `zone/NAME` | the same of every node with that label `zone` |
| `link/NAME` | `.latency` `.bandwidth`; cut by `=down` |
| `service/NAME` | `.replicas` `.priority` `.cpu` `.rss` `.vms` `.cores`, accelerators by type (`.gpu`), its rules |
| `pipeline/NAME` | `.load` |
| `contract/NAME` | the limits of its objectives on response times, by their names |
| `stack/NAME` | `.survive` `.ports` |

Operators are `=`, `*=`, `+=` and `-=`; amounts are written as in a blueprint, factors as 3, 0.5 or 1/3. `cores` changes
every core, or sets them one by one (`cores=1+1+500m`). Amounts end at 0, and are rounded up. More about accelerators
stands in `device_editing`, about rules in `rule_editing`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.quantities import LARGEST

FIELDS = {
    "node": ("cpu", "rss", "vms", "cores"),
    "zone": ("cpu", "rss", "vms", "cores"),
    "link": ("latency", "bandwidth"),
    "service": ("replicas", "priority", "cpu", "rss", "vms", "cores"),
    "pipeline": ("load",),
    "contract": (),
    "stack": ("survive", "ports"),
}
"""The amounts that each kind of thing has; accelerators come by their types or names, objectives by theirs."""

RULES = {
    "node": ("labels", "taints"),
    "zone": ("labels", "taints"),
    "service": ("variants", "nodeSelector", "tolerations", "arch", "spread", "avoid", "near", "ports", "flow"),
}
"""What rules ask about, where it can be edited: fields with a name after them, as in `labels.zone`."""

STATUSES = {"node": ("running", "cordoned", "down"), "zone": ("running", "cordoned", "down"), "link": ("down",)}
"""What a thing as a whole can be made."""

OPERATORS = ("=", "*=", "+=", "-=")

_WHOLE = re.compile(r"([a-z]+)/([A-Za-z0-9:/*_-]+?)\s*(=)\s*([^=\s]+)")


_FIELD = re.compile(r"([a-z]+)/([A-Za-z0-9:/*_-]+)\.([^\s=]+?)\s*([*+-]?=)\s*([^=\s]+)")


_FACTOR = re.compile(r"\d{1,9}(\.\d{1,9})?(/\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: of which kind and name (with `*`), which field (empty: the status), by which operator and value."""

    kind: str
    name: str
    field: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}{'.' + self.field if self.field else ''}{self.operator}{self.value}"

    @property
    def head(self) -> str:
        """The field up to its first dot."""
        return self.field.partition(".")[0]

    @property
    def key(self) -> str:
        """What stands after the first dot of the field, "" where there is none."""
        return self.field.partition(".")[2]

    def matches(self, *names: str) -> bool:
        """Whether one of the names is meant."""
        if "*" not in self.name:
            return self.name in names
        wanted = re.compile(".*".join(map(re.escape, self.name.split("*"))))
        return any(wanted.fullmatch(name) for name in names)

    def amount(self, present: int, reader: Callable[[str], int], *, most: int = LARGEST) -> int:
        """What the edit makes of an amount. Errors: UsageError where its value is none, or makes more than `most`."""
        try:
            if self.operator == "*=":
                made = math.ceil(present * factor(self.value))
            else:
                value = reader(self.value)
                made = {"=": value, "+=": present + value, "-=": max(min(present, 0), present - value)}[self.operator]
        except ValueError as error:
            raise UsageError(f"'{self}': {error}") from error
        if abs(made) > most:
            raise UsageError(f"'{self}' comes to {made:,}", hint=f"the most that is planned for is {most:,}")
        return made


def parse_edits(text: str) -> tuple[Edit, ...]:
    """The edits of a comma-separated line.

    Errors: UsageError where one cannot be read, or its kind, field, operator or status is unknown.
    """
    return tuple(_edit(part.strip()) for part in text.split(","))


def _edit(part: str) -> Edit:
    if match := _FIELD.fullmatch(part):
        edit = Edit(*match.groups())
    elif match := _WHOLE.fullmatch(part):
        edit = Edit(match[1], match[2], "", match[3], match[4])
    else:
        raise UsageError(
            f"'{part[:80]}' is not an edit" if part else "an edit is empty",
            hint="write KIND/NAME=STATUS or KIND/NAME.FIELD=VALUE, with =, *=, += or -=, and commas between edits",
        )
    if edit.kind not in FIELDS:
        raise UsageError(f"'{edit}': nothing of the kind '{edit.kind}' can be edited", hint=near(edit.kind, FIELDS))
    if not edit.field and edit.value not in STATUSES.get(edit.kind, ()):
        can_be = STATUSES.get(edit.kind, ())
        told = f"a {edit.kind} can be made {' or '.join(can_be)}" if can_be else f"name a field of the {edit.kind}"
        fields = f"{edit.kind}/{edit.name}.FIELD{edit.operator}..., fields: {', '.join(FIELDS[edit.kind])}"
        raise UsageError(f"'{edit}': {told}", hint=near(edit.value, can_be, sure=True) or f"or write {fields}")
    if edit.field and edit.kind in ("link", "pipeline", "stack") and edit.field not in FIELDS[edit.kind]:
        raise unknown_field(edit, FIELDS[edit.kind])
    return edit


def unknown_field(edit: Edit, fields: Iterable[str]) -> UsageError:
    """The fault of an edit of a field that the thing does not have."""
    fields = tuple(fields)
    hint = near(edit.field, fields, sure=True) or near(edit.head, fields, sure=True) or f"fields: {', '.join(fields)}"
    return UsageError(f"'{edit}': a {edit.kind} has no field '{edit.field}'", hint=hint)


def nothing_named(edit: Edit, names: Iterable[str]) -> UsageError:
    """The fault of an edit of a thing that the stack does not have."""
    names = sorted(set(names))
    if "*" in edit.name:
        told = f"of {len(names)} no {edit.kind} has a name like it" if names else f"the stack has no {edit.kind}"
        return UsageError(f"'{edit}': {told}", hint=f"for example: {edit.kind}/{names[0]}" if names else "")
    return UsageError(
        f"'{edit}': the stack has no {edit.kind}/{edit.name}",
        hint=near(edit.name, names) or "`rohe plan --all` lists what there is",
    )


def near(found: str, allowed: Iterable[str], *, sure: bool = False) -> str:
    """The nearest of the allowed names as a hint, or those that there are; `sure`: only the nearest."""
    hint = did_you_mean(found, list(allowed))
    return hint if hint.startswith("did you") or not sure else ""


def factor(text: str) -> Fraction:
    """A plain factor: 3, 0.5, 1/3. ValueError where it is none."""
    if not _FACTOR.fullmatch(text) or text.endswith("/0"):
        raise ValueError(f"expected a factor such as 2, 0.5 or 1/3, found '{text[:40]}'")
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or 1)
