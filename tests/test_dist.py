"""What is released: the wheel, the sdist, and the version that all files name."""

import re
import subprocess
import sys
import tarfile
import tomllib
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def built(target: str, source: Path, folder: Path) -> Path:
    """The one file that hatchling builds from a source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    [file] = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="needs hatchling: pip install hatchling")
    return built("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the wheel of this checkout."""
    pytest.importorskip("hatchling", reason="needs hatchling: pip install hatchling")
    return contents(built("wheel", ROOT, tmp_path_factory.mktemp("wheel")))


def contents(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.long
def test_the_sdist_builds_the_same_wheel(sdist: Path, wheel: dict[str, bytes], tmp_path: Path):
    with tarfile.open(sdist) as file:
        file.extractall(tmp_path / "source", filter="data")
    [source] = (tmp_path / "source").iterdir()
    assert contents(built("wheel", source, tmp_path / "again")) == wheel


def test_the_sdist_holds_the_package_alone(sdist: Path):
    with tarfile.open(sdist) as file:
        names = {Path(*Path(name).parts[1:]) for name in file.getnames()}
    outside = {str(name) for name in names if name.parts[0] != "src"}
    known = {"CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
    assert outside == known


def test_the_wheel_holds_every_file_of_the_package(wheel: dict[str, bytes]):
    tracked = subprocess.run(["git", "ls-files", "src/selfamplify"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("needs a git checkout")
    names = {name.removeprefix("src/") for name in tracked.stdout.splitlines() if (ROOT / name).exists()}
    assert names <= set(wheel)
    assert {name for name in wheel if not name.startswith("selfamplify/")} == {
        name for name in wheel if re.match(r"selfamplify-[\d.]+\.dist-info/", name)
    }


def test_the_metadata_are_those_of_the_project(wheel: dict[str, bytes]):
    [metadata] = [message_from_bytes(text) for name, text in wheel.items() if name.endswith("METADATA")]
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert set(metadata.get_all("Provides-Extra", [])) == set(project["optional-dependencies"])
    [entries] = [text.decode() for name, text in wheel.items() if name.endswith("entry_points.txt")]
    assert "selfamplify = selfamplify.cli:main" in entries


def test_all_files_name_the_same_version():
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    released = re.findall(
        r"^## (\d\S*) - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert released[0] == (version, str(citation["date-released"]))
    assert str(citation["version"]) == version


def test_workflows_use_targets_and_pythons_that_the_project_has():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    with (ROOT / "pyproject.toml").open("rb") as file:
        classifiers = tomllib.load(file)["project"]["classifiers"]
    supported = re.findall(r"Python :: (3\.\d+)", " ".join(classifiers))
    for file in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]
        steps = [step for job in jobs.values() for step in job["steps"]]
        assert {name for step in steps for name in re.findall(r"make ([\w-]+)", step.get("run", ""))} <= targets
        matrices = [job["strategy"]["matrix"]["python"] for job in jobs.values() if "strategy" in job]
        assert all(matrix == supported for matrix in matrices)
