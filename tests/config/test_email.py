"""In development, mail is where a developer looks: in the log of `make run`, with a link that works."""

import re
from pathlib import Path

import httpx

from tests.running.whole import Whole


def test_an_invitation_is_printed_by_the_worker_with_its_whole_link(tmp_path: Path) -> None:
    with Whole(tmp_path / "home", {"EMAIL_URL": "console:"}) as whole:
        whole.post("invitations", {"email": "newcomer@example.com", "role": "developer"})
        whole.wait_for("/invitations/")
        whole.wait_for("If you did not expect this")
        (line,) = [line for line in whole.log.splitlines() if "/invitations/" in line and line.startswith("worker")]
        printed = re.fullmatch(r"worker +\| (http://\S+/invitations/[\w-]{43})", line)
        assert printed, line
        answer = httpx.get(printed.group(1), timeout=20)
        assert (answer.status_code, "Join Demo" in answer.text) == (200, True)
        whole.wait_for("path=/invitations/")
        logged = [line for line in whole.log.splitlines() if line.startswith("web") and "path=/invitations/" in line]
        assert len(logged) == 1
        assert "path=/invitations/…" in logged[0]
