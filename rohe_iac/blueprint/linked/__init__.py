"""The linked whole of one stack's documents, and what the floors above derive from it.

`Blueprint` holds the documents of a stack with every reference resolved. A `Workload` is a class of replicas to
place; a `Machine` is a node with the defaults of its device type.
"""
