"""What most Django shops begin with: DRF and djangorestframework-api-key (requirements/bench.txt)."""
