"""How plans look, and the answers to questions about them."""
