"""What changes tenancy: one verb, one function, one transaction, one audit entry."""
