"""Changes of billing: connections, what Stripe tells, and converging; one verb each."""
