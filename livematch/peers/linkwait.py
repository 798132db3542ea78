"""Whether anybody plays with Ableton Link here, found out without taking part.

In Link the session that has been there longest leads, so an instrument that waits in a session of
its own gives its tempo to whoever comes after. Who only wants to listen must come last: this hears
the announcements that peers make by multicast, and says nothing.
"""

import asyncio
import socket

import psutil

GROUP, PORT = "224.76.78.75", 20808
ALIVE = b"_asdp_v\x01\x01"  # the protocol, its version, and the kind of message


def discovery_socket() -> socket.socket:
    """Return a socket that hears Link's announcements on every network; OSError where none can."""
    ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ears.bind(("", PORT))
        ears.setblocking(False)
        joined = [address for address in _addresses() if _is_joined(ears, address)]
    except OSError:
        ears.close()
        raise
    if not joined:
        ears.close()
        raise OSError("no network here takes part in multicast")
    return ears


def _addresses() -> list[str]:
    return [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET
    ]


def _is_joined(ears: socket.socket, address: str) -> bool:
    membership = socket.inet_aton(GROUP) + socket.inet_aton(address)
    try:
        ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError:  # a network without multicast; another may have it
        return False
    return True


class Alive(asyncio.DatagramProtocol):
    """Sets `heard` at the first announcement of a peer."""

    def __init__(self, heard: asyncio.Event) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - whoever
        """Take one datagram."""
        if data.startswith(ALIVE):
            self._heard.set()
