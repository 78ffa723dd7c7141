"""The program `hansard`. See `workers.cli`."""

import sys
from io import TextIOWrapper


def main() -> int:
    """Run the command line; its exit status: 0, 1 where it failed, 2 where it was used wrongly."""
    from workers.cli import help_page

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a character shows another
    arguments = sys.argv[1:]
    if answered := help_page.answer(arguments):
        return answered.print()
    from workers.cli.app import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
