"""What the steps of a run did to each layer."""
