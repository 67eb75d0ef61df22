"""One braille chart: series, marks, a crosshair, zoom; all charts of the app are made of it."""
