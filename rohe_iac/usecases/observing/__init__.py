"""What asks agents: observe and violations."""
