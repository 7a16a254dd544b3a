"""Every error baoda raises on purpose."""


class BaodaError(Exception):
    """Something the user can mend. The message is one line: what is wrong, where, and what to do."""


class SourceError(BaodaError):
    """A file cannot be read as a newspaper source."""


class ArchiveError(BaodaError):
    """The archive's folder or database cannot be used as asked."""


class ModelError(BaodaError):
    """A model cannot be found, verified or loaded."""


class QuestionError(BaodaError):
    """A question cannot be asked as it stands, e.g. empty or too long."""
