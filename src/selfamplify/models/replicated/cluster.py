"""A Ray cluster: connecting to it, and how many replicas of a model fit on it."""

import logging
import os
import socket
from dataclasses import dataclass
from types import ModuleType

from ...errors import ModelError, SettingsError
from ...text.lines import first_line

LOCAL = "local"
_PATIENCE = 15.0
"""Seconds to wait for a connection."""


@dataclass(frozen=True)
class Share:
    """What one replica takes of a cluster: CPU cores, which are also its threads, and GPUs (a fraction: several share one)."""

    cpus: int = 1
    gpus: float = 0.0

    def __str__(self) -> str:
        return f"{self.cpus} CPU" + (f" and {self.gpus:g} GPU" if self.gpus else "")

    def fits(self, node: dict[str, float]) -> int:
        """How many replicas fit on a node with these resources."""
        by_cpus = int(node.get("CPU", 0) // self.cpus)
        return min(by_cpus, int(node.get("GPU", 0) / self.gpus + 1e-9)) if self.gpus else by_cpus


def connected(address: str) -> ModuleType:
    """Ray, connected to a cluster, or to a new one on this machine."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster of ours sends no usage statistics
    try:
        import ray
    except ImportError as error:
        raise SettingsError("Ray is not installed; install it with `pip install 'selfamplify[ray]'`.") from error
    if ray.is_initialized():
        return ray
    _knock(address)
    dashboard = False if address == LOCAL else None
    try:
        ray.init(address=address, include_dashboard=dashboard, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreached(address, error) from error
    return ray


def _knock(address: str) -> None:
    """Raise ModelError if nothing listens at a host and port: Ray itself would try for minutes."""
    host, colon, port = address.rpartition("//")[2].rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
        except (OSError, OverflowError) as error:
            raise _unreached(address, error) from error


def _unreached(address: str, error: Exception) -> ModelError:
    return ModelError(
        f"No Ray cluster could be reached at '{address}' ({first_line(error)}); use `ray=\"local\"`, or start one with "
        f"`ray start --head`."
    )


def room(cluster: ModuleType, share: Share) -> int:
    """How many replicas fit on the machines of a cluster. Raises SettingsError if none fits."""
    nodes = [node["Resources"] for node in cluster.nodes() if node["Alive"]]
    found = sum(map(share.fits, nodes))
    if not found:
        largest = max(nodes, key=lambda node: (node.get("GPU", 0), node.get("CPU", 0)))
        raise SettingsError(
            f"A replica of {share} fits on no machine of the cluster (the largest has {largest.get('CPU', 0):g} CPU and "
            f"{largest.get('GPU', 0):g} GPU); use smaller `cpus` or `gpus`."
        )
    return found
