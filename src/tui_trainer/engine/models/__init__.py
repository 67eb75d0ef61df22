"""Where a model comes from: its files, what may be believed of them, its device and precision."""
