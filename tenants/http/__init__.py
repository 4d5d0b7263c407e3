"""HTTP manners shared by every API: who calls, what a body may be, how lists and errors look."""
