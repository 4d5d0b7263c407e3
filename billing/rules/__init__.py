"""Pure rules of billing: what a subscription means, what was signed, how long to wait."""
