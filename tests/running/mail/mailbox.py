"""Mail that a running copy sent: it keeps it in a folder (EMAIL_URL=file:), and here it is read back."""

import email
import re
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

BETWEEN = "\n" + "-" * 79 + "\n"  # as Django's file backend writes after each
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Mailbox:
    folder: Path

    def to(self, address: str) -> list[EmailMessage]:
        """Oldest first."""
        files = sorted(self.folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
        texts = [text for path in files for text in path.read_text().split(BETWEEN)[:-1]]
        mails = [email.message_from_string(text, _class=EmailMessage, policy=default) for text in texts]
        return [mail for mail in mails if mail["To"] == address]

    def wait_for(self, address: str, number: int = 1) -> EmailMessage:
        """The mail with this number to the address, counted from 1."""
        patience_ends = time.monotonic() + PATIENCE_SECONDS
        while len(mails := self.to(address)) < number:
            assert time.monotonic() < patience_ends, f"no mail {number} to {address}"
            time.sleep(0.05)
        return mails[number - 1]

    def link(self, address: str, number: int = 1) -> str:
        """The link in that mail."""
        found = re.search(r"https?://\S+", self.wait_for(address, number).get_content())
        assert found
        return found.group()

    def token(self, address: str, number: int = 1) -> str:
        """Of the invitation in that mail."""
        return self.link(address, number).rpartition("/")[2]
