"""The loops side by side on this machine: `tui-trainer bench`. Importing it loads no torch."""
