"""The command line application, and its error handling."""

from cyclopts import App, CycloptsError

from workers.cli import exit_status
from workers.cli.help_page import COMMANDS, version


def build() -> App:
    """Build the application. A command is imported when it is called."""
    app = App(
        name="hansard",
        help_format="markdown",
        version=version,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    for name, command in COMMANDS.items():
        app.command(command.path, name=name)
    return app


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status. An error is one line on standard error."""
    try:
        status = build()(arguments)
        return status if isinstance(status, int) else 0
    except CycloptsError as error:
        return exit_status.used_wrongly(arguments, str(error))
    except (Exception, BaseExceptionGroup, KeyboardInterrupt) as error:  # noqa: BLE001 - the last word on everything
        return exit_status.ended(error, arguments)
