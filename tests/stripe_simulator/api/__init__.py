"""HTTP and Stripe's manners, the same for every resource."""
