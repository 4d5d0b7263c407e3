"""Pages about people: members, invitations, and accepting one."""
