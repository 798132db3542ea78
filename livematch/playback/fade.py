"""How one picture gives way to another over time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fade:
    """A crossfade from `begins_s` on, `length_s` long; zero length is a cut."""

    begins_s: float
    length_s: float

    def opacity_at(self, now: float) -> float:
        """Return how opaque the incoming picture is, 0 to 1, eased at both ends (smoothstep)."""
        if now >= self.begins_s + self.length_s:
            return 1.0
        x = max(0.0, (now - self.begins_s) / self.length_s)
        return x * x * (3.0 - 2.0 * x)

    def hurried(self, now: float, within_s: float) -> "Fade":
        """Return the fade that goes on from the present opacity and ends within `within_s`."""
        remaining_s = self.begins_s + self.length_s - now
        if remaining_s <= within_s or self.length_s == 0:
            return self
        done = max(0.0, (now - self.begins_s) / self.length_s)
        length_s = within_s / (1.0 - done)
        return Fade(now - done * length_s, length_s)
