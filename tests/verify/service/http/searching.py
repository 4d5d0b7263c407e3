"""`python -m tests.verify.service.http.searching FOLDER -runs=N`: atheris looks for bytes that break a connection.

It begins with the inputs in FOLDER, follows what they reach in the server's code, and takes over this process.
"""

import logging
import sys

import atheris

with atheris.instrument_imports(include=["verify.service.http"]):  # type: ignore[attr-defined]  # stubs lack it
    from tests.verify.service.http import fuzzing


def mutated(given: bytes, most: int, seed: int) -> bytes:
    return fuzzing.mutate(atheris.Mutate, given, most, seed)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    atheris.Setup(sys.argv, fuzzing.check, custom_mutator=mutated)
    atheris.Fuzz()
