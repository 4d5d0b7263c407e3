"""Views parse what was sent, call one action or query, and render; nothing is decided here."""
