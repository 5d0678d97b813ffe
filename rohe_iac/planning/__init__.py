"""Floor 3: pure placement, from a Problem and the previous Plan to a Plan.

```
Blueprint -> from_blueprint -> Problem -> solvers.planner -> Plan -> verification
                 |                          |  (construction | local_search | exact | resilience)
               sizing                    placement: state -> rules -> scoring -> evaluation, objective
```

`model` defines what a problem and a plan are. `sizing` decides how many replicas of which variant keep a contract.
`placement` knows one replica and one node: whether it may go there, how good that is and what is left. `solvers`
decide for all replicas. `verification` checks a plan again without any of that code. `questions` answer what-if, why-
not and audits. No disk, clock, network or randomness from outside; equal inputs give equal bytes.
"""
