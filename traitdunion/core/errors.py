"""Refusals that a user is meant to read."""


class Refusal(Exception):  # noqa: N818  # a refusal is an outcome of the domain, not a fault of the program
    """An expected refusal. Its message is a French sentence: what happened, what was expected, what to do."""
