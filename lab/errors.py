"""The two ways the lab says no."""


class LabError(Exception):
    """Something went wrong on the way; the text names the thing and the remedy. Exit status 1."""


class RefusalError(LabError):
    """This machine or this command line cannot do it, and nothing was changed. Exit status 2."""
