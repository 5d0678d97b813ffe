"""How outcomes, status, the engine and the examination of the machine look."""
