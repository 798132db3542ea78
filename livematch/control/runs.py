"""Commands that came between two ticks: of several values for one parameter the last is enough."""

from collections.abc import Iterable

from livematch.control.commands import Command, Position, Set


def newest(commands: Iterable[Command]) -> list[Command]:
    """Leave out each value that another one replaces before anything else could have seen it.

    A flood of faders costs one change a tick for each; every other command stays, in its place.
    """
    kept: list[Command] = []
    replaced: set[str] = set()
    for command in reversed(list(commands)):
        if isinstance(command, Set | Position):
            if command.name in replaced:
                continue
            replaced.add(command.name)
        else:
            replaced.clear()
        kept.append(command)
    kept.reverse()
    return kept
