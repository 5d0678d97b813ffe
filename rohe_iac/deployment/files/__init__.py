"""The files of an apply: plan file, actions, record of the last apply, lock and journal."""
