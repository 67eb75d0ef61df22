"""How many threads torch computes with on a machine that others use too."""
