"""Edit: one small change of a problem, as people type it: `node/jetson-*=down,link/4g.latency*=3`.

```
EDITS = EDIT {"," EDIT}
EDIT  = THING "=" STATUS | THING "." FIELD OPERATOR VALUE
THING = KIND "/" NAME        "*" in a name stands for any characters, also for none
```

| thing | fields |
|---|---|
| `node/NAME` | status (`=running`, `=cordoned`, `=down`); `.cpu` `.rss` `.vms` `.cores` `.disk` `.network`; rules |
| `zone/NAME` | the fields of a node, for every node with that label `zone` |
| `link/NAME` | `.latency` `.bandwidth`; cut by `=down` |
| `service/NAME` | `.replicas` `.priority` `.balancing`, the amounts of a node, `.gpu`, its rules |
| `pipeline/NAME` | `.load`; `.gang=true`, `=false` |
| `contract/NAME` | the limits of its objectives on response times, by their names |
| `stack/NAME` | `.survive` `.survive.zones` `.ports` `.balancing` |

Operators are `=`, `*=`, `+=` and `-=`; amounts are written as in a blueprint, factors as 3, 0.5 or 1/3. `cores` changes
every core, or sets them one by one (`cores=1+1+500m`). Amounts end at 0, and are rounded up. `devices` has the edits of
accelerators, `rules` those of rules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.quantities import LARGEST

FIELDS = {
    "node": ("cpu", "rss", "vms", "cores", "disk", "network"),
    "zone": ("cpu", "rss", "vms", "cores", "disk", "network"),
    "link": ("latency", "bandwidth"),
    "service": ("replicas", "priority", "reserve", "balancing", "cpu", "rss", "vms", "cores", "disk", "network"),
    "pipeline": ("load", "gang"),
    "contract": (),
    "stack": ("survive", "survive.zones", "ports", "balancing"),
}
"""The amounts of each kind of thing; accelerators are edited by type or name, objectives by name."""

RULES = {
    "node": ("labels", "taints"),
    "zone": ("labels", "taints"),
    "service": (
        "variants",
        "nodeSelector",
        "tolerations",
        "arch",
        "spread",
        "skew",
        "prefer",
        "avoid",
        "near",
        "ports",
        "flow",
    ),
}
"""Fields that rules ask about, with a name after them, as in `labels.zone`."""

STATUSES = {"node": ("running", "cordoned", "down"), "zone": ("running", "cordoned", "down"), "link": ("down",)}
"""The statuses that each kind of thing can be given."""

_WHOLE = re.compile(r"([a-z]+)/([A-Za-z0-9:/*_-]+?)\s*(=)\s*([^=\s]+)")


_FIELD = re.compile(r"([a-z]+)/([A-Za-z0-9:/*_-]+)\.([^\s=]+?)\s*([*+-]?=)\s*([^=\s]+)")


_FACTOR = re.compile(r"\d{1,9}(\.\d{1,9})?(/\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change.

    Attributes:
        kind, name: the thing; the name may have `*`.
        field: the field, "" for the status of the thing.
        operator: `=`, `*=`, `+=` or `-=`.
        value: the operand as it was typed.
    """

    kind: str
    name: str
    field: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}{'.' + self.field if self.field else ''}{self.operator}{self.value}"

    @property
    def head(self) -> str:
        """Returns the field up to its first dot."""
        return self.field.partition(".")[0]

    @property
    def key(self) -> str:
        """Returns what follows the first dot of the field, "" without a dot."""
        return self.field.partition(".")[2]

    def matches(self, *names: str) -> bool:
        """Checks whether the edit means one of the names."""
        if "*" not in self.name:
            return self.name in names
        wanted = re.compile(".*".join(map(re.escape, self.name.split("*"))))
        return any(wanted.fullmatch(name) for name in names)

    def amount(self, present: int, reader: Callable[[str], int], *, most: int = LARGEST) -> int:
        """Returns the amount after the edit.

        Args:
            present: the amount before.
            reader: reads the value of the edit; raises ValueError where the value is no amount.
            most: the largest amount allowed.

        Raises:
            UsageError: the value is no amount, or the result is larger than `most`.
        """
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
    """Parses a comma-separated line of edits.

    Raises:
        UsageError: an edit cannot be read, or its kind, field, operator or status is unknown.
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
        raise UsageError(
            f"'{edit}': nothing of the kind '{edit.kind}' can be edited", hint=nearest_hint(edit.kind, FIELDS)
        )
    if not edit.field and edit.value not in STATUSES.get(edit.kind, ()):
        can_be = STATUSES.get(edit.kind, ())
        problem = f"a {edit.kind} can be made {' or '.join(can_be)}" if can_be else f"name a field of the {edit.kind}"
        fields = f"{edit.kind}/{edit.name}.FIELD{edit.operator}..., fields: {', '.join(FIELDS[edit.kind])}"
        raise UsageError(
            f"'{edit}': {problem}", hint=nearest_hint(edit.value, can_be, sure=True) or f"or write {fields}"
        )
    if edit.field and edit.kind in ("link", "pipeline", "stack") and edit.field not in FIELDS[edit.kind]:
        raise unknown_field(edit, FIELDS[edit.kind])
    return edit


def with_dotted_name(edit: Edit, names: Iterable[str]) -> Edit:
    """Returns an edit of a node whose name has dots, such as `node/a.b.cpu=4`, with the name and the field apart."""
    typed = f"{edit.name}.{edit.field}" if edit.field else edit.name
    found = [name for name in names if typed == name or typed.startswith(f"{name}.")]
    if not found or "." not in max(found, key=len):
        return edit
    name = max(found, key=len)
    field = typed[len(name) + 1 :]
    if not field and (edit.operator != "=" or edit.value not in STATUSES["node"]):
        return edit
    return replace(edit, name=name, field=field)


def unknown_field(edit: Edit, fields: Iterable[str]) -> UsageError:
    """Returns the error for an edit of a field that the thing does not have."""
    fields = tuple(fields)
    hint = (
        nearest_hint(edit.field, fields, sure=True)
        or nearest_hint(edit.head, fields, sure=True)
        or f"fields: {', '.join(fields)}"
    )
    return UsageError(f"'{edit}': a {edit.kind} has no field '{edit.field}'", hint=hint)


def nothing_named(edit: Edit, names: Iterable[str]) -> UsageError:
    """Returns the error for an edit of a thing that the stack does not have."""
    names = sorted(set(names))
    if "*" in edit.name:
        missing = f"of {len(names)} no {edit.kind} has a name like it" if names else f"the stack has no {edit.kind}"
        return UsageError(f"'{edit}': {missing}", hint=f"for example: {edit.kind}/{names[0]}" if names else "")
    return UsageError(
        f"'{edit}': the stack has no {edit.kind}/{edit.name}",
        hint=nearest_hint(edit.name, names) or "`rohe plan --all` lists what there is",
    )


def nearest_hint(found: str, allowed: Iterable[str], *, sure: bool = False) -> str:
    """Returns a hint with the nearest allowed name, or with all of them; with `sure` only the nearest, or nothing."""
    hint = did_you_mean(found, list(allowed))
    return hint if hint.startswith("did you") or not sure else ""


def factor(text: str) -> Fraction:
    """Parses a factor: 3, 0.5, 1/3.

    Raises:
        ValueError: the text is no factor.
    """
    if not _FACTOR.fullmatch(text) or text.endswith("/0"):
        raise ValueError(f"expected a factor such as 2, 0.5 or 1/3, found '{text[:40]}'")
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or 1)
