"""The packages kamlib names are the same everywhere, safe and free; the set-up does what it says."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import textwrap
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.serving import wait_until

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME, TEST = "requirements.lock", "requirements-test.lock"
LOCKS = pytest.mark.parametrize("lock", [RUNTIME, TEST])


def asked(*, test: bool = False) -> dict[str, Requirement]:
    """What pyproject.toml asks for, by name."""
    lines = PROJECT["dependencies"] + (PROJECT["optional-dependencies"]["test"] if test else [])
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def pins(lock: str) -> list[Requirement]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pinned_here(lock: str) -> dict[str, str]:
    """The versions the lock gives this Python, by name."""
    here = [pin for pin in pins(lock) if pin.marker is None or pin.marker.evaluate()]
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in here}


# --- The same names everywhere ---------------------------------------------------------------


def test_conda_and_pip_name_the_same_packages_and_floors():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = [Requirement(line) for line in listed if isinstance(line, str)]
    named = {"python-duckdb": "duckdb"}  # conda-forge calls its command line by the plain name
    conda = {
        canonicalize_name(named.get(line.name, line.name)): str(line.specifier)
        for line in conda
        if line.name != "pip"
    }

    expected = {name: str(line.specifier) for name, line in asked().items()}
    assert conda == {"python": PROJECT["requires-python"]} | expected


def test_conda_installs_the_checkout_itself():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]

    assert listed[-1] == {"pip": ["-e ."]}


@LOCKS
def test_every_pin_of_the_lock_satisfies_pyproject(lock):
    versions = {}
    for pin in pins(lock):
        versions.setdefault(canonicalize_name(pin.name), []).append(next(iter(pin.specifier)).version)
    wanted = asked(test=lock == TEST)

    assert wanted.keys() <= versions.keys()
    wrong = [(name, v) for name, line in wanted.items() for v in versions[name] if v not in line.specifier]
    assert wrong == []


@LOCKS
def test_the_lock_holds_exact_versions_and_no_address(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert not re.search(r"://|@|^-|index|find-links|\.(org|com|net|io|local)\b", text, re.MULTILINE)
    assert [pin for pin in pins(lock) if [spec.operator for spec in pin.specifier] != ["=="]] == []


@LOCKS
def test_the_package_that_slows_every_import_stays_out(lock):
    """rfc3987-syntax compiles grammars in every process that loads a chart."""
    assert "rfc3987-syntax" not in {canonicalize_name(pin.name) for pin in pins(lock)}


def test_the_test_lock_holds_the_runtime_lock():
    """So a `.venv` that was set up for the tests also runs the workbook."""
    assert pinned_here(RUNTIME).items() <= pinned_here(TEST).items()


# --- Safe and free ---------------------------------------------------------------------------

FIXED = {  # the first version without a published weakness
    "voila": "0.5.6",
    "jupyter-server": "2.18.0",
    "nbconvert": "7.17.1",
    "jinja2": "3.1.6",
    "jupyterlab": "4.4.8",
    "jupyter-core": "5.8.1",
    "tornado": "6.5",
    "h11": "0.16.0",
    "requests": "2.32.4",
    "urllib3": "2.6.3",
    "idna": "3.7",
    "tqdm": "4.66.3",
}


@pytest.mark.parametrize("name", FIXED)
def test_no_installed_package_is_older_than_its_security_fix(name):
    assert Version(metadata.version(name)) >= Version(FIXED[name])


def license_of(name: str) -> str:
    about = metadata.metadata(name)
    trove = [line for line in about.get_all("Classifier", []) if line.startswith("License")]
    first = (about.get("License") or "").strip().splitlines()[:1]
    return "; ".join(filter(None, [about.get("License-Expression"), *first, *trove]))


def test_nothing_that_runs_is_under_the_gpl():
    """Neither the GPL nor the AGPL; the LGPL would be allowed, and nothing uses it."""
    installed = {dist.name and canonicalize_name(dist.name) for dist in metadata.distributions()}
    licenses = {name: license_of(name) for name in pinned_here(RUNTIME) if name in installed}

    assert len(licenses) >= len(asked())
    copyleft = r"(?<!L)GPL|(?<!Lesser )General Public"
    assert {name: text for name, text in licenses.items() if re.search(copyleft, text)} == {}


# --- The set-up ------------------------------------------------------------------------------


@pytest.fixture
def bootstrap() -> dict:
    """The names in kamlib/__main__.py."""
    return runpy.run_path(str(ROOT / "kamlib" / "__main__.py"), run_name="bootstrap")


FAKE_UV = """\
import os, subprocess, sys, time
open(os.environ["CALLS"], "a").write("uv " + " ".join(sys.argv[1:3]) + "\\n")
if os.environ.get("UV_FAILS"):
    sys.exit("error: no such host")
