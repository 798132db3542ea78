"""Names of clips as cues: `livematch:next`, `livematch:preset=storm`, `livematch:fade=2`."""

import difflib

from livematch.control.commands import (
    PICKS,
    Command,
    Fire,
    Jump,
    Nudge,
    Pick,
    Recall,
    Set,
    Trigger,
    UseLens,
)
from livematch.control.params import TABLE
from livematch.control.spec import LONGEST_TEXT
from livematch.errors import UsageError
from livematch.osc.space import PRESET_NAME

MARK = "livematch:"
WITH_VALUE = ("pick", "preset", "step", "lens")
TRIGGERS = tuple(trigger.value for trigger in Trigger)
WORDS = (*TRIGGERS, *WITH_VALUE, *TABLE)


def cue_of(name: str) -> Command | None:
    """Return what a clip of this name asks for; None when it is none of ours.

    A trigger or a switch stands alone (a switch flips, as its key does), everything else has a
    value: `pick=3`, `preset=storm`, `step=2`, `lens=sea`, any parameter.
    UsageError says what is wrong.
    """
    text = name.strip()
    if not text.lower().startswith(MARK):
        return None
    word, equals, value = (part.strip() for part in text[len(MARK) :].partition("="))
    word = word.lower()
    try:
        return _with(word, value) if equals else _alone(word)
    except UsageError as error:
        raise UsageError(f"clip {name[:60]!r}: {error}") from None


def _alone(word: str) -> Command:
    if word in TRIGGERS:
        return Fire(Trigger(word))
    if word in TABLE and TABLE[word].kind == "switch":
        return Nudge(word)
    if word in TABLE:
        raise UsageError(f"{word} needs a value, {word}=…; allowed: {TABLE[word].allowed}")
    if word in WITH_VALUE:
        raise UsageError(f"{word} needs a value, such as {word}=2")
    raise _unknown(word)


def _with(word: str, value: str) -> Command:
    if word in TABLE and word not in WITH_VALUE:
        return Set(word, TABLE[word].parse(value))
    match word:
        case "pick":
            if not (value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= PICKS):
                raise UsageError(f"pick cannot be {value[:40]!r}; allowed: 1 to {PICKS}")
            return Pick(int(value))
        case "preset":
            if not PRESET_NAME.fullmatch(value):
                raise UsageError(
                    f"{value[:40]!r} is no preset; a name is 1 to 40 letters, digits, - and _"
                )
            return Recall(_numbered(value))
        case "step" | "lens":
            if not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
                raise UsageError(f"{word} needs the name of a {word}, or its number from 1")
            return Jump(_numbered(value)) if word == "step" else UseLens(_numbered(value))
        case _ if word in TRIGGERS:
            raise UsageError(f"{word} stands alone, without a value")
        case _:
            raise _unknown(word)


def _numbered(value: str) -> str | int:
    """Return a number where there is one: presets and steps are numbered from 1."""
    return int(value) if value.isascii() and value.isdigit() else value


def _unknown(word: str) -> UsageError:
    near = difflib.get_close_matches(word, WORDS, n=1)
    hint = (
        f"did you mean {near[0]}?" if near else "a trigger, pick, preset, step, lens or a parameter"
    )
    return UsageError(f"there is no {word[:40]!r}; {hint}")
