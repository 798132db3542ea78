"""Announcing what is really bound by zeroconf, so that other programs find it by themselves.

OSCQuery clients look for `_oscjson._tcp`; `_osc._udp` is what TouchOSC and others look for. What is
bound to loopback alone is announced on loopback alone: nobody else could reach it.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator

import psutil
import zeroconf
from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

QUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."


def services(
    name: str, osc: tuple[str, int], query: tuple[str, int]
) -> dict[tuple[str, ...], list[zeroconf.ServiceInfo]]:
    """Return what is to be announced, by the addresses it can be reached at: bound hosts, ports."""
    found: dict[tuple[str, ...], list[zeroconf.ServiceInfo]] = {}
    for kind, (host, port) in ((OSC, osc), (QUERY, query)):
        where = reachable(host)
        service = zeroconf.ServiceInfo(
            kind,
            f"{name}.{kind}",
            port,
            parsed_addresses=list(where),
            server=f"livematch-{port}.local.",
        )
        found.setdefault(where, []).append(service)
    return found


def reachable(host: str) -> tuple[str, ...]:
    """Return the addresses at which something that is bound to `host` can be reached."""
    address = ipaddress.ip_address(host)
    if not address.is_unspecified:
        return (host,)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return tuple(
        found.address
        for name, addresses in sorted(psutil.net_if_addrs().items())
        for found in addresses
        if found.family == family and _is_of_others(found.address)
    )


def _is_of_others(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    return not address.is_loopback and not address.is_link_local


@contextlib.asynccontextmanager
async def announced(name: str, osc: tuple[str, int], query: tuple[str, int]) -> AsyncIterator[None]:
    """Announce as long as the context lasts; where that cannot be, it is logged and left out."""
    voices: list[AsyncZeroconf] = []
    speaking = asyncio.create_task(_announce(voices, name, osc, query))
    try:
        yield
    finally:
        speaking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await speaking
        for voice in voices:
            with contextlib.suppress(OSError, zeroconf.Error):
                await voice.async_unregister_all_services()
            await voice.async_close()


async def _announce(
    voices: list[AsyncZeroconf], name: str, osc: tuple[str, int], query: tuple[str, int]
) -> None:
    try:
        for where, found in services(name, osc, query).items():
            voice = AsyncZeroconf(interfaces=list(where))
            voices.append(voice)
            for service in found:  # a second livematch is called livematch-2
                await (await voice.async_register_service(service, allow_name_change=True))
    except (OSError, zeroconf.Error) as error:
        log.warning("not announced by zeroconf, other programs must be told the port: %s", error)
