"""What writes and checks documents: validate, fmt, import, export, schema."""
