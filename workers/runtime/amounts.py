"""Amounts as words, for operators."""


def counted(number: int, noun: str) -> str:
    """Write a number with commas between thousands, and its noun, in the plural unless it is 1."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(number: int) -> str:
    """Write a number of bytes."""
    mega = number / 1024 / 1024
    return f"{mega:.1f} MiB" if mega < 1024 else f"{mega / 1024:.1f} GiB"  # noqa: PLR2004 - a gibibyte
