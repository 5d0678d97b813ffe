"""What a problem and a plan are: frozen plain values, saved as JSON. Imports nothing of planning but itself."""
