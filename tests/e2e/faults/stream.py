"""A binary log that no server wrote: events of MariaDB and of MySQL made by hand, right in their form, and hostile in what
they hold."""
import ctypes
import itertools
import struct
import uuid
import zlib

QUERY, ROTATE, USER_VAR, XID, BEGIN_LOAD, APPEND_BLOCK = 2, 4, 14, 16, 17, 9
FORMAT_DESCRIPTION, TABLE_MAP, WRITE_ROWS, HEARTBEAT, GTID, QUERY_COMPRESSED = 15, 19, 23, 27, 162, 165
WRITE_ROWS_V2, GTID_LOG, TRANSACTION_PAYLOAD, GTID_TAGGED = 30, 33, 40, 42
ARTIFICIAL = 0x20
COM_QUERY, COM_BINLOG_DUMP = 3, 0x12
UTF8MB4, GBK = 45, 28


class Stream:
    """Makes events that follow each other from a position on, as they are sent over the network."""

    def __init__(self, server, file, position):
        self.file, self.position = file, position
        self.time = 1700000000
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

    def event(self, kind, body, flags=0, made_up=False, timestamp=None):
        timestamp = self.time if timestamp is None else timestamp
        length = 19 + len(body) + 4
        if not made_up:
            self.position += length
        event = bare_event(kind, body, flags, timestamp, 0 if made_up else self.position, checksum=4)
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


class MySqlStream(Stream):
    """The same as a MySQL of today writes it."""
    UUID = uuid.UUID("11111111-2222-3333-4444-555555555555").bytes

    def gtid(self, standalone=False, server=UUID, number=None):
        return self.event(GTID_LOG, b"\1" + server + struct.pack("<qBqq", number or next(self.gtids), 2, 0, 1))

    def tagged_gtid(self, tag, length=None, number=None, server=UUID, more=b"", required=12, size=0):
        """`length`, `required` and `size` tell lies."""
        fields = (varlen(0) + varlen(1) + varlen(1) + b"".join(map(varlen, server)) +
                  varlen(2) + varlen_signed(number or next(self.gtids)) +
                  varlen(3) + varlen(len(tag) if length is None else length) + tag + more)
        total = 1 + 9 + 1 + len(fields)
        body = varlen(1) + b"\xff" + struct.pack("<Q", size or total) + varlen(required) + fields
        return self.event(GTID_TAGGED, body)

    def transaction(self, events):
        return self.gtid() + self.query(b"BEGIN") + b"".join(events()) + self.xid()

    def write_rows(self, columns, rows, table_id=99):
        present = bytes([0xff] * ((columns + 7) // 8))
        return self.event(WRITE_ROWS_V2, struct.pack("<Q", table_id)[:6] + b"\1\0" + b"\2\0" + bytes([columns]) + present + rows)

    def payload(self, data, declared, compression=0, size=None):
        """A transaction behind its GTID, compressed; `size` and `declared` tell lies."""
        fields = b"".join(bytes([number]) + lenenc(len(lenenc(value))) + lenenc(value) for number, value in
                          ((2, compression), (3, declared), (1, len(data) if size is None else size)))
        return self.gtid() + self.event(TRANSACTION_PAYLOAD, fields + b"\0" + data)


def bare_event(kind, body, flags=0, timestamp=1700000000, end=0, checksum=0):
    """Without its checksum, as it stands inside a compressed transaction."""
    return struct.pack("<IBIIIH", timestamp, kind, 77, 19 + len(body) + checksum, end, flags) + body


def varlen(value):
    """MySQL's serialized integer: as many low bits are set as bytes follow the first."""
    for more in range(8):
        if value < 1 << 7 * (more + 1):
            return (value << more + 1 | (1 << more) - 1).to_bytes(more + 1, "little")
    return b"\xff" + struct.pack("<Q", value)


def varlen_signed(value):
    return varlen(value << 1 if value >= 0 else ~value << 1 | 1)


def lenenc(value):
    return bytes([value]) if value < 251 else b"\xfe" + struct.pack("<Q", value)


def zstd(data):
    """Through the library that the program itself needs."""
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    room = library.ZSTD_compressBound(ctypes.c_size_t(len(data)))
    out = ctypes.create_string_buffer(room)
    length = library.ZSTD_compress(out, ctypes.c_size_t(room), data, ctypes.c_size_t(len(data)), 1)
    return out.raw[:length]


def varchar(data):
    return struct.pack("<H", len(data)) + data
