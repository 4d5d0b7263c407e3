"""How gateways ask and are told: in headers, since they hand on no bodies."""
