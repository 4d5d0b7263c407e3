"""Heads that have come before: a back end sends the same one with each of its calls, and it is read once."""

from verify.service.http.exchange import Refused
from verify.service.http.head import END, Head, read

MOST_REMEMBERED = 512
MOST_SEEN_ONCE = 8_192
LONGEST_REMEMBERED_BYTES = 1_024


class Heads:
    """`get` gives what the same bytes meant before, or None. It says nothing of who may do what: that is asked anew
    for every request.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}
        self._seen_once: set[int] = set()  # hashes: heads that are new each time push out nothing
        self.get = self._known.get

    def try_reading(self, head: bytes) -> Head | None:
        """None if it is not whole, or to be refused: whoever has the time may `read` it then."""
        try:
            meant = self.read(head) if head.endswith(END) else None
        except Refused:
            return None
        return meant if meant is None or meant.refused is None else None

    def read(self, head: bytes) -> Head:
        """Raises Refused. One that comes the second time is remembered, unless its body will be refused."""
        known = self._known.get(head)
        if known is not None:
            return known
        meant = read(head)
        if meant.refused is None and len(head) <= LONGEST_REMEMBERED_BYTES:
            self._remember(head, meant)
        return meant

    def _remember(self, head: bytes, meant: Head) -> None:
        """Whatever is full is emptied: what is in use is back at once."""
        number = hash(head)
        if number in self._seen_once:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[head] = meant
        else:
            if len(self._seen_once) >= MOST_SEEN_ONCE:
                self._seen_once.clear()
            self._seen_once.add(number)
