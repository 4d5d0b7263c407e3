#!/usr/bin/env python
"""The command line of the control plane: `manage.py up` starts everything, `manage.py help` lists the rest."""

import os
import sys


def main() -> None:
    if sys.argv[1:] == ["up"]:  # the supervisor needs no Django, and its start is waited for
        from config.env import home  # noqa: PLC0415 - only `up` needs it
        from config.supervisor.sequence import up  # noqa: PLC0415 - as above

        sys.exit(up(os.environ, home()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings must be named first

    from config.env import one_sentence  # noqa: PLC0415 - as above

    with one_sentence():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
