"""What means this machine: where `serve` listens without `--allow-remote`, and whose requests it answers then."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_loopback(name: str) -> bool:
    """Whether a host name or address, without a port, means this machine: `localhost`, `127.0.0.1`, `::1`."""
    name = name.lower().removesuffix(".")
    try:
        address = ip_address(name)
    except ValueError:
        return name == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
