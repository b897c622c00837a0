"""A Windows server under Wine for tests of its host: a prefix of their own, and what every such server has."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SCRIPTS = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", SCRIPTS.parent / "target")).absolute()

SERVER = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server"
LISTENER = SERVER + r"\WinStations\RDP-Tcp"
POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services"
PROTOCOLS = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
STORE = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates"
# Wine's sc has no "config".
SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\TermService"
MACHINE_KEYS = "drive_c/ProgramData/Microsoft/Crypto/RSA/MachineKeys"
PORT = 3389

# What every server with Remote Desktop switched on has; Wine's prefix calls itself Windows 7, which has TLS 1.2 on request.
HEALTHY = [
    (SERVER, "fDenyTSConnections", 0),
    (LISTENER, "PortNumber", PORT),
    (LISTENER, "fEnableWinStation", 1),
    (LISTENER, "LanAdapter", 0),
    (LISTENER, "MaxInstanceCount", 0xFFFFFFFF),
    (LISTENER, "SecurityLayer", 2),
    (LISTENER, "UserAuthentication", 1),
    (LISTENER, "MinEncryptionLevel", 3),
    (LISTENER, "LoadableProtocol_Object", "{18b726bb-6fe6-4fb9-9276-ed57ce7c7cb2}"),
    (LISTENER, "WdName", "Microsoft RDP 7.1"),
    (PROTOCOLS + r"\TLS 1.2\Server", "Enabled", 1),
    (PROTOCOLS + r"\TLS 1.2\Server", "DisabledByDefault", 0),
]
EXPECTED = {
    "certificate-not-renewed",
    "listener-disabled",
    "machine-keys-missing",
    "nla-disabled",
    "port-changed",
    "rdp-disabled",
    "schannel-protocol-disabled",
    "security-layer-weak",
    "service-stopped",
}


class Wine:
    """Programs in a prefix of this test, which is kept alive from the first to the last."""

    def __init__(self, folder, program):
        self.folder = folder
        self.prefix = folder / "wine" / "prefix"
        self.program = program
        self.environment = os.environ | {"CARGO_TARGET_DIR": str(folder)}
        # The prefix is made by one alone. Services end with the last program.
        self.run("cmd.exe", "/c", "exit")
        self.keeper = subprocess.Popen(
            [SCRIPTS / "wine-run", "cmd.exe", "/c", "pause"],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # From its first words on the server of the prefix runs, which else would keep the pipes of who started it.
        self.keeper.stdout.read(1)

    def end(self):
        self.keeper.stdin.close()
        try:
            self.keeper.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.keeper.pid, signal.SIGTERM)
            self.keeper.wait(20)

    def run(self, *arguments, codes=(0,)):
        command = [SCRIPTS / "wine-run", *arguments]
        # Into a file: what a program starts and leaves behind would hold a pipe open.
        with tempfile.TemporaryFile() as words, tempfile.TemporaryFile() as complaints:
            ended = subprocess.run(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=words, stderr=complaints, timeout=120
            )
            words.seek(0)
            complaints.seek(0)
            printed = words.read()
            if ended.returncode not in codes:
                said = (printed + complaints.read()).decode(errors="replace")
                raise AssertionError(f"{' '.join(map(str, arguments))}: exit {ended.returncode} and\n{said}")
        return printed

    def add(self, key, name, value):
        kind = {int: "REG_DWORD", str: "REG_SZ", bytes: "REG_BINARY"}[type(value)]
        text = value.hex() if isinstance(value, bytes) else str(value)
        self.run("reg", "add", key, "/v", name, "/t", kind, "/d", text, "/f")

    def delete(self, key, name=None):
        self.run("reg", "delete", key, *(["/v", name] if name else []), "/f")

    def snapshot(self):
        return json.loads(self.run(self.program, "host", "snapshot"))

    def check(self, *arguments):
        report = self.run(self.program, "host", "check", "--no-probe", "--format", "json", *arguments, codes=(0, 1, 3))
        return json.loads(report)


def sure(report):
    return {finding["cause"]: finding for finding in report["findings"] if finding["certainty"] in ("confirmed", "likely")}


def demand(holds, what):
    if not holds:
        raise AssertionError(what)


def named(wine, cause, root=None, words=""):
    """The cause is found, its proof says the words, and everything that blocks is the root."""
    report = wine.check()
    findings = sure(report)
    demand(cause in findings, f"wanted {cause}, found {findings or 'nothing'}")
    demand(root is None or report["root_cause"] == root, f"wanted the root {root}, it is {report['root_cause']}")
    text = json.dumps(findings[cause])
    demand(words in text, f"wanted the words '{words}' in {text}")
    return report


def nothing(wine):
    found = sure(wine.check()).keys() & EXPECTED
    demand(not found, f"nothing is wrong any more, yet it found {sorted(found)}")


def prepare(wine):
    for key, name, value in HEALTHY:
        wine.add(key, name, value)
    wine.run("net", "start", "TermService")
    report = wine.check()
    demand(not sure(report), f"a healthy server, and it found {sure(report)}")


def certificate(folder):
    """As Windows makes it for itself."""
    der, key = folder / "certificate.der", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=WINE", "-days", "180", "-sha256",
         "-addext", "extendedKeyUsage=serverAuth", "-keyout", key, "-outform", "DER", "-out", der],
        check=True, capture_output=True,
    )
    return der.read_bytes()


def blob(der):
    """An entry of a store: the certificate, and CRYPT_KEY_PROV_INFO with the container of Windows."""
    container, provider = (
        (text + "\0").encode("utf-16-le") for text in ("TSSecKeySet1", "Microsoft Enhanced Cryptographic Provider v1.0")
    )
    machine_keyset, exchange = 0x20, 1
    head = [28, 28 + len(container), 1, machine_keyset, 0, 0, exchange]
    information = b"".join(word.to_bytes(4, "little") for word in head) + container + provider
    records = [(2, information), (3, hashlib.sha1(der).digest()), (32, der)]
    return b"".join(
        number.to_bytes(4, "little") + (1).to_bytes(4, "little") + len(data).to_bytes(4, "little") + data
        for number, data in records
    )


def listen():
    """The socket of the service: Wine tells of everybody's, and of none whose it is."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("0.0.0.0", PORT))
        listener.listen(1)
    except OSError as error:
        print(f"somebody listens at port {PORT} already: {error}", file=sys.stderr)
    return listener


def run(title, checks):
    """Runs the checks one after another in a prefix that is new; as the argument, another program may be named."""
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TARGET / "windows" / "rdpdoctor.exe")
    if not program.is_file():
        sys.exit(f"{title}: no {program}: run scripts/build-windows")
    (TARGET / "windows").mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="host.", dir=TARGET / "windows"))
    failures = 0
    with listen():
        wine = Wine(folder, program)
        try:
            for name, check in checks:
                begun = time.monotonic()
                try:
                    check(wine)
                    print(f"under Wine, passed: {name} ({time.monotonic() - begun:.1f} s)", flush=True)
                except (AssertionError, KeyError, ValueError, subprocess.SubprocessError) as error:
                    failures += 1
                    print(f"under Wine, FAILED: {name}: {type(error).__name__}: {error}", flush=True)
        finally:
            wine.end()
            shutil.rmtree(folder)
    sys.exit(1 if failures else 0)
