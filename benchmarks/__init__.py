"""What is measured: each module times one kind of work; most are commands (`python -m benchmarks.whole_job`)."""
