"""Parts of contracts that stand by themselves."""
