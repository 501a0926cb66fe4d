"""Loading repositories of the Hugging Face hub, or local copies of them, with the `datasets` library."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...network import hub_answers
from ...text.lines import first_line, sha256
from ..rows.binary import BEFORE_NUMBER, numbered_rows
from ..rows.rows import Row

_CONVERTED = "refs/convert/parquet"
"""The branch on which the hub keeps parquet files of data that a script makes. Each configuration has a folder there."""
_BATCH = 1000


@dataclass(frozen=True)
class Repository:
    """A repository of the hub, or a folder with a copy of one.

    Parameters
    ----------
    path : str
        ``"owner/name"``, or the folder.
    configs : tuple of str, default ()
        Its configurations.
    default : str or None, default None
        The configuration that is read if none is named; None if one must be named.
    offline : bool, default False
        Whether to read only local files.
    cached : bool, default False
        Whether the hub can't be reached, and ``configs`` are only those that were downloaded before.
    converted : bool, default False
        Whether the data is made by a script, so that its parquet files have to be read in place of it.
    """

    path: str
    configs: tuple[str, ...] = ()
    default: str | None = None
    offline: bool = False
    cached: bool = False
    converted: bool = False

    def place(self, config: str | None) -> str:
        """What errors call a configuration."""
        return f"{self.path}/{config}" if config else self.path


def opened(path: str) -> Repository:
    """The repository at a path, and its configurations. Raises DataError if it can't be read."""
    with _reading(path, path):
        import datasets

        offline = _is_folder(path) or not hub_answers()
        if offline and not _is_folder(path) and (cached := _cached_configs(path)):
            return Repository(path, cached, cached[0] if len(cached) == 1 else None, offline, cached=True)
        with _datasets_offline(offline):
            try:
                configs = tuple(datasets.get_dataset_config_names(path))
                return Repository(path, configs, datasets.get_dataset_default_config_name(path), offline)
            except RuntimeError as error:  # the data is made by a script, which datasets 4 and later refuse to run
                if offline:
                    raise
                configs = _converted_configs(path, error)
                return Repository(path, configs, configs[0] if len(configs) == 1 else None, converted=True)


def load(repository: Repository, config: str | None) -> dict[str, Any]:
    """The splits of a configuration by their names. Raises DataError if they can't be read."""
    with _reading(repository.place(config), repository.path):
        import datasets

        with _datasets_offline(repository.offline):
            found = (
                datasets.load_dataset(repository.path, data_dir=config, revision=_CONVERTED)
                if repository.converted
                else datasets.load_dataset(  # nosec B615 # the user names it, and the run keeps a digest of what was read
                    repository.path, config, cache_dir=_cache_of_folder(repository.path)
                )
            )
            return {str(name): table for name, table in found.items()}


def load_named(path: str, config: str | None) -> dict[str, Any]:
    """The splits of a configuration that is known to exist. Raises DataError if they can't be read."""
    return load(Repository(path, offline=_is_folder(path) or not hub_answers()), config)


def split_rows(repository: str, config: str | None, split: str, table: Any) -> list[Row]:
    """The rows of a split."""
    place, name = f"{repository}/{config}" if config else repository, f"{config or Path(repository).name}-{split}"
    batches = table.with_format("arrow").iter(_BATCH)  # much faster than row by row
    values = numbered_rows((row for batch in batches for row in batch.to_pylist()), table.features.to_dict())
    return [Row(f"{place}/{split}{BEFORE_NUMBER}{number}", f"{name}-{number}", row, line=number) for number, row in values]


def _is_folder(path: str) -> bool:
    return Path(path).is_dir()


def _cache_of_folder(path: str) -> str | None:
    """Where to cache what is made of a folder's files; None for a repository of the hub.

    `datasets` itself tells folders apart only by their names and cards, and would not notice other files.
    """
    if not _is_folder(path):
        return None
    import datasets.config

    root = Path(path).resolve()
    files = [file for file in sorted(root.rglob("*")) if not any(part.startswith(".") for part in file.relative_to(root).parts)]
    state = [(str(file), status.st_size, status.st_mtime_ns) for file in files if (status := file.stat())]
    return str(Path(datasets.config.HF_DATASETS_CACHE).expanduser() / f"folder-{sha256(repr(state))[:16]}")


def _cached_configs(path: str) -> tuple[str, ...]:
    """The configurations of a repository that have been downloaded before."""
    import datasets.config
    from datasets.naming import camelcase_to_snakecase

    owner, slash, name = path.rpartition("/")
    folder = Path(datasets.config.HF_DATASETS_CACHE).expanduser() / f"{owner}{slash and '___'}{camelcase_to_snakecase(name)}"
    return tuple(sorted(entry.name for entry in folder.glob("*") if any(entry.glob("*/*"))))


def _converted_configs(path: str, error: RuntimeError) -> tuple[str, ...]:
    """The configurations that have been converted. Raises ``error`` if there are none."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.hf_api import RepoFolder

    try:
        entries = [*HfApi().list_repo_tree(path, repo_type="dataset", revision=_CONVERTED)]
    except HfHubHTTPError:
        raise error from None
    return tuple(entry.path for entry in entries if isinstance(entry, RepoFolder))


@contextmanager
def _reading(place: str, path: str) -> Iterator[None]:
    """Raise DataError for any error inside: `datasets` raises many kinds, some from other libraries."""
    try:
        yield
    except ImportError as error:
        raise DataError(
            f"Reading {place} needs the datasets library: run `pip install 'selfamplify[hub]'`, "
            'or use a file of your own: `data="questions.csv"`.'
        ) from error
    except ConnectionError as error:
        raise DataError(
            f"{place} can't be read (the Hugging Face hub can't be reached, and there is no folder {path}); "
            'use a local copy of it, or another file: `data="questions.csv"`.'
        ) from error
    except Exception as error:
        reason = first_line(error.__cause__ if isinstance(error.__cause__, Exception) else error)
        raise DataError(f'{place} can\'t be read ({reason}); use another file: `data="questions.csv"`.') from error


@contextmanager
def _datasets_offline(offline: bool) -> Iterator[None]:
    """Keep `datasets` to local files inside the context, if ``offline``. It reads the two switches at every call."""
    import datasets.config  # heavy
    import huggingface_hub.constants as hub

    before = hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    quiet = offline and not datasets.are_progress_bars_disabled()  # nothing is downloaded
    if offline:
        hub.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    if quiet:
        datasets.disable_progress_bars()
    try:
        yield
    finally:
        hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before
        if quiet:
            datasets.enable_progress_bars()
