"""Pythons from Debian unstable, entered by chroot.

1. One debootstrap tree in the cache serves all checkouts. It takes root on a Debian, a minute and
   700 MB, once.
2. Nothing inside the tree asks the network: wheels are downloaded outside, installed inside without
   an index. The checkout is copied in, and brought up to date before each use.
3. CPython's tests are a package of their own. They are put beside the libraries, as `cpython-tests`.
4. /proc and /dev/shm are mounted in a mount namespace of the process that needs them, so they
   vanish with it, however it ends.
"""

import filecmp
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from ci.environments import CACHE, KEY, ROOT, Unavailable, call, explain, fill_venv, home_in, note

VERSIONS = ("3.14", "3.15")
TREE = CACHE / "sid"
INSIDE = f"/opt/pickleloaf/{KEY}"  # this checkout's place in the tree, seen from inside

# $0 is the tree, $1 the directory to start in, the rest the command.
ENTER = 'mount -t proc proc "$0/proc" && mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"'
ENTER += ' && exec chroot "$0" env --chdir "$@"'


def command(version: str) -> tuple[str, ...]:
    """Give the command of a Python in the Debian tree, in a venv inside it."""
    if reason := why_not(version):
        raise Unavailable(reason)
    bring_tree()
    home = home_in(TREE / "opt" / "pickleloaf")
    copy_checkout(home / "checkout")
    prefix = (*entering(), f"{INSIDE}/checkout")
    venv = f"{INSIDE}/{version}"
    if not (home / version / "complete").exists():
        note(f"{version}: making an environment in the Debian tree")
        download_wheels(version, home)
        offline = ("--isolated", "--no-index", "--find-links", f"{INSIDE}/wheels")
        fill_venv(prefix, f"/usr/bin/python{version}", venv, *offline)
        (home / version / "complete").touch()
    if not (home / version / "cpython-tests").exists():
        bring_tests(version, home)
    return (*prefix, f"{venv}/bin/python")


def why_not(version: str) -> str:
    """Say why Debian unstable cannot give this version here; empty if it can."""
    if version not in VERSIONS:
        return "not installed (looked in pyenv and on PATH)"
    if os.geteuid() != 0:
        return "not installed, and a Debian tree takes root"
    if not shutil.which("apt-get"):
        return "not installed, and no apt here to bring Debian's"
    return ""


def bring_tree() -> None:
    """Bootstrap Debian unstable with its Pythons, unless that was done before."""
    if TREE.exists():
        return
    note(f"bringing Python {' and '.join(VERSIONS)} from Debian unstable into {TREE}")
    packages = ",".join(f"python{v},python{v}-venv" for v in VERSIONS)
    partial = TREE.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        mirror = mirror_of_apt()
        if not shutil.which("debootstrap"):
            call("apt-get", "install", "--yes", "--no-install-recommends", "debootstrap")
        bootstrap = ("debootstrap", "--variant=minbase", f"--include={packages}", "sid", str(partial), mirror)
        call(*bootstrap, env=proxied_environment())
    except subprocess.CalledProcessError as error:
        raise Unavailable(explain(error)) from error
    partial.rename(TREE)


def mirror_of_apt() -> str:
    """Name the mirror from which this machine's apt takes Debian itself.

    Raises:
        Unavailable: apt is set up for another distribution.
    """
    call("apt-get", "update")  # also what makes the origin of each mirror known
    for line in call("apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(SITE)").splitlines():
        origin, label, site = line.rsplit(maxsplit=2)
        if origin == label == "Debian":
            return site
    raise Unavailable("not installed, and this machine's apt knows no Debian mirror")


def proxied_environment() -> dict[str, str]:
    """Copy apt's proxies into the environment, where debootstrap's downloader looks for them."""
    environment = dict(os.environ)
    for scheme in ("http", "https"):
        if proxy := call("apt-config", "dump", "--format", "%v", f"Acquire::{scheme}::Proxy"):
            environment.setdefault(f"{scheme}_proxy", proxy)
    return environment


@functools.cache
def entering() -> tuple[str, ...]:
    """Give the command that enters the tree; it is followed by a directory and a command.

    Where no mount namespace is allowed (some containers) the tree goes without /proc.
    """
    mounted = ("unshare", "--mount", "sh", "-c", ENTER, str(TREE))
    if subprocess.run([*mounted, "/", "true"], check=False, capture_output=True).returncode == 0:
        return mounted
    return ("chroot", str(TREE), "env", "--chdir")


def copy_checkout(target: Path) -> None:
    """Bring a copy of the checkout up to date: tracked files, and new ones that git does not ignore."""
    listed = call("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    wanted = {name for name in listed if (ROOT / name).is_file()}
    there = {str(p.relative_to(target)) for p in target.rglob("*") if p.is_file() and p.suffix != ".pyc"}
    for name in there - wanted:
        (target / name).unlink(missing_ok=True)
    for name in wanted:
        copy = target / name
        if not (copy.exists() and filecmp.cmp(ROOT / name, copy, shallow=False)):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy)


def download_wheels(version: str, home: Path) -> None:
    """Put the wheels for the tests, and for an editable install, under `home`.

    Raises:
        Unavailable: a library that every test run needs has no wheel for this version.
    """
    python = home / "downloader" / "bin" / "python"
    download = ("download", "--dest", str(home / "wheels"), "--python-version", version)
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    call(sys.executable, "-m", "venv", "--clear", str(home / "downloader"))
    call(str(python), "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1")
    pip = (str(python), "-m", "pip", *download, "--quiet", "--only-binary=:all:", "--group", "test")
    try:
        call(*pip, *build, "editables")
    except subprocess.CalledProcessError as error:
        raise Unavailable(explain(error)) from error
    call(str(python), "ci/foreign.py", *download)


def bring_tests(version: str, home: Path) -> None:
    """Put CPython's tests into an environment, if they can be had."""
    with tempfile.TemporaryDirectory() as folder:
        download = ("apt-get", "-o", f"Dir={TREE}", "-o", "APT::Sandbox::User=root", "download")
        get = (*download, f"libpython{version}-testsuite")
        try:
            call("env", "--chdir", folder, *get, env=proxied_environment())
            for archive in Path(folder).glob("*.deb"):
                call("dpkg-deb", "--extract", str(archive), folder)
        except subprocess.CalledProcessError as error:
            note(f"{version}: without CPython's tests: {explain(error)}")
            return
        tests = Path(folder, "usr", "lib", f"python{version}", "test")
        shutil.copytree(tests, home / version / "cpython-tests", dirs_exist_ok=True)
