"""Every code of a diagnostic: R0.. the text, R1.. one document, R2.. several documents together, R3.. placing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """The description of a code.

    Attributes:
        slug: A short name for machines.
        title: What is wrong, in words.
        why: What the fault would lead to.
    """

    slug: str
    title: str
    why: str


# One line a code reads better than the line length.
# ruff: noqa: E501
CODES: dict[str, Code] = {
    "R001": Code("syntax", "The text is not YAML", "Nothing of a document can be read before its syntax is right."),
    "R002": Code("file-too-large", "The file is too large", "A file is read whole; the limit keeps a slip from eating the memory."),
    "R003": Code("too-deep", "The nesting is too deep", "The language needs twelve levels; deeper text is a slip or an attack."),
    "R004": Code("too-many-values", "Too many values, counted with their aliases", "A few aliases of aliases can stand for billions of values."),
    "R005": Code("unknown-alias", "An alias without its anchor", "An alias repeats the value of an anchor that the same document has before it."),
    "R006": Code("tag", "A tag that is not read", "Blueprints hold plain values; nothing is ever made from a tag."),
    "R007": Code("duplicate-key", "A key is there twice", "One of the two values would be lost without a word."),
    "R008": Code("key-not-text", "A key is not text", "All keys of the language are text; 1 and true need quotes to be so."),
    "R009": Code("merge-key", "A merge key", "YAML 1.2 has no merge keys, and what is merged is hard to see."),
    "R010": Code("read-differently", "A value that YAML 1.1 read differently", "Other tools may still read it the old way."),
    "R011": Code("number-too-long", "A number is too long", "No quantity needs a hundred digits."),
    "R012": Code("unreadable-file", "A file cannot be read", "It may be a link that goes in circles, a pipe, or somebody else's."),
    "R013": Code("encoding", "The file is not UTF-8 text", "Blueprints are UTF-8, without NUL."),
    "R101": Code("not-a-document", "There is no document", "A document is a mapping with apiVersion, kind, metadata and spec."),
    "R102": Code("no-api-version", "A document of ours without apiVersion", "Without it nobody knows which language it is written in."),
    "R103": Code("unknown-api-version", "An apiVersion that is not known", "This version of rohe reads rohe.dev/v1."),
    "R104": Code("unknown-kind", "A kind that is not known", "The kinds are Pipeline, Inventory, ObservationContract, Stack and Module."),
    "R105": Code("skipped", "A document of another tool is skipped", "It is no fault; the note says why it has no effect."),
    "R106": Code("unknown-field", "A field that is not known", "A misspelt field would be ignored without a word."),
    "R107": Code("missing-field", "A field is missing", "The document cannot mean anything without it."),
    "R108": Code("wrong-type", "A value of the wrong type", "Text, numbers, lists and mappings do not stand for each other."),
    "R109": Code("not-allowed", "A value that is not among the allowed ones", "The field takes one of a few words."),
    "R110": Code("out-of-range", "A number out of its range", "The field takes numbers within bounds."),
    "R111": Code("bad-name", "A name that is not a name", "Names become parts of host names, topics and addresses (RFC 1123)."),
    "R112": Code("bad-quantity", "A quantity that cannot be read", "Quantities carry their unit, and each kind has its own units."),
    "R113": Code("implausible", "A quantity that is hardly meant", "The unit is likely to be another; the value is taken as written."),
    "R114": Code("list-length", "A list that is too short or too long", "The field needs another number of items."),
    "R115": Code("bad-moment", "A moment that cannot be read", "Moments are written as RFC 3339 has them."),
    "R116": Code("exactly-one", "Not exactly one of several choices", "The choices exclude each other, and one is needed."),
    "R117": Code("bad-port-range", "A range of ports that cannot be used", "The local target gives ports from the range, without privileges."),
    "R118": Code("bad-secret", "Not a reference to a secret", "Secrets are named in blueprints, never written into them."),
    "R119": Code("bad-address", "An address that cannot be read", "Everything of a stack has an address of the form kind/name."),
    "R120": Code("bad-threshold", "A threshold that cannot be read", "A threshold is a number or a quantity."),
    "R121": Code("bad-window", "A window that cannot be", "A window has a length in time or reports, or a session's gap."),
    "R122": Code("bad-condition", "A condition that cannot be read", "A condition compares a field with a value."),
    "R123": Code("bad-expression", "A metric's expression without exactly one operation", "Each level of an expression is one operation."),
    "R124": Code("bad-aggregate", "An aggregate that is not known", "A window's samples become one number by an aggregate."),
    "R125": Code("bad-module-reference", "A reference to a user module that cannot be read", "User modules are named as file and function, below the root."),
    "R126": Code("bad-sink", "A sink that is not known", "Results go to the sinks that are named."),
    "R127": Code("empty-span", "A contract that never holds", "Its span ends before it begins."),
    "R128": Code("burn-rate-windows", "A burn rate whose windows are the wrong way round", "The long window shows that it matters, the short one that it still goes on."),
    "R129": Code("operator-and-value", "An operator that does not go with its value", "between needs two values, the others one."),
    "R130": Code("target-and-budget", "A target and its budget do not agree", "The budget is what the target leaves."),
    "R131": Code("bad-version", "A module's version that is not a semantic version", "Uses of a module name the version they want."),
    "R132": Code("bad-input", "An input of a module that contradicts itself", "Its default or pattern can never be used."),
    "R133": Code("too-many-faults", "More faults than are shown", "One of the first is likely to be the cause of many."),
    "R134": Code("bad-image", "A name that no image can have", "No registry could be asked for it."),
    "R135": Code("bad-path", "A path that is none inside a replica", "There, and in requests, paths begin with a slash."),
    "R136": Code("no-variable", "A variable that a command line cannot use", "The program would be given the reference as it is written."),
    "R201": Code("duplicate-document", "Two documents of one kind and name", "The name would not say which is meant."),
    "R202": Code("no-pipeline", "A pipeline that is not there", "The name points at nothing."),
    "R203": Code("no-inventory", "An inventory that is not there", "The name points at nothing."),
    "R204": Code("no-contract", "A contract that is not there", "The name points at nothing."),
    "R205": Code("no-service", "A service that is not there", "The name points at nothing."),
    "R206": Code("no-part", "A member, variant, replica, volume or accelerator that is not there", "The name points at nothing."),
    "R207": Code("no-device-type", "A device type that is not there", "The node would have no capacity."),
    "R208": Code("no-port", "A port that is not there", "Nothing would listen or answer there."),
    "R209": Code("no-node", "A node or zone that is not there", "The name points at nothing."),
    "R210": Code("duplicate-name", "A name is in a list twice", "Names are addresses, and an address means one thing."),
    "R211": Code("flow-cycle", "A flow that runs in a circle", "A request would never come to an end."),
    "R212": Code("metric-cycle", "A metric that is made of itself", "It could never be computed."),
    "R213": Code("unreported-metric", "A metric that no service reports", "Its objective would stay UNKNOWN for ever."),
    "R214": Code("contradictory-placement", "Placement rules that contradict each other", "No node could keep both."),
    "R215": Code("variants-and-ensemble", "Variants and an ensemble in one service", "Of variants one runs, of an ensemble all."),
    "R216": Code("built-in-metric", "A metric with the name of a built-in one", "The name already means something."),
    "R217": Code("no-module-file", "A user module whose file is not there", "The code would fail when it is needed."),
    "R218": Code("no-module-function", "A user module without the function", "The code would fail when it is needed."),
    "R219": Code("module-signature", "A user function that cannot be called", "The code would fail when it is needed."),
    "R220": Code("auto-without-load", "replicas: auto without a load", "The number of replicas follows from the offered load."),
    "R221": Code("nothing-to-run", "A service with nothing to run", "It can be planned but not applied."),
    "R222": Code("port-twice", "A port number that is used twice", "Only one of them could listen."),
    "R223": Code("virtual-below-resident", "Virtual memory below resident memory", "A process maps at least what it holds."),
    "R224": Code("limit-below-request", "A limit below the request", "The replica would be stopped for using what it was promised."),
    "R225": Code("no-file", "A file that is not there", "Paths start at the blueprint's root and stay below it."),
    "R226": Code("bad-mac", "A MAC address that cannot be", "It says which machine a node is."),
    "R227": Code("more-than-there-is", "More is used, or divided, than there is", "Capacities would come out negative."),
    "R228": Code("empty-contract", "A contract without objectives", "Nothing is promised, so nothing is judged."),
    "R229": Code("nothing-to-change", "An action that has nothing to change", "degrade and reroute choose among members or variants."),
    "R230": Code("foreign-contract", "A contract about a pipeline that the stack does not run", "It would be UNKNOWN for ever."),
    "R231": Code("module-source", "A module that cannot be taken in", "The use names no module that can be read."),
    "R232": Code("module-file", "A file of a module that is not there", "The module names it among its sources."),
    "R233": Code("module-twice", "A module twice without a prefix", "Its documents would have the same names twice."),
    "R234": Code("module-input", "An input of a module that does not fit", "Uses give the inputs that the module declares."),
    "R235": Code("template", "An expression that cannot be computed", "Expressions of a module see its inputs, those of other documents the values of their stack; a value that is null there has to be given."),
    "R236": Code("no-profile", "A file of measurements that is no profile", "The planner sizes and predicts from profiles."),
    "R237": Code("unlike-units", "A threshold of another unit than the metric", "A time and a share cannot be compared."),
    "R238": Code("agent-memory", "Less memory for an agent than its contracts need", "The request is the agent's limit: it would slow its intake all the time, and could judge only shorter windows."),
    "R239": Code("module-import", "A user module that imports what is not there", "Loading the module would fail when it is needed."),
    "R240": Code("kubernetes-device", "An accelerator that no cluster can know so", "A cluster counts whole devices of an extended resource, or selects one device by an attribute."),
    "R241": Code("device-part", "A part of a device that the cluster cannot give out", "The claim would take the whole device, so that replicas planned beside it would wait for ever."),
    "R242": Code("file-size", "A file that is too large to be mounted", "A ConfigMap holds at most 1 MiB."),
    "R243": Code("amqp-keys", "Routing keys that do not say whose the reports are", "An agent would be given no report over AMQP, or those of other pipelines as well."),
    "R244": Code("broker-certificate", "A certificate that the broker cannot use", "Clients would refuse the broker, or it would not start."),
    "R251": Code("env-file", "A file of variables that cannot be read", "No replica would have the variables that it is about."),
    "R252": Code("variable-in-value", "A variable that nothing replaces", "The text would reach the program, or the registry, as it is written."),
    "R253": Code("unreachable", "A service that cannot be reached in that way", "A flow ends at a port, and a probe asks a port of TCP."),
    "R254": Code("unused-volume", "A volume that no service mounts", "No replica would have what it holds."),
    "R255": Code("clear-secret", "A secret that stands in a document", "Whoever reads the repository, a plan or a manifest has it."),
    "R301": Code("larger-than-any-node", "A request that is larger than any node", "No replica can be placed; `rohe plan` says 4."),
    "R302": Code("no-accelerator", "An accelerator that no node has", "No replica can be placed; `rohe plan` says 4."),
    "R303": Code("no-node-matches", "A rule that no node meets", "No replica can be placed; `rohe plan` says 4."),
    "R304": Code("little-slack", "A response time with less than 5 % slack", "Predictions are off by a few percent: the limit may be broken by what was measured inexactly."),
    "R305": Code("spread-by-service", "Requests that Kubernetes spreads in another way", "A Service picks a pod at random, so that waits are longer than those that the replicas were sized for."),
    "R306": Code("idle-agents", "More agents than instances", "An agent that hears no instance takes room for nothing; it would hear one only if others fail."),
    "R401": Code("no-effect", "A field that nothing acts on yet", "It validates and plans; `rohe apply` refuses (3) rather than ignore it."),
    "R402": Code("no-program", "A program that is not on this machine", "`rohe plan` warns, for the plan may be applied elsewhere; `rohe apply` refuses (10)."),
    "R403": Code("lost-with-pod", "Reports that may be lost with their pod", "They are on no disk that outlives the pod; `storage` of the stack chooses another place."),
    "R404": Code("shared-namespace", "Two stacks with the same parts in one namespace", "Their objects would have the same names, and `rohe apply` refuses the second stack (5)."),
}  # fmt: skip
