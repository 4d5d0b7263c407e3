"""Named places in the code where a test may make a process die or misbehave: `LICET_FAILPOINTS=name=action,…`.

Read once at import; without the variable every call is one lookup in an empty dictionary.
"""

import os
import signal

_ACTIONS = dict(
    part.split("=", 1) for part in os.environ.get("LICET_FAILPOINTS", "").replace(" ", "").split(",") if "=" in part
)


def failpoint(name: str) -> None:
    """Kills this process as the kernel would if the test asked for `name=kill`; otherwise does nothing."""
    if _ACTIONS.get(name) == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


def is_off(name: str) -> bool:
    """Whether the test switched the named mechanism off with `name=off`."""
    return _ACTIONS.get(name) == "off"


def number(name: str) -> float:
    """What the test gave with `name=2.5`; 0 if nothing."""
    return float(_ACTIONS.get(name, 0))


def armed() -> list[str]:
    """The names in force; production settings refuse any."""
    return sorted(_ACTIONS)
