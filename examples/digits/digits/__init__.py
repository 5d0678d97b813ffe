"""The services of the digits pipeline: camera -> preprocess -> classify (three models) -> aggregate."""
