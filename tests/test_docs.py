"""Every command and every Python block of the documentation runs, page by page, as it is written.

What can't run here is marked with a reason, ``<!-- not run: needs a server -->``: then the options of its commands are checked,
and the names that its Python imports. The files that pages take for granted are small ones, made here; ``MODEL`` is the
embedded model.
"""

import ast
import re
import shutil
import tomllib
import warnings
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import typer
from guide_files import MODELS, make
from guides import GUIDES, REASONS, ROOT, Block, Command, blocks
from small import Run
from typer.core import TyperGroup

from selfamplify import SelfAmplifyWarning
from selfamplify.cli.app import app

RUN = {page: [each for each in blocks(page) if each.kind in ("python", "sh")] for page in GUIDES}
BLOCKS = [each for page in GUIDES for each in RUN[page]]
PLACEHOLDERS = {"MODEL": "embedded", "TASK": "planted_arc"}
RUNS = {"report.md": "runs/demo", "results.md": "runs/mine", "statistics.md": "runs/grid"}
"""The run folders that pages begin with."""


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a small comparison."""
    folder = tmp_path_factory.mktemp("compared") / "run"
    plan = ("--methods", "random", "--select", "error", "--seeds", "0,1", "--shots", "2", "--limit", "10")
    app(args=["compare", "--task", "planted_arc", *plan, "--out", str(folder)], standalone_mode=False)
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pages take for granted."""
    return make(tmp_path_factory.mktemp("files"))


@pytest.fixture
def world(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which a page is followed."""
    folder = shutil.copytree(files, tmp_path / "world", symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(webbrowser, "open", lambda url, *_: True)
    return folder


@pytest.mark.long
@pytest.mark.parametrize(
    "page", [page for page in GUIDES if any(not each.reason for each in RUN[page])], ids=lambda page: page.name
)
def test_a_page_can_be_followed(page: Path, world: Path, request: pytest.FixtureRequest, run: Run):
    if folder := RUNS.get(page.name):
        shutil.copytree(request.getfixturevalue("compared"), world / folder)
    if page.name == "quickstart.md":
        (world / "melting.csv").replace(world / "questions.csv")
    names: dict[str, object] = {"__name__": "__main__"}
    as_shown = True
    for block in RUN[page]:
        if block.reason:
            continue
        as_shown = as_shown and not any(name in block.text for name in MODELS)
        if block.kind == "python":
            printed = executed(block, names)
        else:
            printed = "".join(called(each, block, run, as_shown) for each in block.commands)
        if as_shown:
            assert_shown(block.shown, printed, block.place)


def executed(block: Block, names: dict[str, object]) -> str:
    """What a Python block prints."""
    with redirect_stdout(StringIO()) as printed, warnings.catch_warnings():
        warnings.simplefilter("ignore", SelfAmplifyWarning)
        exec(compile(block.text, block.place, "exec"), names)
    return printed.getvalue()


def called(command: Command, block: Block, run: Run, as_shown: bool) -> str:
    """What a command prints; it fails if the page shows an error below it, and only then."""
    program, *arguments = filled(command)
    if program in ("cat", "head"):
        lines = Path(arguments[-1]).read_text(encoding="utf-8").splitlines()
        printed = "\n".join(lines if program == "cat" else lines[: int(arguments[0].removeprefix("-"))])
        assert_shown(command.shown, printed, block.place)
        return printed
    assert program == "selfamplify", f"{block.place}: {program} can't run here; mark the block as not run, with the reason"
    code, out, problem = run(*arguments)
    failing = any(line.startswith("error:") for line in command.shown)
    assert bool(code) == failing, f"{block.place}: {command.line}\n{problem}"
    if as_shown:
        assert_shown(command.shown, out + problem, block.place)
    return out + problem


def filled(command: Command) -> list[str]:
    """The words of a command, with something in place of what stands for the reader's own."""
    return [PLACEHOLDERS.get(word, word) for word in command.words]


def assert_shown(shown: Sequence[str], printed: str, place: str) -> None:
    """All lines that a page shows are printed, apart from numbers, which depend on the machine."""
    lines = {masked(line) for line in printed.splitlines()}
    missing = [line for line in shown if line.strip(" …") and masked(line) not in lines]
    assert not missing, f"{place} shows what is not printed:\n{chr(10).join(missing)}\n\nprinted:\n{printed}"


def masked(line: str) -> str:
    """A line without its numbers and widths: a run that takes longer has longer numbers in its columns."""
    return re.sub(r"([ ─])\1+", r"\1", re.sub(r"[\d.,]*\d", "#", line.rstrip()))


def test_reasons_are_from_the_list():
    text = {page: page.read_text(encoding="utf-8") for page in GUIDES}
    given = [reason for page in GUIDES for reason in re.findall(r"^<!-- not run: (.*?) -->$", text[page], re.MULTILINE)]
    assert set(given) <= set(REASONS)
    assert len(given) == sum(bool(each.reason) for page in GUIDES for each in blocks(page)), (
        "a mark stands right before its fence"
    )


LEFT_OUT = [each for each in BLOCKS if each.reason]


@pytest.mark.long
@pytest.mark.parametrize("block", [each for each in LEFT_OUT if each.kind == "sh"], ids=lambda block: block.place)
def test_the_commands_of_a_block_that_is_not_run_exist(block: Block):
    for command in block.commands:
        if (check := CHECKS.get(command.words[0])) and "…" not in command.line:
            check(filled(command)[1:])


def check_options(arguments: list[str]) -> None:
    """Every option of a command line of ours exists, and takes such a value."""
    name, *rest = arguments
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    program.commands[name].make_context(name, rest).close()


def check_install(arguments: list[str]) -> None:
    """Every extra of this package that pip is asked for exists."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    wanted = re.findall(r"(?:\.|selfamplify)\[([\w,]+)\]", " ".join(arguments))
    assert {extra for each in wanted for extra in each.split(",")} <= set(extras)


def check_target(arguments: list[str]) -> None:
    """Every target of make exists."""
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {each for each in arguments if "=" not in each} <= set(targets)


def check_module(arguments: list[str]) -> None:
    """A module of this repository that Python is asked to run exists."""
    if arguments[0] == "-m" and arguments[1].startswith("experiments."):
        assert (ROOT / f"{arguments[1].replace('.', '/')}.py").is_file()


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "selfamplify": check_options, "uvx": lambda arguments: check_options(arguments[1:]), "pip": check_install,
    "make": check_target, "python": check_module,
}  # fmt: skip


@pytest.mark.parametrize("block", [each for each in LEFT_OUT if each.kind == "python"], ids=lambda block: block.place)
def test_what_a_block_that_is_not_run_imports_exists(block: Block):
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "selfamplify":
            exec(compile(ast.Module([node], []), block.place, "exec"), {})


def test_most_blocks_run():
    ran = [each for each in BLOCKS if not each.reason]
    print(f"{len(ran)} of {len(BLOCKS)} blocks of the documentation run; of the others, names and options are checked")
    assert [each for each in ran if each.kind == "python"] and len(ran) > len(BLOCKS) / 3
