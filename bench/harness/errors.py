"""The exception for mistakes of the user: bad option, bad family or peer file."""


class UsageError(Exception):
    """Its text is shown without a traceback and the program ends with exit code 2."""
