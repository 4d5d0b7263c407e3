"""Management commands of the wiring itself."""
