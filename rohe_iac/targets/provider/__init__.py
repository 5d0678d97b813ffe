"""The provider executable `pulumi-resource-rohe`: how the engine reaches what rohe's targets make."""
