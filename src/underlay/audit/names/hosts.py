"""Whose server an address leads to: one's own, or somebody's service."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from underlay.audit.names.references import vocabulary

__all__ = ["is_local_url", "operator_of_url"]

_LOCAL_NAMES = frozenset(
    ("localhost", "host.docker.internal", "gateway.docker.internal", "ip6-localhost")
)


def is_local_url(url: str) -> bool:
    """Whether the address is this machine, a private network or a service of the same cluster."""
    try:
        host = urlsplit(url if "://" in url else f"http://{url}").hostname or ""
    except ValueError:
        return False
    if host in _LOCAL_NAMES or host in ("::1", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return True
    if re.fullmatch(
        r"(?:127|10)(?:\.\d{1,3}){3}|(?:192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])|"
        r"100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))(?:\.\d{1,3}){2}",
        host,
    ):
        return True
    if host.endswith(
        (
            ".local",
            ".svc",
            ".default",
            ".home.arpa",
            ".localdomain",
            ".internal",
            ".lan",
            ".localhost",
            ".svc.cluster.local",
            ".cluster.local",
        )
    ):
        return True
    if host.startswith("your"):  # a placeholder
        return False
    # a name without a dot is a service of Compose or of the cluster
    return "://" in url and bool(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", host))


def operator_of_url(url: str) -> str | None:
    """Who runs the service at that address, where the vocabulary knows the host."""
    try:
        host = (urlsplit(url if "://" in url else f"https://{url}").hostname or "").lower()
    except ValueError:
        return None
    hosts: dict[str, str] = vocabulary()["hosts"]
    while host:
        if host in hosts:
            return hosts[host]
        host = host.partition(".")[2]
    if re.search(
        r"bedrock(?:-runtime)?\.[a-z0-9-]+\.amazonaws\.com$",
        url.split("/")[2] if "://" in url else url,
    ):
        return "bedrock"
    return None
