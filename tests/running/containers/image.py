"""docker/Dockerfile as a test reads it, and the folder that it would put into the image, made without a container."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.running.stack import CLONE

DOCKERFILE = CLONE / "docker" / "Dockerfile"
IGNORED = CLONE / "docker" / "Dockerfile.dockerignore"
HOME = "/srv/licet"


class Instruction(NamedTuple):
    word: str
    rest: str


def stages() -> list[list[Instruction]]:
    """Each begins with its FROM."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: list[list[Instruction]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append(Instruction(word, rest.strip()))
    return found


def copied() -> list[str]:
    """What is taken from the checkout."""
    return [
        source
        for stage in stages()
        for word, rest in stage
        if word == "COPY" and not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    ]


def environment() -> dict[str, str]:
    """Of a container; its PATH is not this machine's."""
    words = [
        word for instruction in stages()[-1] if instruction.word == "ENV" for word in shlex.split(instruction.rest)
    ]
    settings = dict(word.split("=", 1) for word in words)
    return {name: value for name, value in settings.items() if name != "PATH"}


def in_git(*sources: str) -> list[str]:
    """Files of the checkout that git has, or would take."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *sources]
    listed = subprocess.run(words, cwd=CLONE, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (CLONE / name).is_file()]


def build(folder: Path) -> Path:
    """The image's own directory: what is copied into it from git, and what the build then runs in it."""
    made = folder / "image"
    for name in in_git(*(source for source in copied() if not source.startswith("requirements"))):
        target = made / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CLONE / name, target)
    first = stages()[0]
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"}
    for word, rest in first[first.index(Instruction("WORKDIR", HOME)) :]:
        if word == "RUN":
            done = subprocess.run(["sh", "-c", rest], cwd=made, env=path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    return made


def contents(folder: Path) -> dict[Path, int]:
    """When each file was written, in nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
