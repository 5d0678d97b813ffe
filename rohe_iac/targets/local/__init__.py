"""The target `local`: this machine, with a supervised process for each replica and agent."""
