"""The lights a sea is seen in: colour families, each a sky, a water and a foam."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mood:
    """One family of colours. Ranges are (from, to); sky colours run from the horizon up."""

    name: str
    weight: float
    sky: tuple[str, ...]
    deep: str
    body: str
    foam: str
    sun: str
    warm: str
    haze: str
    lit: str
    shadow: str
    sun_up: tuple[float, float]
    glow: tuple[float, float]
    warmth: tuple[float, float]
    wind: tuple[float, float]
    cover: tuple[float, float]
    fog: tuple[float, float]
    glitter: tuple[float, float] = (0.4, 1.6)
    stars: float = 0.0


MOODS = (
    Mood("dusk", 1.2, ("f2a97c", "d9837a", "96678f", "4f4c80", "25295a"),
         "071423", "1f4452", "e3c4c0",
         "ffcf96", "ffb073", "e09a82", "ffb894", "5d4868", (2, 11), (0.7, 1.6), (0.5, 1.0),
         (0.1, 0.8), (0.1, 0.8), (0.0, 0.4)),
    Mood("gold", 1.2, ("ffd27a", "f9ab4f", "dd7f43", "a35643", "5f3a48"),
         "160e10", "5a3d22", "ffe9c4",
         "fff0c0", "ffc861", "f5b766", "ffdc94", "85503f", (4, 18), (0.9, 2.2), (0.5, 1.0),
         (0.05, 0.7), (0.0, 0.6), (0.0, 0.5)),
    Mood("ember", 0.8, ("ff8a3d", "e2532f", "a02f3a", "581f3c", "230f2a"),
         "0c070d", "3b1a22", "f0a988",
         "ffb060", "ff7a2e", "d9572f", "ff7d4a", "3e1c30", (1, 7), (0.8, 1.8), (0.6, 1.0),
         (0.1, 0.9), (0.2, 0.85), (0.0, 0.3)),
    Mood("storm", 1.5, ("aab3b6", "848e94", "646e75", "49525a", "343c44"),
         "0b1519", "2c4749", "dbe2e3",
         "cfd6d8", "b9c0c0", "9aa4a8", "a8b1b5", "3c444c", (20, 60), (0.0, 0.3), (0.0, 0.3),
         (0.6, 1.0), (0.65, 1.0), (0.1, 0.9), (0.0, 0.15)),
    Mood("squall", 0.9, ("d7d9c8", "8f9a98", "55626b", "39444f", "222b36"),
         "081117", "1f4a4c", "e4e8df",
         "f6efd2", "e9e2c0", "bfc5b8", "c4c5b6", "28323c", (6, 25), (0.4, 1.2), (0.3, 0.8),
         (0.6, 1.0), (0.6, 0.95), (0.0, 0.5), (0.2, 1.0)),
    Mood("noon", 1.4, ("d9ecf4", "a9d3ea", "72b3e0", "3f8ccc", "1f66ab"),
         "04283f", "1b7488", "fbffff",
         "ffffff", "e6f0f2", "c8dfea", "ffffff", "8ea3b8", (25, 65), (0.1, 0.7), (0.0, 0.3),
         (0.1, 0.8), (0.0, 0.65), (0.0, 0.3), (0.2, 0.9)),
    Mood("green", 1.1, ("d3ddd3", "b3c6c2", "8caaae", "698c98", "4d7084"),
         "06261f", "2f8468", "f4faf3",
         "f6f4e2", "dde2d0", "bccac3", "f0f3ea", "76888c", (12, 50), (0.1, 0.7), (0.0, 0.4),
         (0.4, 1.0), (0.2, 0.9), (0.0, 0.5), (0.1, 0.8)),
    Mood("lagoon", 0.8, ("e3f5f6", "b0e2ee", "6fc6e6", "38a0d8", "1d78bd"),
         "055a74", "37c2b8", "ffffff",
         "ffffff", "f2f8f2", "d3eef0", "ffffff", "a5c0cc", (30, 70), (0.1, 0.6), (0.0, 0.2),
         (0.02, 0.5), (0.0, 0.5), (0.0, 0.2), (0.2, 0.8)),
    Mood("night", 1.1, ("33435c", "1f2d48", "131e38", "0a122a", "050a1c"),
         "02050c", "0a2230", "8b9db4",
         "dfe8f5", "5c7090", "2b3a54", "8494ac", "0c1424", (6, 35), (0.25, 0.7), (0.0, 0.4),
         (0.05, 0.8), (0.0, 0.8), (0.0, 0.3), (0.8, 2.2), 1.0),
    Mood("blue hour", 1.0, ("c9a7b0", "8e8fb8", "5a72ac", "344f8c", "1b2f63"),
         "051027", "1c4468", "c3cce0",
         "ffdcc0", "e8b0a0", "a396b4", "b9a5bc", "3a4468", (0.5, 5), (0.2, 0.8), (0.3, 0.9),
         (0.05, 0.7), (0.0, 0.8), (0.0, 0.6)),
    Mood("rose", 0.9, ("ffd9c7", "f9bcbc", "d9a3c2", "a28fc0", "7180b8"),
         "1b2440", "5a6a8a", "fff0ec",
         "fff0d8", "ffd2b4", "f3c7c0", "ffe0d6", "8f7f9f", (3, 14), (0.4, 1.3), (0.3, 0.8),
         (0.02, 0.6), (0.1, 0.8), (0.1, 0.9)),
    Mood("silver", 1.1, ("eef0ef", "d3d8da", "b4bcc1", "939da5", "757f89"),
         "11191e", "38464c", "fafbfb",
         "ffffff", "f3f3ef", "dde0e0", "f5f6f6", "6f7880", (10, 40), (0.5, 1.6), (0.2, 0.6),
         (0.05, 0.8), (0.3, 0.95), (0.1, 1.0), (0.5, 2.0)),
    Mood("fog", 0.7, ("cfd5d6", "c3cacd", "b3bcc1", "a1acb3", "93a0a9"),
         "1c2a30", "4d6468", "eef2f2",
         "f5f2e8", "dcdcd4", "cad1d2", "d6dbdc", "9aa5aa", (10, 40), (0.2, 0.9), (0.1, 0.5),
         (0.02, 0.6), (0.3, 0.9), (1.2, 2.6), (0.1, 0.8)),
    Mood("ink", 0.8, ("8fa9a8", "527a80", "2c5560", "163844", "0a2230"),
         "02090d", "0f4346", "c8dcd8",
         "e8f0d8", "a8c0b0", "5f8486", "a5bdb8", "15303a", (5, 30), (0.3, 1.2), (0.2, 0.7),
         (0.2, 1.0), (0.2, 0.9), (0.0, 0.6), (0.3, 1.6)),
)  # fmt: skip
