"""What every request passes: who really calls, headers that keep pages safe, honest outages."""
