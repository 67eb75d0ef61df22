"""What asks or tells over any screen."""
