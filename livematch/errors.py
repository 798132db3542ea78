"""What a person at the desk can be told: one class a layer, one clear message each."""


class LivematchError(Exception):
    """A fault that is explained in one message: what, where, and what to do."""


class UsageError(LivematchError):
    """A wrong value on the command line or in a file that a person wrote."""


class ArchiveError(LivematchError):
    """The archive on disk cannot be opened, read or written."""


class FilmError(LivematchError):
    """One film cannot be read; the others can."""


class PictureError(FilmError):
    """One picture of a film is damaged; the next may be whole."""


class ModelError(LivematchError):
    """A model file is not what its sidecar says, or cannot run as asked."""


class CameraError(LivematchError):
    """A camera cannot be opened, or has gone."""


class SoundError(LivematchError):
    """A sound input cannot be opened, or a file of sound not be read."""


class DisplayError(LivematchError):
    """No picture can be shown or rendered here."""


class RecordError(LivematchError):
    """A recording cannot be written."""
