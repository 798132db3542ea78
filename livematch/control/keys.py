"""The keyboard: one table from key names to commands; the help text is made from it."""

from livematch.control.commands import TRIGGER_HELP, Command, Fire, Nudge, Trigger
from livematch.control.params import spec

KEYS: dict[str, Command] = {
    "SPACE": Fire(Trigger.NEXT),
    "H": Nudge("hold"),
    "F": Nudge("freeze"),
    "B": Nudge("blackout"),
    "L": Nudge("screen"),
    "O": Nudge("fit"),
    "M": Nudge("mirror"),
    "TAB": Nudge("hud"),
    "UP": Nudge("fade", +1),
    "DOWN": Nudge("fade", -1),
    "RIGHT": Nudge("stickiness", +1),
    "LEFT": Nudge("stickiness", -1),
    "F11": Fire(Trigger.FULLSCREEN),
    "BACKSPACE": Fire(Trigger.PANIC),
    "ESCAPE": Fire(Trigger.QUIT),
}


def describe(command: Command) -> str:
    """Say in words what a command does."""
    match command:
        case Fire(trigger):
            return TRIGGER_HELP[trigger]
        case Nudge(name, steps):
            row = spec(name)
            if row.kind == "number":
                return f"{name} {'up' if steps > 0 else 'down'}: {row.help} ({row.allowed})"
            return f"{name}: {row.help} ({row.allowed})"
        case _:
            return f"set {command.name} to {command.value}"
