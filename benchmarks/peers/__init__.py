"""What Licet is compared with, as a good engineer would set it up."""
