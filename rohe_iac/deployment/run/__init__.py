"""One run of the engine: workspace, program, deployer, events, outcome and translated failures."""
