"""What can be asked of Stripe: one module per family of resources. To import one registers its operations."""
