"""What is measured: each module does one kind of work many times and gives its timings for `make prove`."""
