"""The network of the rehearsal: names of AWS, of an issuer and of web pages, which all lead to this machine.

Tools send their HTTPS requests through a proxy on loopback. It connects the names that it knows to servers on
loopback and refuses all others. So addresses such as the output ApiUrl are used as they stand, and nothing
can reach AWS. A certificate authority of this run, which only these tools trust, signs the certificate.
"""

import datetime
import functools
import http.server
import ipaddress
import pathlib
import socket
import socketserver
import ssl
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"
REGION = "us-east-1"
# A wildcard stands for one label.
AWS_NAMES = [
    "*.amazonaws.com",
    f"*.{REGION}.amazonaws.com",
    f"*.ddb.{REGION}.amazonaws.com",
    f"*.dynamodb.{REGION}.amazonaws.com",
    f"*.execute-api.{REGION}.amazonaws.com",
    "*.s3.amazonaws.com",
    f"*.s3.{REGION}.amazonaws.com",
    f"*.auth.{REGION}.amazoncognito.com",
]


class Network:
    """Writes `authority.pem`, `certificate.pem` and `key.pem`, and runs the proxy."""

    def __init__(self, directory, others):
        """`others` are further names in the certificate."""
        self.directory = pathlib.Path(directory)
        self.authority, self.certificate, self.key = (
            self.directory / f"{name}.pem" for name in ("authority", "certificate", "key")
        )
        self._sign([*AWS_NAMES, *others])
        # Port by name or, with a leading dot, by the end of a name.
        self.ports = {}
        self.refused = set()
        self._proxy = _Proxy((LOOPBACK, 0), functools.partial(_Tunnel, self))
        threading.Thread(target=self._proxy.serve_forever, daemon=True).start()
        self.proxy_url = "http://{}:{}".format(*self._proxy.server_address)

    def environment(self):
        """Makes curl, Python, boto3, the AWS CLI and Rust use the proxy and trust the authority."""
        bundle = str(self.authority)
        return {
            "HTTPS_PROXY": self.proxy_url,
            "NO_PROXY": f"{LOOPBACK},localhost",
            **dict.fromkeys(["SSL_CERT_FILE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"], bundle),
        }

    def port(self, host):
        known = (port for name, port in self.ports.items() if host == name or name[0] == "." and host.endswith(name))
        return next(known, None)

    def serve(self, name, handler):
        """Serves HTTPS under this name, on a free port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        server = http.server.ThreadingHTTPServer((LOOPBACK, 0), handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.ports[name] = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def _sign(self, names):
        now = datetime.datetime.now(datetime.timezone.utc)

        def certificate(subject, key, issuer):
            return (
                x509.CertificateBuilder()
                .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
                .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
                .public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(hours=1))
                .not_valid_after(now + datetime.timedelta(days=1))
            )

        root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        authority = "Rehearsal"
        signed = (
            certificate(authority, root, authority)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(root.public_key()), critical=False)
            .sign(root, hashes.SHA256())
        )
        own = (
            certificate(LOOPBACK, key, authority)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
            .sign(root, hashes.SHA256())
        )
        self.authority.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        self.certificate.write_bytes(own.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True


class _Tunnel(socketserver.StreamRequestHandler):
    """Answers one CONNECT request."""

    # Otherwise a small packet waits 40 ms for the acknowledgement of the one before.
    disable_nagle_algorithm = True

    def __init__(self, network, *arguments):
        self.network = network
        super().__init__(*arguments)

    def handle(self):
        method, target, *_ = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            pass
        host = target.rpartition(":")[0]
        port = self.network.port(host) if method == "CONNECT" else None
        if port is None:
            self.network.refused.add(host)
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        with socket.create_connection((LOOPBACK, port)) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            there = threading.Thread(target=_pump, args=(self.request, server), daemon=True)
            there.start()
            _pump(server, self.request)
            there.join()


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def free_port():
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return listener.getsockname()[1]


def listening(pid):
    """The addresses on which a process listens. Only Linux has the tables that say so."""
    if not sys.platform.startswith("linux"):
        return {LOOPBACK}
    inodes = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and rest[5] in inodes:
                packed = bytes.fromhex(local.partition(":")[0])
                words = [packed[start : start + 4][::-1] for start in range(0, len(packed), 4)]
                addresses.add(str(ipaddress.ip_address(b"".join(words))))
    return addresses
