"""The block that says where to go, with a curl line that works as it stands."""

import json
from pathlib import Path

from config.supervisor.ports import Doors


def text(home: Path, doors: Doors) -> str:
    try:
        found = json.loads((home / "bootstrap.json").read_text())
    except FileNotFoundError:  # production has no demo
        return f"\n  Dashboard  {doors.web.url}\n  Verify     {doors.verify.url}\n\n  Ctrl-C stops all.\n"
    return f"""
  Dashboard   {found["dashboard_url"]}
  Sign in     {found["login"]["email"]}   password: {found["login"]["password"]}
  Secret key  {found["secret_key"]}

  Verify the sample key:

    curl -s {found["verify_url"]}/v1/verify \\
      -H 'Authorization: Bearer {found["secret_key"]}' \\
      -H 'Content-Type: application/json' \\
      -d '{{"key": "{found["sample"]["key_secret"]}"}}'

  Data and logins are kept in {home}. Ctrl-C stops all.
"""
