"""Whether an ink can be read on its ground."""

from textual.color import Color


def contrast(ink: Color, ground: Color) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21; transparent ink is laid on the ground first."""
    lighter, darker = sorted((_luminance(ground + ink), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, from sRGB)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