if sys.argv[1] == "venv":
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", sys.argv[-1]], check=True)
else:
    while os.environ.get("UV_WAITS_FOR") and not os.path.exists(os.environ["UV_WAITS_FOR"]):
        time.sleep(0.02)
"""
FAKE_CLI = """\
import os, sys
def main():
    print(sys.prefix, sys.argv[1:], os.environ["PYTHONPATH"])
    sys.exit(7 if "fail" in sys.argv else 0)
"""


class Checkout:
    """A bare checkout in a folder with a space, a fake uv, and a Python that has no packages."""

    def __init__(self, folder: Path):
        self.root, self.tools, self.calls = folder / "key accounts", folder / "tools", folder / "calls"
        (self.root / "kamlib").mkdir(parents=True)
        self.tools.mkdir()
        (self.root / "kamlib" / "__init__.py").touch()
        (self.root / "kamlib" / "cli.py").write_text(FAKE_CLI)
        shutil.copy(ROOT / "kamlib" / "__main__.py", self.root / "kamlib")
        for name in ("pyproject.toml", RUNTIME, TEST):
            shutil.copy(ROOT / name, self.root)
        self.venv = self.root / ".venv"
        self.add_uv()

    def add_uv(self) -> None:
        uv, program = self.tools / "uv", self.tools / "fake_uv.py"
        program.write_text(FAKE_UV)
        uv.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
        uv.chmod(0o755)

    def start(self, *arguments: str, python: Path | None = None, **env: str) -> subprocess.Popen:
        """`python3 -m kamlib arguments`, by default with a Python that sees no packages."""
        command = [str(python), "-m"] if python else [sys._base_executable, "-I", "-S", "-c", BARE]
        clean = {
            "HOME": str(self.tools),
            "PATH": f"{self.tools}{os.pathsep}{os.defpath}",
            "CALLS": str(self.calls),
        }
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*command, "kamlib", *arguments],
            cwd=self.root,
            env=clean | env,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    def done(self, *arguments: str) -> None:
        """Run it and see that it went well."""
        code, _, err = self.run(*arguments)
        assert code == 0, err

    def run(self, *arguments: str, python: Path | None = None, **env: str) -> tuple[int, str, str]:
        """Its exit code and what it printed to either side."""
        process = self.start(*arguments, python=python, **env)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


BARE = """
import os, runpy, sys
sys.path.insert(0, os.getcwd())
del sys.argv[0]
runpy.run_module("kamlib", run_name="__main__", alter_sys=True)
"""
FIRST = ["uv venv --allow-existing", "uv pip install"]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_an_old_python_is_refused_in_one_sentence():
    code = (
        "import sys, runpy; sys.version_info = (3, 10, 4); runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    command = [sys.executable, "-c", code, str(ROOT / "kamlib" / "__main__.py")]
    process = subprocess.run(command, capture_output=True, text=True)

    assert process.returncode == 1
    assert process.stderr.startswith("kamlib needs Python 3.11 or newer and this is Python 3.10")
    assert process.stderr.count("\n") == 1


def test_an_old_python_can_read_as_far_as_the_refusal():
    import ast

    for name in ("__main__.py", "__init__.py"):
        ast.parse((ROOT / "kamlib" / name).read_text(encoding="utf-8"), feature_version=(3, 7))


def test_every_dependency_has_the_form_that_the_set_up_reads():
    lines = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]

    assert [line for line in lines if not re.fullmatch(r"[\w-]+>=\d+(\.\d+)*", line)] == []


def test_versions_compare_by_their_numbers(bootstrap):
    numbers = bootstrap["numbers"]

    assert numbers("1.9.0.post1") == [1, 9]
    assert numbers("10.0") > numbers("9.5")
    assert numbers("3.1.6rc1") == [3, 1, 6]
    assert numbers("8.0.0") >= numbers("8")


def test_a_python_with_the_packages_is_recognised_without_loading_them():
    code = "import kamlib.__main__ as m, sys; print(m.has_packages(True), 'pandas' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert process.stdout == "True False\n"


def test_the_first_start_sets_up_and_the_second_does_not(checkout):
    code, out, err = checkout.run("show", "a b")

    assert (code, checkout.called()) == (0, FIRST)
    assert "about a minute and happens once" in err
    assert out == f"{checkout.venv} ['show', 'a b'] {checkout.root}\n"

    code, again, err = checkout.run("show", "a b")

    assert (code, again, err, checkout.called()) == (0, out, "", FIRST)


def test_the_exit_code_is_the_command_s_own(checkout):
    assert checkout.run("fail")[0] == 7


def test_a_changed_lock_is_installed(checkout):
    checkout.done("setup")
    with (checkout.root / RUNTIME).open("a") as lock:
        lock.write("# newer\n")
    checkout.done("setup")

    assert checkout.called() == [*FIRST, "uv pip install"]


def test_setting_up_the_tests_serves_the_workbook_too(checkout):
    checkout.done("setup", "--test")
    checkout.done("show")
    checkout.done("setup", "--test")

    assert checkout.called() == FIRST


def test_the_tests_need_more_than_the_workbook(checkout):
    checkout.done("show")
    checkout.done("setup", "--test")

    assert checkout.called() == [*FIRST, "uv pip install"]


def test_an_interrupted_set_up_begins_again(checkout):
    """What it left half-written goes first."""
    process = checkout.start("show", UV_WAITS_FOR="what never comes")
    wait_until(lambda: len(checkout.called()) == 2, what="the installer")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("needs to see which installer was started")
    installer = int(children.read_text())
    process.kill()
    process.communicate()
    os.kill(installer, 9)
    (checkout.venv / "half-written").touch()
    code, _, _ = checkout.run("show")

    assert (code, checkout.called()) == (0, FIRST + FIRST)
    assert not (checkout.venv / "half-written").exists()


def test_a_venv_whose_python_went_away_is_made_anew(checkout):
    checkout.done("show")
    (checkout.venv / "bin" / "python").unlink()
    code, _, _ = checkout.run("show")

    assert (code, checkout.called()) == (0, FIRST + FIRST)


def test_two_at_once_set_up_once(checkout):
    go = checkout.root / "go"
    first = checkout.start("show", UV_WAITS_FOR=str(go))
    wait_until(lambda: len(checkout.called()) == 2, what="the installer")
    second = checkout.start("show")
    waits = second.stderr.readline()
    go.touch()
    both = (first, second)
    said = [process.communicate(timeout=120)[1] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert checkout.called() == FIRST
    assert "waiting" in waits and "waiting" not in "".join(said)


def test_pip_takes_over_where_uv_fails_and_failure_is_told_in_plain_words(checkout):
    """With no package to be had, pip fails too: what to do, no traceback, and the next start tries again."""
    nowhere = {"UV_FAILS": "1", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    code, _, err = checkout.run("show", **nowhere)
    log = (checkout.venv / "kamlib-setup.log").read_text()

    assert code == 1
    assert "Check the network connection and start the same command again" in err
    assert "Traceback" not in err and len(err.splitlines()) <= 2
    assert "error: no such host" in log and "-m pip install" in log
    assert checkout.run("show")[0] == 0


def test_a_uv_that_does_not_start_leaves_it_to_pip(checkout):
    (checkout.tools / "uv").write_text("#!/no/such/interpreter\n")
    code, _, _ = checkout.run("show", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    log = (checkout.venv / "kamlib-setup.log").read_text()

    assert code == 1 and "$ uv venv" in log and "-m pip install" in log


def test_a_failed_update_leaves_the_working_packages(checkout):
    checkout.done("show")
    nowhere = {"UV_FAILS": "1", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}

    assert checkout.run("setup", "--test", **nowhere)[0] == 1
    assert checkout.run("show", **nowhere)[0] == 0


def test_pip_is_chosen_without_uv(bootstrap, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert [install.__name__ for install in bootstrap["installers"]()] == ["with_pip"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_rights_is_told_in_one_sentence(checkout):
    checkout.root.chmod(0o500)
    code, _, err = checkout.run("show")
    checkout.root.chmod(0o700)

    assert (code, err.count("\n")) == (1, 1)


def test_a_start_loads_nothing_slow(checkout):
    """What a set-up needs is loaded for a set-up only."""
    checkout.done("show")
    command = [sys._base_executable, "-I", "-S", "-X", "importtime", "-c", BARE, "kamlib", "show"]
    env = {"PATH": os.defpath}
    told = subprocess.run(
        command, cwd=checkout.root, env=env, capture_output=True, text=True, check=True
    ).stderr
    loaded = set(re.findall(r"\| +([\w.]+)$", told, re.MULTILINE))

    assert "hashlib" in loaded
    assert not loaded & {"subprocess", "logging", "asyncio", "pandas", "yaml", "pydantic"}


def test_kernels_find_kamlib_and_their_own_python(bootstrap, tmp_path):
    """A kernel called python3 in the user's home must not replace the one beside kamlib."""
    other = tmp_path / "home" / ".local" / "share" / "jupyter" / "kernels" / "python3"
    other.mkdir(parents=True)
    spec = {"argv": ["false", "{connection_file}"], "display_name": "other", "language": "python"}
    (other / "kernel.json").write_text(json.dumps(spec))
    code = """
        import jupyter_client, sys
        manager, client = jupyter_client.manager.start_new_kernel(kernel_name="python3")
        def show(message):
            if message["msg_type"] in ("stream", "error"):
                print(message["content"].get("text") or message["content"], end="")
        client.execute_interactive("import kamlib, sys; print(kamlib.__file__, sys.prefix)", output_hook=show)
        manager.shutdown_kernel(now=True)
    """
    wanted = bootstrap["environment"](Path(sys.executable))
    env = os.environ | {"HOME": str(tmp_path / "home"), "PYTHONPATH": ""} | wanted
    command = [sys.executable, "-c", textwrap.dedent(code)]
    process = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)

    assert process.stdout == f"{ROOT / 'kamlib' / '__init__.py'} {sys.prefix}\n", process.stderr


