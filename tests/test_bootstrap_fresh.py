"""The set-up on a fresh machine's terms: a new clone, an empty home, and the network.

Minutes long, so only with KAM_SLOW=1. Pip is tried with no uv in sight.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("KAM_SLOW"), reason="takes minutes and the network: KAM_SLOW=1"),
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What git would give a new user, in a folder with a space."""
    folder = tmp_path / "key accounts"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def path_with(tmp_path: Path, *programs: str) -> str:
    """A PATH on which these programs, and the system's but uv, are found."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3").symlink_to(sys._base_executable)
    for name in programs:
        (tools / name).symlink_to(shutil.which(name))
    return f"{tools}{os.pathsep}{os.defpath}"


def kamlib(clone: Path, path: str, *arguments: str) -> tuple[int, str, float]:
    """Exit code, everything said, and seconds of `python3 -m kamlib arguments` with an empty home."""
    home = clone.parent / "home"
    home.mkdir(exist_ok=True)
    hidden = {"VIRTUAL_ENV", "PYTHONPATH", "JUPYTER_PREFER_ENV_PATH"}
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {"HOME": str(home), "PATH": path}
    command = [shutil.which("python3", path=path), "-m", "kamlib", *arguments]
    started = time.perf_counter()
    process = subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True)
    return process.returncode, process.stdout + process.stderr, time.perf_counter() - started


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_fresh_clone_sets_itself_up_and_the_second_start_is_quick(clone, tmp_path, installer):
    if installer == "uv" and not shutil.which("uv"):
        pytest.skip("no uv on PATH")
    if installer == "pip" and shutil.which("uv", path=os.defpath):
        pytest.skip("uv is among the system's own programs and cannot be hidden")
    path = path_with(tmp_path, *(["uv"] if installer == "uv" else []))
    code, said, first = kamlib(clone, path, "setup")

    assert code == 0, said
    assert f"kamlib is ready in {clone / '.venv'}." in said
    log = (clone / ".venv" / "kamlib-setup.log").read_text()
    assert log.startswith("$ uv venv") == (installer == "uv")

    code, said, second = kamlib(clone, path, "setup")
    print(f"{installer}: first start {first:.1f} s, second {second:.2f} s")

    assert (code, said) == (0, f"kamlib is ready in {clone / '.venv'}.\n")
    assert second < 1
    assert kamlib(clone, path, "--help")[0] == 0

    code, said, _ = kamlib(
        clone, path, "test", "tests/test_packaging.py", "-k", "lock", "-p", "no:cacheprovider"
    )

    assert code == 0, said
    assert "passed" in said
