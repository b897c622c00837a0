#!/usr/bin/env python3
"""Writes a few well-formed inputs for each fuzz target into fuzz/seeds."""
import json
import struct
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


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag, len(content)]) + content if len(content) < 128 else bytes([tag, 0x81, len(content)]) + content


def ts_request(token: bytes) -> bytes:
    tokens = der(0x30, der(0x30, der(0xA0, der(0x04, token))))
    return der(0x30, bytes.fromhex("a003020106"), der(0xA1, tokens))


def client_hello(*extensions: str) -> bytes:
    block = b"".join(map(bytes.fromhex, extensions))
    body = bytes.fromhex("0303") + bytes(32) + bytes.fromhex("00" "0006c030009d000a" "0100")
    body += len(block).to_bytes(2, "big") + block if extensions else b""
    return b"\x01" + len(body).to_bytes(3, "big") + body


NTLM_NEGOTIATE = bytes.fromhex("4e544c4d53535000" "01000000" "b78208e2" + "00" * 16 + "0a00614a0000000f")
NTLM_CHALLENGE = bytes.fromhex(
    "4e544c4d53535000" "02000000" "0600060038000000" "15828ae2" "0123456789abcdef" "0000000000000000"
    "1a001a003e000000" "0a0063450000000f" "500043003100" "01000600500043003100" "070008000090d3ca1b5bdc01" "00000000"
)
NTLM_OID = bytes.fromhex("060a2b06010401823702020a")
SPNEGO_OID = bytes.fromhex("06062b0601050502")
SPNEGO_INIT = der(
    0x60, SPNEGO_OID, der(0xA0, der(0x30, der(0xA0, der(0x30, NTLM_OID)), der(0xA2, der(0x04, NTLM_NEGOTIATE))))
)
SPNEGO_RESPONSE = der(
    0xA1, der(0x30, bytes.fromhex("a0030a0101"), der(0xA1, NTLM_OID), der(0xA2, der(0x04, NTLM_CHALLENGE)))
)
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
    "client_hello": [
        client_hello(),
        client_hello("000a00080006001d00170018", "000b00020100", "ff01000100"),
        client_hello("0000000b0009000006736572766572", "002b0003020304", "003300050003001d0000", "001500020000"),
    ],
    "server_key_exchange": [
        bytes.fromhex("00" "030017" "0304aabb" "08040002" "5151"),
        bytes.fromhex("0b" "00030001ff" "000102" "00020107" "000151"),
        bytes.fromhex("05" "00030001ff" "000102" "00020107"),
        bytes.fromhex("00" "00" "000010" "0000023000" "000400120000" "0000000000"),
    ],
    "credssp": [
        ts_request(NTLM_NEGOTIATE),
        ts_request(SPNEGO_INIT),
        ts_request(SPNEGO_RESPONSE),
        der(0x30, bytes.fromhex("a003020106" "a4060204c000006d")),
        NTLM_CHALLENGE,
        SPNEGO_RESPONSE,
    ],
}

TLS12_FLIGHT = flight("openssl-3.0-tls12-flight.bin")
SEEDS["certificate"] = [
    TLS12_FLIGHT[TLS12_FLIGHT.index(bytes.fromhex("3082")) :],
    b"ts01.example.com:3390",
    b"[2001:db8::5]:3389",
    "b\u00fccher.example".encode(),
]
SEEDS["explain"] = [
    b"0x904/0x7",
    b"Error code: 0x904 Extended error code: 0x7",
    "Code d'erreur : 0x904 Code d'erreur étendu : 0x7".encode(),
    b"Schannel/36874 event 1057 alert 40 state 1205 -2146893007",
    b"ERRCONNECT_TLS_CONNECT_FAILED [0x00020008] 10.0.0.5:3389 C000006D 0xFFFFFFFF80090331",
]

REPORT = {
    "schema_version": 1,
    "target": {"input": "ts01", "host": "ts01", "port": 3389, "address": "10.0.0.5"},
    "verdict": "broken",
    "root_cause": "certificate-missing",
    "stages": [
        {"stage": "connect", "endpoint": "target", "address": "10.0.0.5:3389", "outcome": "passed", "duration_ms": 0.1, "summary": "ok"}
    ],
    "protocols": {name: "not-measured" for name in ["RDP", "SSL", "HYBRID", "HYBRID_EX", "RDSTLS", "RDSAAD"]},
    "findings": [
        {
            "cause": "certificate-missing", "stage": "negotiate", "certainty": "confirmed", "severity": "blocks", "score": 30,
            "title": "ts01 (CORP) at 10.0.0.5", "explains": [], "missing": [], "remedies": [],
            "proof": [{"text": "ts01.corp.example", "facts": ["/evidence/attempts/0"], "decibans": 30}],
        }
    ],
    "missing": [], "clients": [], "connections": 1, "duration_ms": 1.1,
    "evidence": {
        "schema_version": 1,
        "target": {"input": "ts01", "host": "ts01", "port": 3389},
        "started": "2026-11-21T06:57:09Z",
        "resolution": {
            "system": {
                "state": "observed", "value": {"answer": "addresses", "addresses": ["10.0.0.5"]},
                "source": "probe", "at": "2026-11-21T06:57:09Z",
            },
            "system_ms": None, "name_servers": {"state": "not-tried"},
        },
        "attempts": [], "echoes": [],
    },
}
SEEDS["report"] = [
    json.dumps(REPORT, separators=(",", ":")).encode(),
    json.dumps([REPORT], separators=(",", ":")).encode("utf-16"),
    b'{"schema_version":2}',
]

