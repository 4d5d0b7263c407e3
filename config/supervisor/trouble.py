"""The two ways out of the start: it cannot go on, or someone asked it to stop."""


class CannotStart(Exception):
    """A reason in one sentence, with what to do about it; `up` prints it and ends with status 1."""


class StopAsked(Exception):
    """SIGINT, SIGTERM or SIGHUP arrived."""