# --- The tools -------------------------------------------------------------------------------


def test_stripping_leaves_what_the_author_wrote(tmp_path):
    ran = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": 3,
                "id": "a1",
                "metadata": {"tags": ["report"], "papermill": {"status": "completed"}, "scrolled": True},
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["Meridian Brokers"]}],
                "source": "one\ntwo",
            },
            {"cell_type": "markdown", "id": "b2", "metadata": {}, "source": ["# Métier\n"]},
        ],
        "metadata": {"widgets": {"state": "secret"}, "papermill": {}, "kernelspec": {"name": "mine"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    file = tmp_path / "book.ipynb"
    file.write_text(json.dumps(ran))
    command = [sys.executable, str(ROOT / "tools" / "strip_outputs.py"), str(file)]
    codes = [subprocess.run(command, capture_output=True).returncode for _ in range(2)]
    text = file.read_text(encoding="utf-8")
    code, told = json.loads(text)["cells"]

    assert codes == [1, 0]
    assert (code["outputs"], code["execution_count"]) == ([], None)
    assert (code["metadata"], code["source"]) == ({"tags": ["report"]}, ["one\n", "two"])
    assert told["source"] == ["# Métier\n"]
    assert not re.search("Meridian|secret|papermill|widgets", text) and "Métier" in text


def test_every_committed_notebook_is_stripped():
    notebooks = sorted(map(str, (ROOT / "notebooks").glob("*.ipynb")))
    command = [sys.executable, str(ROOT / "tools" / "strip_outputs.py"), "--check", *notebooks]
    process = subprocess.run(command, capture_output=True, text=True)

    assert process.stdout == ""


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_a_checkout_holds_no_link_to_a_place_on_somebody_elses_machine() -> None:
    """A committed link, such as an environment of one developer, would stop the set-up everywhere else."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not [line for line in listed.stdout.splitlines() if line.startswith("120000")]
