"""Floor 7: parse, call, show, exit; one file a command."""
