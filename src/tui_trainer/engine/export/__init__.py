"""What was done to the model, written out as a script or notebook in plain PyTorch."""
