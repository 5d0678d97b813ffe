"""Use cases that change or show what runs: apply, destroy, status, logs, doctor, engine install."""
