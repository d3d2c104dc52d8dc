"""What can go wrong in a demo."""


class DemoError(Exception):
    """Something did not hold; the text says what."""


def check(condition, message):
    """Raises a DemoError with the message unless the condition holds."""
    if not condition:
        raise DemoError(message)
