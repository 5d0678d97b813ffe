"""What changes or shows what runs: apply, destroy, status, logs, doctor, engine install."""
