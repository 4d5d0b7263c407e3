"""Products, features, meters, plans, customers, licenses and keys, and telling the data plane of them."""
