"""What changes licensing: one verb, one function, one transaction, one audit entry."""
