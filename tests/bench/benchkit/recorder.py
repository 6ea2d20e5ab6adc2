"""A relay in front of a server that keeps the statements which clients send through it (without TLS)."""
import socket
import struct
import threading

COM_QUERY = 3
PACKET_MAXIMUM = 0xffffff


class Recorder:
    """Listens on a port of 127.0.0.1. After close(), `conversations` has one list of statements for each connection
    in the order in which they were opened, each statement with its number among all."""

    def __init__(self, port, server_port):
        self.server_port = server_port
        self.streams = []
        self.conversations = []
        self._arrivals = []             # (number of the stream, its length by then), in order of arrival
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.server_port))
            for side in (near, far):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.streams.append(bytearray())
                number = len(self.streams) - 1
            for arguments in ((near, far, number), (far, near, None)):
                thread = threading.Thread(target=self._relay, args=arguments, daemon=True)
                thread.start()
                self._threads.append(thread)

    def _relay(self, source, target, number):
        try:
            while True:
                data = source.recv(1 << 18)
                if not data:
                    break
                if number is not None:
                    with self._lock:
                        self.streams[number] += data
                        self._arrivals.append((number, len(self.streams[number])))
                target.sendall(data)
        except OSError:
            pass
        for side in (source, target):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        # close alone would leave the thread in accept
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
        self.conversations = [list(self._statements(number)) for number in range(len(self.streams))]

    def _statements(self, number):
        """(when, text) of each COM_QUERY; when is a place in the order of arrival at this relay."""
        ends = [(length, when) for when, (stream, length) in enumerate(self._arrivals) if stream == number]
        data, at, payload, next_end = self.streams[number], 0, b"", 0
        while at + 4 <= len(data):
            length = int.from_bytes(data[at:at + 3], "little")
            sequence = data[at + 3]
            if not payload and sequence != 0:       # of the handshake
                at += 4 + length
                continue
            payload += bytes(data[at + 4:at + 4 + length])
            at += 4 + length
            if length == PACKET_MAXIMUM:
                continue
            while next_end < len(ends) - 1 and ends[next_end][0] < at:
                next_end += 1
            if payload[:1] == bytes([COM_QUERY]):
                yield ends[next_end][1], payload[1:]
            payload = b""


def write_records(path, statements):
    """The file that replay.c reads."""
    with open(path, "wb") as file:
        for text in statements:
            file.write(struct.pack("=I", len(text)) + text)
