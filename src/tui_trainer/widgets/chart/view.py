"""Which part of the horizontal axis a chart shows, and where its crosshair is. Pure arithmetic."""

from dataclasses import dataclass, replace

FOLLOWED = 0.2
"""The share of the axis that is followed where none was zoomed into."""
FEWEST = 1e-4
"""Of the axis: a part that is smaller tells nothing more."""

Ends = tuple[float, float]


@dataclass(frozen=True)
class View:
    """All of the axis; a part of it; or its last part, which moves with what comes."""

    part: Ends | None = None
    follows: float | None = None
    """How much of the axis there is before its end, where that is followed."""
    cross: float | None = None
    """Where the crosshair is."""

    def ends(self, all_of_it: Ends) -> Ends:
        """The ends of what is on show, of an axis that has these ends."""
        low, high = all_of_it
        if self.follows is not None:
            return max(low, high - self.follows), high
        return all_of_it if self.part is None else self.part

    def zoomed(self, all_of_it: Ends, factor: float, around: float | None = None) -> "View":
        """`factor` times as much of the axis, around a place, else the crosshair, else the middle.

        What is followed goes on to be; more than all of it is all of it.
        """
        low, high = self.ends(all_of_it)
        least = max(FEWEST * (all_of_it[1] - all_of_it[0]), 1e-9)
        wide = max(least, factor * (high - low))
        if wide >= all_of_it[1] - all_of_it[0]:
            return self.whole()
        if self.follows is not None:
            return replace(self, follows=wide)
        place = self.cross if around is None else around
        place = (low + high) / 2 if place is None or not low <= place <= high else place
        share = (place - low) / (high - low) if high > low else 0.5
        return self.shown(all_of_it, place - share * wide, wide)

    def shown(self, all_of_it: Ends, low: float, wide: float) -> "View":
        """So much of the axis, from `low` on as far as there is something."""
        first, last = all_of_it
        low = max(first, min(low, last - wide))
        return replace(self, part=(low, min(low + wide, last)), follows=None)

    def moved(self, all_of_it: Ends, share: float) -> "View":
        """That share of what is on show further on; all of it stays where it is."""
        low, high = self.ends(all_of_it)
        return self.shown(all_of_it, low + share * (high - low), high - low)

    def whole(self) -> "View":
        return replace(self, part=None, follows=None)

    def following(self, all_of_it: Ends) -> "View":
        """The last part, as much of it as is on show, or a fifth; again, and it stays there."""
        low, high = self.ends(all_of_it)
        if self.follows is not None:
            return self.whole()
        share = FOLLOWED if self.part is None else 1.0
        return replace(self, part=None, follows=share * (high - low))

    def crossed(self, all_of_it: Ends, cross: float | None) -> "View":
        """With the crosshair there; where that is beyond what is on show, it is moved along."""
        low, high = self.ends(all_of_it)
        if cross is None:
            return replace(self, cross=None)
        cross = max(all_of_it[0], min(cross, all_of_it[1]))
        here = replace(self, cross=cross)
        if low <= cross <= high:
            return here
        return here.shown(all_of_it, cross - (high - low) / 2, high - low)
