"""`python3 -m kamlib COMMAND` in a bare checkout, with Python and nothing else.

If this Python already has the packages kamlib needs (conda, Binder, a container, an activated
environment) the command runs in it. Otherwise the exact versions of the lock are installed into
`.venv` beside the package, once, and the command runs there. `setup` only prepares, `test`
prepares the test tools too and runs the tests; every other command is kamlib.cli's.

Standard library alone, and nothing slow imported before it is needed: this runs at every start.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "kamlib needs Python 3.11 or newer and this is Python {}.{}: install a newer one and "
        "start the same command with it.".format(*sys.version_info[:2])  # noqa: UP032
    )

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOG = VENV / "kamlib-setup.log"
UNFINISHED = VENV / "kamlib-setup.unfinished"
TURN = VENV / "kamlib-setup.turn"
RUNTIME, TEST = "requirements.lock", "requirements-test.lock"


def main() -> None:
    """Make sure that the packages are there, then do what the command line says."""
    command, arguments = "".join(sys.argv[1:2]), sys.argv[2:]
    testing = command == "test" or (command == "setup" and "--test" in arguments)
    try:
        python = ready_python(testing)
    except KeyboardInterrupt:
        sys.exit("\nStopped. The next start begins the set-up again.")
    except OSError as problem:
        sys.exit(f"kamlib cannot be set up: {problem}. Put that right and start it again.")
    os.environ.update(environment(python))
    if command == "setup":
        print(f"kamlib is ready in {python.parent.parent}.")
    elif command == "test":
        os.chdir(ROOT)
        become(python, "-m", "pytest", *arguments)
    elif python == Path(sys.executable):
        from kamlib.cli import main as cli

        cli()
    else:
        become(python, "-m", "kamlib", *sys.argv[1:])


def ready_python(testing: bool) -> Path:
    """The interpreter that has the packages: this one where it can, else that of `.venv`."""
    here = Path(sys.executable)
    in_venv = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    if not (ROOT / RUNTIME).exists():  # installed as a package: pip has seen to the dependencies
        return here
    if not in_venv and has_packages(testing):
        return here
    lock = TEST if testing else RUNTIME
    if not is_ready(lock):
        with our_turn() as turn:
            if not is_ready(lock):
                set_up(lock, turn)
    return here if in_venv else PYTHON


def environment(python: Path) -> dict[str, str]:
    """What `python` and the kernels it starts need: they find kamlib from any folder, and
    a kernel called python3 in the user's home does not replace the one beside kamlib."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    found = os.pathsep.join(dict.fromkeys([str(ROOT), *filter(None, paths)]))
    wanted = {"PYTHONPATH": found, "JUPYTER_PREFER_ENV_PATH": "1"}
    if python == PYTHON:
        path = os.environ.get("PATH", "").split(os.pathsep)
        wanted["VIRTUAL_ENV"] = str(VENV)
        wanted["PATH"] = os.pathsep.join(dict.fromkeys([str(BIN), *path]))
    return wanted


def become(python: Path, *arguments: str) -> None:
    """Go on as `python arguments`; the exit code is its own."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(python, [str(python), *arguments])  # noqa: S606
    import subprocess

    try:
        sys.exit(subprocess.call([str(python), *arguments]))  # noqa: S603
    except KeyboardInterrupt:
        sys.exit(130)


# --- Is everything there? -------------------------------------------------------------------


def has_packages(testing: bool) -> bool:
    """Whether this Python has what pyproject.toml asks for, new enough; imports none of it."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["test"] if testing else []
    return all(has_package(wanted) for wanted in project["dependencies"] + extra)


def has_package(wanted: str) -> bool:
    """Whether `name>=floor` is installed in this Python."""
    from importlib import metadata

    name, _, floor = wanted.partition(">=")
    try:
        return numbers(metadata.version(name)) >= numbers(floor)
    except metadata.PackageNotFoundError:
        return False


def numbers(version: str) -> list[int]:
    """`numbers("1.9.0.post1")` is [1, 9]: the release, without the zeros at its end."""
    release = re.match(r"[\d.]*", version.strip())
    found = [int(part) for part in release[0].split(".") if part] if release else []
    while found and found[-1] == 0:
        found.pop()
    return found


