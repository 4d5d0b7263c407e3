"""Accounting: calls that arrive together become one run of the script, and none is lost or counted twice."""
