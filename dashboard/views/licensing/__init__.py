"""Views of what is sold and to whom: the resources of licensing."""
