"""An evaluation, over the loop's screen."""
