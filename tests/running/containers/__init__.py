"""The production shape without containers: what docker/ says, started as processes."""