RDP_FILE = (
    "full address:s:ts01:3390\r\nauthentication level:i:2\r\npassword 51:b:01000000\r\n"
    "signscope:s:Full Address\r\nsignature:s:AQAB\r\n"
)
SEEDS["rdp_file"] = [
    RDP_FILE.encode(),
    RDP_FILE.encode("utf-16"),
    RDP_FILE.encode("utf-16-be"),
    b"\xef\xbb\xbfusername:s:M\xc3\xbcller\nserver port:i:x\n",
    b"username:s:M\xfcller\nserver port:i:3389\nserver port:i:3390",
]

class Record:
    """A record of an event log that begins at 512 of its chunk, with all names where they are used."""

    def __init__(self) -> None:
        self.bytes = b""

    def put(self, *parts: bytes) -> "Record":
        self.bytes += b"".join(parts)
        return self

    def here(self) -> int:
        return 512 + 24 + len(self.bytes)

    def name(self, name: str) -> "Record":
        text = len(name).to_bytes(2, "little") + name.encode("utf-16-le") + b"\0\0"
        return self.put((self.here() + 4).to_bytes(4, "little"), bytes(6), text)

    def open(self, name: str, attribute: str = "", depends: bytes = b"\xff\xff") -> "Record":
        self.put(b"\x41" if attribute else b"\x01", depends, bytes(4)).name(name)
        return self.put(bytes(4), b"\x06").name(attribute) if attribute else self

    def template(self, fill, *values: tuple[int, bytes]) -> "Record":
        self.put(b"\x0f\1\1\0\x0c\1" b"abcd", (self.here() + 14).to_bytes(4, "little"))
        start = len(self.bytes)
        fill(self.put(bytes(4), b"abcd", bytes(16), b"\x0f\1\1\0"))
        self.put(b"\0")
        size = (len(self.bytes) - start - 24).to_bytes(4, "little")
        self.bytes = self.bytes[: start + 20] + size + self.bytes[start + 24 :]
        table = b"".join(len(value).to_bytes(2, "little") + bytes([kind, 0]) for kind, value in values)
        return self.put(len(values).to_bytes(4, "little"), table, *(value for _, value in values))

    def done(self) -> bytes:
        size = (len(self.bytes) + 28).to_bytes(4, "little")
        return b"**\0\0" + size + (7).to_bytes(8, "little") + (0x01D6_8E35_0000_0000).to_bytes(8, "little") + self.bytes + size


def event(record: Record) -> None:
    def value(index: int, kind: int) -> bytes:
        return b"\x0e" + bytes([index, 0, kind])

    record.open("Event").put(b"\2").open("System").put(b"\2").open("Provider", "Name").put(value(0, 1), b"\3")
    record.open("EventID").put(b"\2", value(1, 6), b"\4").open("TimeCreated", "SystemTime").put(value(2, 17), b"\3\4")
    record.open("EventData").put(b"\2").open("Data", "Name").put(b"\x05\1\1\0a\0\2", value(3, 0x81), b"\4")
    record.open("Data", depends=b"\4\0").put(b"\2", value(4, 19), b"\x08\x41\0", b"\4", value(5, 33), b"\4\4")


TIME = (0x01D6_8E35_0000_0000).to_bytes(8, "little")
VALUES = [
    (1, "Schannel".encode("utf-16-le")), (6, (36874).to_bytes(2, "little")), (17, TIME),
    (0x81, "a\0b\0".encode("utf-16-le")), (19, bytes.fromhex("010100000000000512000000")), (33, b"\x0f\1\1\0\0"),
]
SEEDS["evtx"] = [
    Record().template(event, *VALUES).done(),
    Record().template(event, *VALUES[:4], (0, b""), (20, bytes(4))).done(),
    (
        b'<Event xmlns="e"><System><Provider Name="Schannel"/><EventID Qualifiers="1">36874</EventID>'
        b'<TimeCreated SystemTime="2020-09-19T03:19:26.1234567Z"/></System>'
        b'<UserData><EventXML a="&amp;"><P1>x&#65;<![CDATA[<]]></P1></EventXML></UserData></Event>'
    ),
]