def is_ready(lock: str) -> bool:
    """Whether `.venv` was set up from this very lock, to the end, and its Python still exists."""
    try:
        return not UNFINISHED.exists() and stamp_file(lock).read_text() == stamp(lock)
    except OSError:
        return False


def stamp_file(lock: str) -> Path:
    return VENV / f"kamlib-{lock}.stamp"


def stamp(lock: str) -> str:
    """A hash that changes with the lock and with the Python below `.venv`."""
    python = os.path.realpath(PYTHON, strict=True)
    parts = (ROOT / lock).read_bytes(), (VENV / "pyvenv.cfg").read_bytes(), python.encode()
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


# --- Setting up -----------------------------------------------------------------------------


@contextmanager
def our_turn() -> Iterator[IO[bytes]]:
    """Only one process sets up; the others wait here. The system frees the turn of a dead one."""
    VENV.mkdir(exist_ok=True)
    with TURN.open("ab") as turn:
        if not take(turn):
            say("Another window is setting kamlib up; waiting for it to finish.")
            while not take(turn):
                time.sleep(0.3)
        yield turn


def take(turn: IO[bytes]) -> bool:
    """Lock the file if nobody has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(turn.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def set_up(lock: str, turn: IO[bytes]) -> None:
    """Install `lock` into `.venv` with the first installer that can; else say what to do."""
    import subprocess

    say("Setting kamlib up in .venv: this takes about a minute and happens once.")
    started = time.monotonic()
    if UNFINISHED.exists() or not PYTHON.exists():
        clear()
    kept = PYTHON.exists()  # there are working packages that a failure must not take away
    LOG.unlink(missing_ok=True)
    UNFINISHED.touch()
    for install in installers():
        try:
            install(lock, turn)
        except (subprocess.CalledProcessError, OSError) as problem:
            if isinstance(problem, OSError):  # it could not even start
                note(f"{problem}\n")
            continue
        for done in {lock, RUNTIME}:  # the test lock holds the runtime lock
            stamp_file(done).write_text(stamp(done))
        UNFINISHED.unlink()
        return say(f"Set up in {time.monotonic() - started:.0f} s.")
    if kept:
        UNFINISHED.unlink()
    sys.exit(
        f"The packages could not be installed ({last_words()}). Check the network connection and "
        f"start the same command again; what the installer said is in {LOG}."
    )


def installers() -> list[Callable[[str, IO[bytes]], None]]:
    """uv where it is present, being faster; pip also where uv fails."""
    import shutil

    return [with_uv, with_pip] if shutil.which("uv") else [with_pip]


def with_uv(lock: str, turn: IO[bytes]) -> None:
    if not PYTHON.exists():
        run(turn, "uv", "venv", "--allow-existing", "--python", sys.executable, str(VENV))
    options = ("--no-deps", "--compile-bytecode", "--python", str(PYTHON))
    run(turn, "uv", "pip", "install", *options, "-r", lock)


def with_pip(lock: str, turn: IO[bytes]) -> None:
    if PYTHON.exists():
        run(turn, str(PYTHON), "-m", "ensurepip")  # uv makes a .venv without pip
    else:
        run(turn, sys.executable, "-m", "venv", str(VENV))
    options = ("--no-deps", "--disable-pip-version-check", "--progress-bar", "off")
    run(turn, str(PYTHON), "-m", "pip", "install", *options, "-r", lock)


def run(turn: IO[bytes], *command: str) -> None:
    """Run an installer into the log. It holds our turn too, should this process be killed."""
    import subprocess

    note("$ " + " ".join(command) + "\n")
    held = () if os.name == "nt" else (turn.fileno(),)
    with LOG.open("ab") as log:
        subprocess.run(  # noqa: S603
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
            pass_fds=held,
        )


def clear() -> None:
    """Empty `.venv` of what an interrupted set-up left, but for the file that others wait for."""
    import shutil

    for path in set(VENV.iterdir()) - {TURN, UNFINISHED}:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def note(text: str) -> None:
    with LOG.open("a", encoding="utf-8") as log:
        log.write(text)


def last_words() -> str:
    """The last line that the last installer wrote."""
    return LOG.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1].strip()[:200]


def say(text: str) -> None:
    """Tell the user, beside the command's own output."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
