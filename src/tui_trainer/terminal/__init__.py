"""Between the app and its terminal: what is typed comes in order, and no fault ends the app."""
