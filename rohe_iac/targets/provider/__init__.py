"""The Pulumi provider executable pulumi-resource-rohe."""
