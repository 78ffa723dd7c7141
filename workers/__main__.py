"""The `hansard` program. See `workers.cli`."""

import sys
from io import TextIOWrapper


def main() -> int:
    """Run the command line. Returns the exit status: 0, 1 on failure, 2 on wrong usage."""
    from workers.cli import help_page

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a character shows `?`
    arguments = sys.argv[1:]
    if answered := help_page.answer(arguments):
        return answered.print()
    from workers.cli.program import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
