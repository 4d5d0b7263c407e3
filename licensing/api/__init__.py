"""The management API of licensing: each module is one resource, its bodies and its answers."""
