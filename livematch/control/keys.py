"""The keyboard: one table from key names to commands; the help text is made from it."""

from livematch.control.commands import (
    PICKS,
    TRIGGER_HELP,
    Command,
    Fire,
    Nudge,
    Pick,
    Recall,
    Save,
    Set,
    Tap,
    Trigger,
)
from livematch.control.params import spec
from livematch.control.presets import QUICK

PRESET_KEYS = 8  # F1 to F8 recall the presets that `livematch preset list` numbers so

KEYS: dict[str, Command] = {
    "SPACE": Fire(Trigger.NEXT),
    "RETURN": Fire(Trigger.CUT),
    "DELETE": Fire(Trigger.VETO),
    **{str(number): Pick(number) for number in range(1, PICKS + 1)},
    "P": Nudge("preview"),
    "T": Tap(0.0),  # when it was tapped is known when it is pressed
    "PAGEDOWN": Fire(Trigger.GO),
    "PAGEUP": Fire(Trigger.BACK),
    **{f"F{number}": Recall(number) for number in range(1, PRESET_KEYS + 1)},
    "S": Save(QUICK),
    "R": Recall(QUICK),
    "H": Nudge("hold"),
    "F": Nudge("freeze"),
    "B": Nudge("blackout"),
    "L": Nudge("screen"),
    "O": Nudge("fit"),
    "M": Nudge("mirror"),
    "N": Fire(Trigger.NEXT_LENS),
    "TAB": Nudge("hud"),
    "UP": Nudge("fade", +1),
    "DOWN": Nudge("fade", -1),
    "RIGHT": Nudge("stickiness", +1),
    "LEFT": Nudge("stickiness", -1),
    "F11": Fire(Trigger.FULLSCREEN),
    "BACKSPACE": Fire(Trigger.PANIC),
    "ESCAPE": Fire(Trigger.QUIT),
}

TWICE_WITHIN_S = 1.0
PRESSED_TWICE = frozenset({"ESCAPE"})
"""Keys that must not end a show by accident: only the second press counts."""


class Keyboard:
    """Turns key presses into commands. One thread."""

    def __init__(self) -> None:
        self._first_press_s: dict[str, float] = {}

    def press(self, key: str, now: float) -> Command | None:
        """Return the key's command; None without one, and for the first of two presses."""
        if key in PRESSED_TWICE:
            before_s = self._first_press_s.get(key)
            self._first_press_s[key] = now
            if before_s is None or now - before_s > TWICE_WITHIN_S:
                return None
        command = KEYS.get(key)
        return Tap(now) if isinstance(command, Tap) else command


def describe_key(key: str) -> str:
    """Say in words what a key does."""
    twice = ", when pressed twice" if key in PRESSED_TWICE else ""
    return describe(KEYS[key]) + twice


def describe(command: Command) -> str:
    """Say in words what a command does."""
    match command:
        case Fire(trigger):
            return TRIGGER_HELP[trigger]
        case Nudge() | Set():
            return _describe_setting(command)
        case Pick(number):
            return f"bring in candidate {number} of those in the preview"
        case Tap():
            return "tap the tempo; the first tap after a pause begins a bar"
        case Recall() | Save():
            return _describe_preset(command)
        case _:
            return str(command)


def _describe_setting(command: Nudge | Set) -> str:
    if isinstance(command, Set):
        return f"set {command.name} to {command.value}"
    row = spec(command.name)
    if row.kind == "number":
        return f"{row.name} {'up' if command.steps > 0 else 'down'}: {row.help} ({row.allowed})"
    return f"{row.name}: {row.help} ({row.allowed})"


def _describe_preset(command: Recall | Save) -> str:
    if isinstance(command, Save):
        return f"keep every parameter as it stands as the preset {command.preset}"
    if isinstance(command.preset, int):
        return f"go to preset {command.preset} of `livematch preset list`"
    return f"go to the preset {command.preset}"
