"""Sits between the program and a real server, reads the protocol of both, and answers in the server's place where a test
says so. TLS is ended here, with the lab's certificate, and begun again towards the server."""
import select
import ssl
import struct
import threading

from harness.relay import Relay

CLIENT_SSL = 0x800
MARIADB_EXTENSIONS = slice(27, 31)   # of the greeting, behind the server's version


# --- packets

def packet(payload, sequence):
    """One packet; a payload of 16 MiB and more would be several."""
    return struct.pack("<I", len(payload))[:3] + bytes([sequence & 0xff]) + payload


def packets(payloads, sequence=1):
    return b"".join(packet(payload, sequence + number) for number, payload in enumerate(payloads))


def counted(data):
    """A text of the protocol, its length in front."""
    if isinstance(data, str):
        data = data.encode()
    if len(data) < 251:
        return bytes([len(data)]) + data
    if len(data) < 1 << 16:
        return b"\xfc" + struct.pack("<H", len(data)) + data
    return b"\xfe" + struct.pack("<Q", len(data)) + data


def definition(name):
    """Of a column: texts of utf8mb4."""
    return (counted("def") + counted("") + counted("") + counted("") + counted(name) + counted(name) +
            b"\x0c" + struct.pack("<HIBHB", 45, 1024, 0xfd, 0, 0) + b"\0\0")


END = b"\xfe\0\0\2\0"
OK = b"\0\0\0\2\0\0\0"


def row(cells):
    return b"".join(b"\xfb" if cell is None else counted(cell) for cell in cells)


def answer(names, rows):
    """A whole result, as packets."""
    return packets([bytes([len(names)]), *map(definition, names), END, *map(row, rows), END])


def failure(code, text, sequence=1):
    if isinstance(text, str):
        text = text.encode()
    return packet(b"\xff" + struct.pack("<H", code) + b"#HY000" + text, sequence)


class Interposer(Relay):
    """`answers` is a function of (connection's number, command, payload behind it): None to let the server answer, or what to
    send instead – bytes, or an iterable of bytes that may have no end."""

    def __init__(self, server, answers, certificates=None, greeting=None):
        self.answers, self.greeting = answers, greeting
        self.certificates = certificates
        self.commands = []           # (connection, command, payload) that were seen
        self.sent = 0                # bytes that were sent in the server's place
        super().__init__(server.host, server.port)

    # --- reading

    @staticmethod
    def _exactly(end, count):
        data = bytearray()
        while len(data) < count:
            chunk = end.recv(min(count - len(data), 1 << 20))
            if not chunk:
                raise ConnectionError("the end of the connection")
            data += chunk
        return bytes(data)

    def _packet(self, end):
        header = self._exactly(end, 4)
        return header[3], self._exactly(end, int.from_bytes(header[:3], "little"))

    # --- one connection

    def _begin(self, number, client, server):
        threading.Thread(target=self._serve, args=(number, client, server), daemon=True).start()

    def _serve(self, number, client, server):
        pair = (client, server)
        try:
            login = self._greet(client, server)
            if self.certificates and struct.unpack("<I", login[:4])[0] & CLIENT_SSL and len(login) == 32:
                pair = client, server = self._encrypt(pair)
                self._pass_on(client, server)
            self._shuttle(number, client, server)
        except (OSError, ConnectionError, ValueError):
            pass
        self._done(pair)

    def _greet(self, client, server):
        """The server's greeting, and what the client says to it: its log-in, or that it wants TLS."""
        sequence, greeting = self._packet(server)
        end = greeting.index(b"\0", 1) + 1
        # without MariaDB's extensions of the protocol, so that answers made here need to know one form only
        changed = bytearray(greeting)
        changed[end + MARIADB_EXTENSIONS.start:end + MARIADB_EXTENSIONS.stop] = bytes(4)
        client.sendall(self.greeting(bytes(changed)) if self.greeting else packet(bytes(changed), sequence))
        return self._pass_on(client, server)

    def _pass_on(self, client, server):
        sequence, payload = self._packet(client)
        server.sendall(packet(payload, sequence))
        return payload

    def _encrypt(self, pair):
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.load_cert_chain(self.certificates.certificate("good"), self.certificates.key("good"))
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        theirs.check_hostname, theirs.verify_mode = False, ssl.CERT_NONE
        encrypted = ours.wrap_socket(pair[0], server_side=True), theirs.wrap_socket(pair[1])
        if not self._keep(encrypted, instead_of=pair):
            raise ConnectionError("the interposer is closed")
        return encrypted

    def _shuttle(self, number, client, server):
        """Both directions in one thread: TLS does not take two that use one connection at a time."""
        said = bytearray()           # by the client; the beginning of a packet
        while True:
            # what is decrypted already wakes no select
            ready = [end for end in (client, server) if isinstance(end, ssl.SSLSocket) and end.pending()]
            for end in ready or select.select([client, server], [], [])[0]:
                chunk = self._available(end)
                if chunk == b"":
                    return
                if end is server:
                    client.sendall(chunk or b"")
                elif chunk:
                    said += chunk
                    self._commands(number, said, client, server)

    @staticmethod
    def _available(end):
        """What has come, b"" at the end; None when all of it belongs to TLS itself."""
        end.setblocking(False)
        try:
            return end.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        finally:
            end.setblocking(True)

    def _commands(self, number, said, client, server):
        """Takes the whole packets off `said`."""
        while len(said) >= 4 and len(said) >= 4 + (length := int.from_bytes(said[:3], "little")):
            whole = bytes(said[:4 + length])
            del said[:4 + length]
            answer = None
            if whole[3] == 0 and length:
                self.commands.append((number, whole[4], whole[5:]))
                answer = self.answers(number, whole[4], whole[5:])
            if answer is None:
                server.sendall(whole)
                continue
            for chunk in [answer] if isinstance(answer, bytes) else answer:
                client.sendall(chunk)
                self.sent += len(chunk)
