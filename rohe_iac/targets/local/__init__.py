"""The target `local`: this machine, a supervised process a replica."""
