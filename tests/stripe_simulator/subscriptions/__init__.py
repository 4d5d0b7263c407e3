"""How Stripe's subscriptions live: what the clock does to them, what payments do, what each invoice says."""