SYSTEM = bytes.fromhex("010100000000000512000000")
NETWORK_SERVICE = bytes.fromhex("010100000000000514000000")


def ace(kind: int, mask: int, sid: bytes, rest: bytes = b"") -> bytes:
    body = mask.to_bytes(4, "little") + sid + rest
    return bytes([kind, 0]) + (len(body) + 4).to_bytes(2, "little") + body


def acl(*aces: bytes) -> bytes:
    body = b"".join(aces)
    return b"\x02\x00" + (len(body) + 8).to_bytes(2, "little") + len(aces).to_bytes(4, "little") + body


def descriptor(dacl: bytes) -> bytes:
    header = bytes.fromhex("01000480") + b"".join(at.to_bytes(4, "little") for at in (20, 32, 0, 44))
    return header + SYSTEM + SYSTEM + dacl


SEEDS["descriptor"] = [
    descriptor(acl(ace(0, 0x1F01FF, SYSTEM), ace(1, 0x120089, NETWORK_SERVICE))),
    descriptor(acl(ace(9, 1, SYSTEM, b"artx"), ace(5, 1, bytes(4) + SYSTEM), ace(0x13, 0, SYSTEM))),
    b"O:SYG:SYD:PAI(A;;0x12019f;;;WD)(D;OICIIO;FA;;;S-1-5-80-1-2-3-4-5)S:(ML;;NW;;;S-1-16-12288)",
    b"O:BAD:NO_ACCESS_CONTROL",
    b"D:(OA;CI;RPWP;ab721a53-1e2f-11d0-9819-00aa0040529b;;PS)(XA;;FX;;;BU;61727478)(0x13;0x0;00)",
]


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in numbers)


def record(kind: int, data: bytes) -> bytes:
    return words(kind, 1, len(data)) + data


CONTAINER = "TSSecKeySet1\0".encode("utf-16-le")
PROVIDER = words(28, 28 + len(CONTAINER), 1, 0x20, 0, 0, 1) + CONTAINER + "CSP\0".encode("utf-16-le")
PUBLIC_KEY = b"RSA1" + words(16, 64, 7, 65537) + bytes(range(16))
SEEDS["store_blob"] = [
    record(3, bytes(20)) + record(2, PROVIDER) + record(11, "RDP\0".encode("utf-16-le")) + record(32, b"0\0"),
    record(32, b"0\0") + words(2, 1, 99),
    words(2, 0, 13, 0, 0, 36, 3, 20, 0, 2) + b"TSSecKeySet1\0" + bytes(20) + PUBLIC_KEY + bytes(5),
    b"f686aace6942fb7f7ceb231212eef4a4_0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0",
]

BOOT = bytearray(512)
BOOT[3:14] = b"NTFS    \x00\x02\x01"
BOOT[0x30], BOOT[0x40] = 1, 0xF7
VOLUME = bytearray(512)
VOLUME[:8] = b"FILE\x30\x00\x02\x00"
VOLUME[0x14] = 0x38
VOLUME[0x38:0x50] = words(0x70, 0x28) + bytes(12) + words(0x18)
SEEDS["volume"] = [bytes(BOOT) + bytes(512 * 3) + bytes(VOLUME), b"\xeb\x58\x90-FVE-FS-"]

def counted(content):
    return struct.pack("<Q", len(content)) + content


SEEDS["rollback"] = [
    b"RDPHIVE1" + b"".join(counted(bytes([number]) * 512) for number in (1, 2, 3))
    + counted(b"SYSTEM") + struct.pack("<QQQ", 9, 12, 2)
    + struct.pack("<Q", 4) + counted(b"old") + counted(b"new") + struct.pack("<Q", 9) + counted(b"") + counted(b"end")
    + counted(b"SYSTEM.LOG1") + struct.pack("<QQQ", 600, 600, 0),
]


SEEDS["firewall_rule"] = [
    b"v2.28|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|LPort2_10=3380-3390|Profile=Domain|Profile=Private|"
    b"Svc=termservice|Name=@FirewallAPI.dll,-28775|EmbedCtxt=@FirewallAPI.dll,-28752|",
]
SEEDS["journal"] = [(HERE.parent / "crates/repair/tests/journals/1.jsonl").read_bytes()]


def cell(content):
    size = (4 + len(content) + 7) // 8 * 8
    return struct.pack("<i", -size) + content.ljust(size - 4, b"\0")


