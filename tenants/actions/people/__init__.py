"""People: their accounts, what they are members of, how they are invited, and the mail that goes to them."""
