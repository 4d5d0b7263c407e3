"""Pure rules of tenancy: no Django, no I/O, no clock."""