def key(name, parent, keys=(0, 0xFFFFFFFF), values=(0, 0xFFFFFFFF), security=0xFFFFFFFF):
    fields = (parent, keys[0], 0, keys[1], 0xFFFFFFFF, *values, security, 0xFFFFFFFF)
    return cell(b"nk" + struct.pack("<HQI9I20xHH", 0x20, 133000000000000000, 0, *fields, len(name), 0) + name)


def value(name, size, data, kind):
    return cell(b"vk" + struct.pack("<HIIIHH", len(name), size, data, kind, 1, 0) + name)


def hive(leaf):
    """Bins with one key below the root, three values, a security descriptor; every cell where its number times 128 says."""
    at = lambda number: 128 * number - 96
    cells = [
        key(b"ROOT", 0, (1, at(2)), (2, at(4)), at(8)),
        cell(leaf + struct.pack("<HII", 1, at(3), 0)) if leaf != b"ri" else cell(b"ri" + struct.pack("<HI", 1, at(9))),
        key(b"Select", at(1), values=(1, at(7))),
        cell(struct.pack("<II", at(5), at(6))),
        value(b"Current", 0x80000004, 1, 4),
        value(b"", 8, at(10), 1),
        cell(struct.pack("<I", at(11))),
        cell(b"sk\0\0" + struct.pack("<IIII", at(8), at(8), 1, 20) + bytes(20)),
        cell(b"li" + struct.pack("<HI", 1, at(3))),
        cell("abc\0".encode("utf-16-le")),
        value(b"Default", 0x80000004, 1, 4),
    ]
    filled = b"".join(each + struct.pack("<i", 128 - len(each)) + bytes(124 - len(each)) for each in cells)
    return b"hbin" + struct.pack("<II20x", 0, 4096) + filled + struct.pack("<i", 4096 - 32 - len(filled))


def hive_seed(leaf, minor, log_type, log):
    bins = hive(leaf)
    return struct.pack("<BBHI", minor, log_type, len(bins), 32) + bins + log


PAGE = hive(b"lh")[:512]
ENTRY = b"HvLE" + struct.pack("<5I16xII", 1024, 0, 8, 4096, 1, 0, 512) + PAGE
SEEDS["hive"] = [
    *(hive_seed(leaf, minor, 0, b"") for leaf, minor in [(b"lf", 3), (b"lh", 5), (b"li", 6), (b"ri", 4)]),
    hive_seed(b"lh", 5, 6, ENTRY.ljust(1024, b"\0")),
    hive_seed(b"lh", 5, 1, b"DIRT\1".ljust(512, b"\0") + PAGE),
]



def library(wide):
    """A PE file of one section, with a version resource."""
    table = lambda identity, place: words(0, 0, 0, 1 << 16, identity, place)
    text = "VS_VERSION_INFO\0\0".encode("utf-16-le")
    info = struct.pack("<3H", 92, 52, 0) + text + words(0xFEEF04BD, 0x10000, 10 << 16, (17763 << 16) | 1)
    below = 1 << 31
    tables = table(16, below | 24) + table(1, below | 48) + table(0x409, 72)
    resources = tables + words(0x1000 + 88, 92, 0, 0) + info.ljust(92, b"\0")
    directories = bytes(16) + words(0x1000, len(resources)) + bytes(8 * 13)
    magic, fixed = (0x20B, 112) if wide else (0x10B, 96)
    optional = struct.pack("<H", magic).ljust(fixed - 4, b"\0") + words(16) + directories
    head = b"MZ".ljust(60, b"\0") + words(64) + b"PE\0\0\x64\x86\x01\0" + bytes(12)
    head += struct.pack("<HH", len(optional), 0x2022) + optional
    place = len(head) + 40
    section = b".rsrc\0\0\0" + words(len(resources), 0x1000, len(resources), place, 0, 0, 0, 0x40000040)
    return head + section + resources


SEEDS["file_version"] = [library(True), library(False)]


def instruction(key, name, kind, data):
    text = lambda text: (text + "\0").encode("utf-16-le")
    parts = [text(key), text(name), words(kind), words(len(data)), data]
    return b"[\0" + b";\0".join(parts) + b"]\0"


SERVICES = "Software\\Policies\\Microsoft\\Windows NT\\Terminal Services"
SEEDS["policy_file"] = [
    b"PReg\1\0\0\0",
    b"PReg\1\0\0\0" + instruction(SERVICES, "fDenyTSConnections", 4, words(1))
    + instruction(SERVICES, "**del.SecurityLayer", 1, " \0".encode("utf-16-le"))
    + instruction(SERVICES, "**delvals.", 1, " \0".encode("utf-16-le")),
    b"PReg\1\0\0\0" + instruction("Software", "**DeleteValues", 1, "a;b\0".encode("utf-16-le"))
    + instruction("Software", "", 0, b""),
]

for target, inputs in SEEDS.items():
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(inputs):
        (folder / f"{number:02}").write_bytes(data)
