"""Becomes a child of the supervisor: ends with its parent, gives up root where asked, then runs the program.

Run by path as `python -I -S launch.py ORDERS PROGRAM…`, where ORDERS is JSON: `parent` (pid), `signal` (sent by the
kernel at the parent's death), `uid`, `gid`, `capability` (null: none, or no change of user). Imports nothing of ours.
"""

import ctypes
import json
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2  # linux/prctl.h
SECBIT_NO_SETUID_FIXUP = 4  # linux/securebits.h
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
REFUSED = 126  # the status by which the supervisor tells a launch that failed from a program that did


def become(uid: int, gid: int, capability: int | None) -> None:
    """Changes user for good.

    A capability must survive the change of user and be heeded by access(2), with which initdb looks for postgres:
    both are what "no set-uid fix-up" means. It must survive the exec, too: hence ambient. All others are dropped.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if capability is not None:
        _check(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is not None:
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        low, high = (1 << capability) & 0xFFFFFFFF, (1 << capability) >> 32
        sets = (ctypes.c_uint32 * 6)(low, low, low, high, high, high)  # effective, permitted, inheritable, twice
        _check(libc.capset(header, sets))
        _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def end_with(parent: int, signal_number: int) -> None:
    """Asks for a signal at the parent's death; after the change of user, which would clear the request."""
    ask_for_signal(signal_number)
    if os.getppid() != parent:  # it died before the request was made
        sys.exit(REFUSED)


def ask_for_signal(signal_number: int) -> None:
    """Sent by the kernel when the thread that forked this process ends. Linux only; elsewhere the keeper must do."""
    if sys.platform == "linux":
        _check(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def refuse(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - the supervisor reads it
    sys.exit(REFUSED)


def main() -> None:
    orders, program = json.loads(sys.argv[1]), sys.argv[2:]
    try:
        if orders["uid"] is not None:
            become(orders["uid"], orders["gid"], orders["capability"])
        end_with(orders["parent"], orders["signal"])
    except OSError as error:
        refuse(
            f"Servers cannot run as user {orders['uid']} here ({error.strerror}); be an ordinary user instead of root."
        )
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores both, and an exec would pass that on
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        os.execv(program[0], program)  # noqa: S606 - the supervisor's own table, absolute paths
    except OSError as error:
        refuse(f"{program[0]} cannot be run: {error.strerror}.")


if __name__ == "__main__":
    main()
