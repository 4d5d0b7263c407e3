"""What the verify service answers, one module for each kind of question."""
