"""Commands that make plans and answer questions about them; none of them changes a machine.

`plan` decides, `show` prints a saved plan, `verify` checks one again and `render` writes its manifests. `explain`,
`why-not` and `audit` answer why a replica is where it is, why it is not elsewhere and what a failure would break.
`profile` turns measurements into the profiles that services are sized by.
"""
