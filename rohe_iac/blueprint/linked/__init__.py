"""The linked whole of one stack's documents, and what the floors above ask of it.

`Blueprint` holds the documents of a stack with every reference resolved. `Workload` is what replicas are placed of;
`machine` is a node with its device type laid under it.
"""
