#!/usr/bin/env python3
"""Writes a few well-formed inputs for each fuzz target into fuzz/seeds."""
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parent / "crates/protocol/tests/data"


def tpkt(tpdu: bytes) -> bytes:
    return bytes([3, 0]) + (len(tpdu) + 4).to_bytes(2, "big") + tpdu


def header(code: int, rest: bytes) -> bytes:
    return bytes([len(rest) + 1, code]) + rest


def request(variable: bytes) -> bytes:
    return tpkt(header(0xE0, bytes(5) + variable))


def confirm(variable: bytes) -> bytes:
    return tpkt(header(0xD0, bytes.fromhex("0000123400") + variable))


def flight(name: str) -> bytes:
    return b"\xff" + (DATA / name).read_bytes()


NEGOTIATION = bytes.fromhex("010008000b000000")
CORRELATED = bytes.fromhex("010808000b000000" + "06002400") + bytes(range(32))

SEEDS = {
    "server_tpdu": [
        confirm(b""),
        confirm(bytes.fromhex("021f080002000000")),
        confirm(bytes.fromhex("0300080005000000")),
        tpkt(header(0x80, bytes(5))),
        tpkt(header(0x70, bytes(3))),
        bytes.fromhex("0300000902f0802180"),
    ],
    "connection_request": [
        request(b""),
        request(NEGOTIATION),
        request(b"Cookie: mstshash=eltons\r\n" + NEGOTIATION),
        request(b"Cookie: msts=3640205228.15629.0000\r\n" + CORRELATED),
    ],
    "tls": [
        bytes.fromhex("03" + "150303000202" + "28"),
        flight("openssl-3.0-tls12-flight.bin"),
        flight("openssl-3.0-tls13-flight.bin"),
    ],
    "stranger": [
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\nVia: 1.1 a\r\nX-Cache: MISS\r\n\r\n<html>",
        b"220 mail.example.com ESMTP Postfix\r\n",
        b"554 5.7.1 blocked\r\n",
        b"RFB 003.008\n",
        bytes.fromhex("4a0000000a382e302e333600"),
        "a\u202eb\u200b\x1b[31m\u00fc".encode(),
    ],
}

for target, inputs in SEEDS.items():
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(inputs):
        (folder / f"{number:02}").write_bytes(data)
