"""The provider executable `pulumi-resource-rohe`, through which the engine makes the resources of a target."""
