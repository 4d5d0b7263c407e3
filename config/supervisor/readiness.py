"""Asks a plane's `/readyz` until it answers 200, in a thread of its own."""

import http.client
import threading
import time
from urllib.parse import urlsplit

ANSWER_SECONDS = 5.0  # the socket listens before the plane runs, so the first answer waits for its start
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 1.0


class Readiness:
    def __init__(self, plane: str, url: str) -> None:
        self.plane, self.url = plane, url
        self.ready, self.last_answer = False, "nothing"
        self._given_up = threading.Event()
        threading.Thread(target=self._ask, name=f"readiness of {plane}", daemon=True).start()

    def give_up(self) -> None:
        self._given_up.set()

    def complaint(self) -> str:
        return f"The {self.plane} at {self.url} is not ready; /readyz last said: {self.last_answer}"

    def _ask(self) -> None:
        address, pause = urlsplit(self.url), FIRST_PAUSE_SECONDS
        while not self._given_up.is_set() and not self.ready:
            caller = http.client.HTTPConnection(address.hostname or "", address.port, timeout=ANSWER_SECONDS)
            try:
                caller.request("GET", "/readyz")
                answer = caller.getresponse()
                self.last_answer = f"{answer.status} {answer.read(500).decode(errors='replace')}"
                self.ready = answer.status == http.HTTPStatus.OK
            except (OSError, http.client.HTTPException) as error:
                self.last_answer = f"nothing ({error or type(error).__name__})"
            finally:
                caller.close()
            if not self.ready:
                time.sleep(pause)
                pause = min(pause * 1.2, LONGEST_PAUSE_SECONDS)
