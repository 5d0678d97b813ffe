"""How plans and answers to questions about them look."""
