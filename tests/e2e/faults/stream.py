"""A binary log that no server wrote: events of MariaDB made by hand, right in their form, and hostile in what they hold."""
import itertools
import struct
import zlib

QUERY, ROTATE, USER_VAR, XID, BEGIN_LOAD, APPEND_BLOCK = 2, 4, 14, 16, 17, 9
FORMAT_DESCRIPTION, TABLE_MAP, WRITE_ROWS, HEARTBEAT, GTID, QUERY_COMPRESSED = 15, 19, 23, 27, 162, 165
ARTIFICIAL = 0x20
COM_QUERY, COM_BINLOG_DUMP = 3, 0x12
UTF8MB4, GBK = 45, 28


class Stream:
    """Makes events that follow each other from a position on, as they are sent over the network."""

    def __init__(self, server, file, position):
        self.file, self.position = file, position
        self.format = self._format_of(server, file)
        self.gtids = itertools.count(10 ** 6)
        self.sequence = itertools.count(1)

    @staticmethod
    def _format_of(server, file):
        """The format description that this very server wrote, and with it its checksums."""
        path = server.lab.folder / "data" / file
        head = path.read_bytes()[:1024]
        return head[4:4 + struct.unpack("<I", head[13:17])[0]]

    def packet(self, payload):
        """Events larger than a packet go in several."""
        out = b""
        while True:
            piece, payload = payload[:0xffffff], payload[0xffffff:]
            out += struct.pack("<I", len(piece))[:3] + bytes([next(self.sequence) & 0xff]) + piece
            if len(piece) < 0xffffff:
                return out

    def event(self, kind, body, flags=0, made_up=False, timestamp=1700000000):
        length = 19 + len(body) + 4
        if not made_up:
            self.position += length
        event = struct.pack("<IBIIIH", timestamp, kind, 77, length, 0 if made_up else self.position, flags) + body
        return self.packet(b"\0" + event + struct.pack("<I", zlib.crc32(event)))

    def start(self):
        rotate = struct.pack("<Q", self.position) + self.file.encode()
        return self.event(ROTATE, rotate, ARTIFICIAL, made_up=True, timestamp=0) + self.description(0)

    def description(self, position):
        """The format description, at the head of a file or (0) made up for somebody who starts in its middle."""
        described = bytearray(self.format[:-4])
        described[13:17] = struct.pack("<I", position)
        described[17] &= 0xfe       # the file is in use: not for those who read it
        return self.packet(b"\0" + bytes(described) + struct.pack("<I", zlib.crc32(bytes(described))))

    def gtid(self, standalone=False):
        return self.event(GTID, struct.pack("<QIB", next(self.gtids), 0, 1 if standalone else 4) + bytes(6))

    def query(self, text, database=b"", charset=UTF8MB4, status=b"", kind=QUERY):
        status = (b"\0" + struct.pack("<I", 0) + b"\1" + struct.pack("<Q", 0) +
                  b"\4" + struct.pack("<HHH", charset, charset, UTF8MB4) + status)
        return self.event(kind, struct.pack("<IIBHH", 5, 0, len(database), 0, len(status)) + status + database + b"\0" +
                          text)

    def statement(self, text, **more):
        return self.gtid(standalone=True) + self.query(text, **more)

    def user_var(self, name, value, charset=UTF8MB4):
        return self.event(USER_VAR, struct.pack("<I", len(name)) + name + b"\0\0" + struct.pack("<II", charset, len(value)) +
                          value)

    def xid(self):
        return self.event(XID, struct.pack("<Q", 1))

    def transaction(self, events):
        """`events` is called when the place is known at which they begin."""
        return self.gtid() + b"".join(events()) + self.xid()

    def table_map(self, database, table, types, metadata=b"", optional=b"", table_id=99, columns=None):
        count = bytes([len(types)]) if columns is None else columns
        nulls = bytes([0xff] * ((len(types) + 7) // 8))
        return self.event(TABLE_MAP, struct.pack("<Q", table_id)[:6] + b"\1\0" + bytes([len(database)]) + database + b"\0" +
                          bytes([len(table)]) + table + b"\0" + count + bytes(types) + bytes([len(metadata)]) + metadata +
                          nulls + optional)

    def write_rows(self, columns, rows, table_id=99):
        present = bytes([0xff] * ((columns + 7) // 8))
        return self.event(WRITE_ROWS, struct.pack("<Q", table_id)[:6] + b"\1\0" + bytes([columns]) + present + rows)


def varchar(data):
    return struct.pack("<H", len(data)) + data
