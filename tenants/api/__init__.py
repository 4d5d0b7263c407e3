"""The management API of tenancy, and the health of the control plane."""
