"""A fresh environment that holds the product from its wheel alone, and no Node."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FRONT_END = ("node", "npm", "npx", "jlpm", "yarn")
OURS = frozenset({"dltrainer-jupyter", "dltrainer_jupyter.json"})
"""What the wheel itself has to bring."""


def build(folder: Path) -> tuple[Path, Path]:
    """Give the wheel and the sdist that ``make wheel`` builds; building is where Node is needed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    made = subprocess.run(
        ["make", "wheel", f"DIST={folder}"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    [wheel] = folder.glob("*.whl")
    [sdist] = folder.glob("*.tar.gz")
    return wheel, sdist


@dataclass(frozen=True)
class Environment:
    """A virtual environment whose programs are all that is on the path."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of processes that live in it."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "HATCH_", "VIRTUAL"))}
        return {**kept, "PATH": str(self.folder / "bin"), "VIRTUAL_ENV": str(self.folder)}

    def run(self, *command: str, cwd: Path) -> str:
        """Run a program of the environment and give all that it said."""
        done = subprocess.run(
            [self.folder / "bin" / command[0], *command[1:]],
            env=self.variables,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def install(wheel: Path, folder: Path) -> Environment:
    """Install a wheel into a new environment; whatever it depends on is lent by the one the tests run in.

    Lending saves gigabytes and minutes: a path file for the packages, links for what JupyterLab looks for in files.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    made = Environment(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(made.python), "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    lender = Path(sys.prefix)
    # A folder that is named in a path file has its own path files passed over, an editable install of ours among them.
    [library] = (folder / "lib").glob("python*/site-packages")
    (library / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shared = ("lab", "labextensions", "kernels")
    for place in ("etc/jupyter/jupyter_server_config.d", *(f"share/jupyter/{name}" for name in shared)):
        for lent in (lender / place).iterdir():
            if lent.name not in OURS:
                _link(lent, folder / place / lent.name)
    for script in (lender / "bin").glob("jupyter*"):
        first, _, rest = script.read_text().partition("\n")
        assert first.startswith("#!"), script
        (folder / "bin" / script.name).write_text(f"#!{made.python}\n{rest}")
        (folder / "bin" / script.name).chmod(0o755)
    return made


def _link(lent: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(lent)
