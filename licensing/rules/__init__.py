"""Pure rules of licensing: no Django, no I/O, no clock."""
