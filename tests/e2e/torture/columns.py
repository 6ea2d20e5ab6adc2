"""Kinds of column: their definition on either side, values at their edges, and how they are compared."""
import dataclasses
import json
import struct
import typing

from .text import UNICODE, collation_clause, hexed, text_value


@dataclasses.dataclass
class Column:
    """One column. `values` gives SQL for a value that is not NULL."""
    label: str                         # of the kind: for reports
    source: str                        # its type on the source
    target: str                        # and on the target
    values: typing.Callable
    show: str = "HEX(CAST({c} AS BINARY))"
    show_target: str = None            # when the target's type needs something else
    normal: typing.Callable = None     # over both sides' texts, for what a target cannot tell apart
    keyable: bool = True
    prefix: int = 0                    # its part in a key must be a prefix of so many
    long: bool = False
    name: str = ""
    nullable: bool = True
    generated: str = ""                # the expression
    extra: str = ""                    # behind the type: default, INVISIBLE …
    document: bool = False             # MySQL's JSON
    implicit: bool = True              # what the source writes where a statement leaves it out, the target takes

    def shown(self, target):
        return (self.show_target if target and self.show_target else self.show).format(c=quoted(self.name))


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


def pick(*values):
    return lambda rng: rng.choice(values)


# ---- numbers ----

INTS = {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "BIGINT": 64}
WIDER_INT = {"TINYINT": "SMALLINT", "SMALLINT": "MEDIUMINT", "MEDIUMINT": "INT", "INT": "BIGINT", "BIGINT": "BIGINT"}


def int_column(rng, name, unsigned):
    bits = INTS[name]
    low, high = (0, 2 ** bits - 1) if unsigned else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)

    def values(rng):
        if rng.random() < 0.5:
            return str(rng.choice([low, high, 0, 1, high - 1, low + 1, high // 2, high // 2 + 1]))
        return str(rng.randint(low, high))
    sql = name + (" UNSIGNED" if unsigned else "")
    if unsigned and rng.random() < 0.15:
        sql += " ZEROFILL"
    # not CAST AS BINARY: the families print ZEROFILL alike, and a sum drops it
    return Column(sql.lower(), sql, sql, values, show="HEX(CONCAT({c} + 0))")


def decimal_column(rng, both_mariadb):
    shapes = [(65, 30), (65, 0), (1, 0), (1, 1), (30, 30), (10, 2), (9, 9), (18, 9), (19, 10), (38, 0), (28, 9), (5, 5)]
    if both_mariadb:
        shapes += [(65, 38), (38, 38)]
    precision, scale = rng.choice(shapes) if rng.random() < 0.7 else (None, None)
    if precision is None:
        precision = rng.randint(1, 65)
        scale = rng.randint(0, min(precision, 30))
    unsigned = rng.random() < 0.15

    def values(rng):
        whole = precision - scale
        how = rng.randrange(5)
        if how == 0:
            digits = "9" * precision
        elif how == 1:
            digits = "0" * (precision - 1) + "1"
        elif how == 2:
            digits = "1" + "0" * (precision - 1)
        elif how == 3:
            digits = "0" * precision
        else:
            digits = "".join(rng.choice("0123456789") for _ in range(precision))
        sign = "-" if not unsigned and rng.random() < 0.5 else ""
        return f"{sign}{digits[:whole] or '0'}{'.' + digits[whole:] if scale else ''}"
    sql = f"DECIMAL({precision},{scale}){' UNSIGNED' if unsigned else ''}"
    return Column("decimal", sql, sql, values)


DOUBLE_SHOWN = "CONCAT(LEFT(CONCAT({c}), 1) = '-', HEX(CONCAT({c})))"


def real_column(rng, name, target):
    def values(rng):
        if name.startswith("FLOAT"):
            edges = ["0", "-0e0", "3.4028234e38", "-3.4028234e38", "1.17549435e-38", "1.4e-45", "0.1", "-0.1", "1e0",
                     "16777216", "16777217", "1.1", "3.3333333", "9.999999e9", "123456.789"]
            if rng.random() < 0.5:
                return rng.choice(edges)
            number = struct.unpack("<f", rng.randbytes(4))[0]
        else:
            edges = ["0", "-0e0", "1.7976931348623157e308", "-1.7976931348623157e308", "2.2250738585072014e-308",
                     "5e-324", "0.1e0", "-0.1e0", "1e0", "9007199254740993e0", "0.30000000000000004e0", "1e22", "1e23",
                     "8.41e21", "5e-5", "123456789.123456789e0"]
            if rng.random() < 0.5:
                return rng.choice(edges)
            number = struct.unpack("<d", rng.randbytes(8))[0]
        return "0" if number != number or abs(number) == float("inf") else f"{number!r}"
    code = "<f" if name.startswith("FLOAT") else "<d"

    def normal(text):
        # the very bits: the servers write the same number in different ways
        number = float(bytes.fromhex(text[1:]).decode())
        bits = struct.pack(code, -0.0 if number == 0 and text[0] == "1" else number).hex()
        minus_zero = struct.pack(code, -0.0).hex()
        return bits.replace("80", "00") if target.mariadb and bits == minus_zero else bits
    sql = name + (" UNSIGNED" if rng.random() < 0.1 else "")
    # a FLOAT's own text is cut to six digits, a DOUBLE's text in an expression to sixteen, which loses -0
    show = DOUBLE_SHOWN.replace("{c}))", "{c} + 0e0))") if code == "<f" else DOUBLE_SHOWN
    return Column(name.split("(")[0].lower(), sql, sql, values, show=show, normal=normal)


def bit_column(rng):
    bits = rng.choice([1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, rng.randint(1, 64)])

    def values(rng):
        return str(rng.choice([0, 1, 2 ** bits - 1, 2 ** (bits - 1), rng.randrange(2 ** bits)]))
    return Column("bit", f"BIT({bits})", f"BIT({bits})", values, show="HEX({c} + 0)")


# ---- text and bytes ----

TEXTS = ["CHAR", "VARCHAR", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"]
WIDTH = {"utf8mb4": 4, "utf8": 3, "utf16": 4, "utf16le": 4, "utf32": 4, "ucs2": 2, "gb18030": 4, "ujis": 3, "eucjpms": 3,
         "gbk": 2, "big5": 2, "sjis": 2, "cp932": 2, "euckr": 2, "gb2312": 2}


def text_column(rng, name, charset, collations, compressed=False, invalid=False):
    width = WIDTH.get(charset, 1)
    clause = collation_clause(rng, charset, collations)
    long = name not in ("CHAR", "VARCHAR")
    if name == "CHAR":
        size = rng.choice([1, 5, 20, 63, 255 if width < 3 else 80])
    elif name == "VARCHAR":
        size = rng.choice([1, 10, 40, 255 // width, 255 // width + 1, 300])
    else:
        size = 255 // width if name == "TINYTEXT" else 2000
    sql = f"{name}({size})" if not long else name
    big = long and name in ("MEDIUMTEXT", "LONGTEXT")

    def values(rng):
        if big and rng.random() < 0.02:
            return f"REPEAT({text_value(rng, charset, 10)}, {rng.choice([3000, 7000, 70000])})"
        return text_value(rng, charset, size, invalid)
    return Column(f"{'compressed ' if compressed else ''}{name.lower()} {clause.split(' ')[-1]}",
                  f"{sql}{' COMPRESSED' if compressed else ''} {clause}", f"{sql} {clause}", values,
                  keyable=not compressed, prefix=rng.choice([3, 10]) if long or size > 100 else 0,
                  long=long or size * width > 600)


BLOBS = {"TINYBLOB": 255, "BLOB": 3000, "MEDIUMBLOB": 1 << 20, "LONGBLOB": 1 << 20}


def bytes_column(rng, name, compressed=False):
    if name in BLOBS:
        size, sql, long = BLOBS[name], name, True
    else:
        size = rng.choice([1, 2, 16, 17, 64, 255] if name == "BINARY" else [1, 20, 255, 256, 500])
        sql, long = f"{name}({size})", size > 300

    def values(rng):
        how = rng.randrange(8)
        if how == 0:
            return "''"
        if how == 1:
            return f"REPEAT(x'{rng.choice(['00', 'ff', '27', '5c', '0a', '20', '80'])}', {min(size, 300)})"
        if how == 2 and size > 100000:
            return f"REPEAT(x'00ff275c', {rng.choice([100, 1 << 14, 1 << 18]) if rng.random() < 0.2 else 20})"
        data = rng.randbytes(rng.randrange(min(size, 40)) + 1)
        if how == 3:
            data = data[:-1] + rng.choice([b"\0", b" ", b"\\", b"'"])
        if how == 4:
            data = bytes(b % 3 * 0x27 for b in data)
        return f"x'{data.hex()}'"
    return Column(f"{'compressed ' if compressed else ''}{name.lower()}",
                  sql + (" COMPRESSED" if compressed else ""), sql, values, show="HEX({c})",
                  keyable=not compressed, prefix=rng.choice([2, 8]) if long else 0, long=long)


def members(rng, count, charset):
    odd = ["a", "b", "A-", "with space", "quo''te", 'dou"ble', "back\\\\slash", "1", "2", "0", "10", "-", "%", "`", ";", "x y z"]
    if charset in UNICODE or charset == "latin1":
        odd += ["ü", "é!", "ß?"]
    if charset in UNICODE:
        odd += ["日本", "привет", "ש"]
    made = rng.sample(odd, min(count, len(odd)))
    return made + [f"m{i}" for i in range(count - len(made))]


def enum_column(rng):
    charset = rng.choice(["utf8mb4", "latin1", "ucs2", "utf8", "utf16", "latin2"])
    names = members(rng, rng.choice([1, 3, 8, 20, 255, 256, 300]), charset)
    if rng.random() < 0.2 and "" not in names:
        names[-1] = ""
    sql = f"ENUM({', '.join(chr(39) + name + chr(39) for name in names)}) CHARACTER SET {charset}"

    def values(rng):
        # the index 0 is what a statement without strict mode leaves for an unknown member
        return str(rng.choice([1, len(names), rng.randint(1, len(names)), 0 if rng.random() < 0.3 else 1]))
    return Column("enum", sql, sql, values, show="CONCAT(CAST({c} AS UNSIGNED), '/', HEX(CAST({c} AS BINARY)))")


def set_column(rng):
    charset = rng.choice(["utf8mb4", "latin1", "ucs2", "utf8"])
    names = members(rng, rng.choice([1, 3, 8, 9, 16, 17, 24, 25, 33, 64]), charset)
    sql = f"SET({', '.join(chr(39) + name + chr(39) for name in names)}) CHARACTER SET {charset}"

    def values(rng):
        top = 2 ** len(names) - 1
        return str(rng.choice([0, 1, top, 2 ** (len(names) - 1), rng.randint(0, top)]))
    return Column("set", sql, sql, values, show="CONCAT(CAST({c} AS UNSIGNED), '/', HEX(CAST({c} AS BINARY)))")


# ---- times ----

def fraction(rng, digits):
    if not digits:
        return ""
    return "." + rng.choice(["0" * digits, "9" * digits, "0" * (digits - 1) + "1",
                             "".join(rng.choice("0123456789") for _ in range(digits))])


def date_text(rng, partial=True):
    if partial and rng.random() < 0.3:
        return rng.choice(["0000-00-00", "2024-00-00", "2024-02-00", "0000-01-01", "0000-00-31", "2023-02-31",
                           "2023-02-29", "9999-00-31"])
    if rng.random() < 0.3:
        return rng.choice(["1000-01-01", "9999-12-31", "0001-01-01", "2024-02-29", "1970-01-01", "1582-10-10"])
    return f"{rng.randint(1, 9999):04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def temporal_column(rng, name, source, target):
    digits = rng.randrange(7) if name not in ("DATE", "YEAR") else 0
    sql = f"{name}({digits})" if digits else name

    def clock(rng):
        return f"{rng.choice([0, 23, rng.randrange(24)]):02}:{rng.choice([0, 59, rng.randrange(60)]):02}:" \
               f"{rng.choice([0, 59, rng.randrange(60)]):02}"

    def values(rng):
        if name == "YEAR":
            return rng.choice(["'0000'", "'1901'", "'2155'", "'1970'", f"'{rng.randint(1901, 2155)}'"])
        if name == "DATE":
            return f"'{date_text(rng)}'"
        if name == "TIME":
            edges = ["838:59:59", "-838:59:59", "00:00:00", "-00:00:01", "24:00:00"]
            if rng.random() < 0.4:
                return f"'{rng.choice(edges)}'"
            sign = rng.choice(["", "-"])
            return f"'{sign}{rng.choice([rng.randrange(24), rng.randrange(838)]):02}{clock(rng)[2:]}{fraction(rng, digits)}'"
        if name == "DATETIME":
            day = date_text(rng)
            return f"'{day} {clock(rng)}{fraction(rng, digits)}'"
        edges = ["0000-00-00 00:00:00", "1970-01-02 00:00:01", "2038-01-18 03:14:07", "2024-03-31 01:30:00",
                 "2024-10-27 00:30:00", "2001-09-09 01:46:40"]
        if source.is_mariadb(11, 8) and target.is_mariadb(11, 8):
            edges += ["2106-02-06 06:28:15", "2038-01-20 00:00:00"]
        if rng.random() < 0.4:
            return f"'{rng.choice(edges)}'"
        return f"'{rng.randint(1971, 2037)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} {clock(rng)}" \
               f"{fraction(rng, digits)}'"
    column = Column(name.lower(), sql, sql, values)
    if name == "TIMESTAMP":
        # said explicitly: the servers' defaults for the first one differ
        column.extra = " NULL DEFAULT NULL"
    return column


# ---- JSON ----

KEYS = ["a", "b", "list", "deep", "ключ", 'q"', "", "a.b", "$", "k" * 40]


def json_value(rng, depth=0):
    """An SQL expression of MySQL for a JSON value."""
    how = rng.randrange(16 if depth < 4 else 11)
    if how == 0:
        return rng.choice(["CAST('null' AS JSON)", "CAST('true' AS JSON)", "CAST('false' AS JSON)", "NULL"])
    if how == 1:
        return rng.choice(["0", "-1", "32767", "-32768", "32768", "65535", "65536", "2147483647", "-2147483649",
                           "4294967296", "9223372036854775807", "-9223372036854775808", "18446744073709551615"])
    if how == 2:
        return rng.choice(["1e0", "-0e0", "0.1e0", "1e100", "5e-324", "1.7976931348623157e308", "123456789.125e0",
                           "0.30000000000000004e0", repr(rng.random()) + "e0"])
    if how == 3:
        return rng.choice(["1.5", "-0.00", "12345678901234567890.123456789", "0.1", "CAST(1 AS DECIMAL(65,30))"])
    if how == 4:
        return rng.choice(["CAST('2024-02-29' AS DATE)", "CAST('2024-02-29 23:59:59.999999' AS DATETIME(6))",
                           "CAST('-838:59:59' AS TIME)", "CAST('12:34:56.000001' AS TIME(6))",
                           "CAST('1000-01-01 00:00:00' AS DATETIME)"])
    if how == 5:
        return rng.choice(["CAST(x'00ff27' AS BINARY)", "CAST('abc' AS BINARY(5))", "b'101'", "CAST(x'' AS BINARY)"])
    if how in (6, 7, 8, 9, 10):
        return f"CONVERT({text_value(rng, 'utf8mb4', 300)} USING utf8mb4)"
    count = rng.choice([0, 1, 2, 3, 5, 20 if depth == 0 else 2])
    if how in (11, 12):
        return "JSON_ARRAY(" + ", ".join(json_value(rng, depth + 1) for _ in range(count)) + ")"
    keys = rng.sample(KEYS, min(count, len(KEYS))) + [f"n{i}" for i in range(count - len(KEYS))]
    return "JSON_OBJECT(" + ", ".join(f"CONVERT({hexed(key)} USING utf8mb4), {json_value(rng, depth + 1)}"
                                      for key in keys) + ")"


def json_document(rng):
    if rng.random() < 0.03:
        return f"JSON_OBJECT('a', REPEAT('x', {rng.choice([70000, 300000])}), 'list', {json_value(rng, 1)})"
    if rng.random() < 0.3:
        return f"JSON_OBJECT('a', {json_value(rng, 1)}, 'list', JSON_ARRAY(1, 'two', {json_value(rng, 1)}), 'b', 'text')"
    value = json_value(rng)
    return "CAST('null' AS JSON)" if value == "NULL" else f"CAST({value} AS JSON)"


def json_change(rng, name):
    """A function of a document that the server may log as a difference."""
    column = quoted(name)
    return rng.choice([
        f"JSON_SET({column}, '$.a', {json_value(rng, 2)})", f"JSON_REPLACE({column}, '$.b', {json_value(rng, 2)})",
        f"JSON_SET({column}, '$.\"new\"', {json_value(rng, 2)}, '$.list[1]', 'changed')",
        f"JSON_REMOVE({column}, '$.a')", f"JSON_REMOVE({column}, '$.list[0]')",
        f"JSON_SET({column}, '$.list[0]', {json_value(rng, 2)}, '$.b', 'x')",
        f"JSON_REPLACE(JSON_REMOVE({column}, '$.list[1]'), '$.a', 'y')",
    ])


def json_text(rng, depth=0):
    how = rng.randrange(8 if depth < 3 else 5)
    if how == 0:
        return rng.choice([None, True, False])
    if how == 1:
        return rng.choice([0, -1, 2 ** 31, 2 ** 63 - 1, 12345])
    if how == 2:
        return rng.choice([1.5, 0.1, -2.25])
    if how in (3, 4):
        return rng.choice(["", "text", "ü", "日本", 'q"', "back\\slash", "line\nfeed"])
    if how == 5:
        return [json_text(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(KEYS): json_text(rng, depth + 1) for _ in range(rng.randrange(4))}


# the text, and the types that text does not tell
DOCUMENT = ("CONCAT_WS('/', HEX(CAST({c} AS CHAR CHARACTER SET utf8mb4)), JSON_TYPE({c}), "
            + ", ".join(f"JSON_TYPE(JSON_EXTRACT({{c}}, '{path}'))" for path in
                        ("$.a", "$.b", "$.list[0]", "$.list[2]", "$[0]", "$[1]", "$[2]", "$.n0", "$.a[0]", "$.a.a", "$.a.b"))
            + ")")


def json_column(rng, source, target):
    if source.is_mysql(5, 7):
        if target.is_mysql(5, 7):
            return Column("json", "JSON", "JSON", json_document, show=DOCUMENT, keyable=False, long=True, document=True)
        return Column("json", "JSON", "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", json_document,
                      show="HEX(CAST({c} AS CHAR CHARACTER SET utf8mb4))", show_target="HEX({c})", keyable=False,
                      long=True, document=True)

    def values(rng):
        text = json.dumps(json_text(rng), ensure_ascii=rng.random() < 0.3, separators=rng.choice([(",", ":"), None]))
        return hexed(text)
    kind = "JSON" if target.mariadb else "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    return Column("json", "JSON", kind, values, show="HEX({c})", keyable=False, long=True)


# ---- the others ----

def point(rng):
    return f"{rng.choice([0, -1, 1.5, 90, -180, rng.randint(-1000, 1000) / 8])} {rng.choice([0, 1, -90, 45.125])}"


def geometry_text(rng, name):
    ring = "(0 0, 10 0, 10 10, 0 10, 0 0)"
    return {
        "POINT": lambda: f"POINT({point(rng)})",
        "LINESTRING": lambda: "LINESTRING(" + ", ".join(point(rng) for _ in range(rng.randint(2, 6))) + ")",
        "POLYGON": lambda: f"POLYGON({ring}{rng.choice(['', ', (2 2, 4 2, 4 4, 2 2)'])})",
        "MULTIPOINT": lambda: "MULTIPOINT(" + ", ".join(point(rng) for _ in range(rng.randint(1, 4))) + ")",
        "MULTILINESTRING": lambda: f"MULTILINESTRING((0 0, {point(rng)}), (1 1, 2 2, {point(rng)}))",
        "MULTIPOLYGON": lambda: f"MULTIPOLYGON(({ring}), ((20 20, 30 20, 30 30, 20 20)))",
        "GEOMETRYCOLLECTION": lambda: f"GEOMETRYCOLLECTION(POINT({point(rng)}), LINESTRING(0 0, 1 1))",
    }[name]()


GEOMETRIES = ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION",
              "GEOMETRY"]


def geometry_column(rng, name, source):
    prefix = "" if source.kind == "mysql56" else "ST_"
    srids = [0, 0, 4326, 3857]

    def values(rng):
        kind = rng.choice(GEOMETRIES[:-1]) if name == "GEOMETRY" else name
        srid = rng.choice(srids)
        if srid == 4326:
            # degrees, which MySQL checks
            kind = kind if name == "GEOMETRY" or name == kind else name
            text = {"POINT": "POINT(45 60.5)", "LINESTRING": "LINESTRING(0 0, 10 20.25)"}.get(kind)
            if text:
                return f"{prefix}GeomFromText('{text}', 4326)"
            srid = 0
        return f"{prefix}GeomFromText('{geometry_text(rng, kind)}', {srid})"
    return Column(name.lower(), name, name, values, show="HEX({c})", keyable=False, long=True, implicit=False)


def vector_column(rng, source, target):
    size = rng.choice([1, 3, 16, 100])
    plain = not (target.is_mysql(9) or target.is_mariadb(11, 7))

    def values(rng):
        numbers = [rng.choice([0.0, 1.5, -2.25, 1e-45, rng.uniform(-1, 1),
                               1e15 if source.family != target.family else 3.4028234663852886e38]) for _ in range(size)]
        return f"x'{struct.pack(f'<{size}f', *numbers).hex()}'"
    return Column("vector", f"VECTOR({size})", f"VARBINARY({4 * size})" if plain else f"VECTOR({size})", values,
                  show="HEX({c})", keyable=False, long=size > 50, implicit=False)


def address_column(rng, name, target):
    size = 4 if name == "INET4" else 16
    native = target.mariadb

    def values(rng):
        if name == "UUID":
            edges = ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
                     "00112233-4455-6677-8899-aabbccddee00"]
            data = rng.randbytes(16).hex()
            return f"'{rng.choice(edges + [f'{data[:8]}-{data[8:12]}-{data[12:16]}-{data[16:20]}-{data[20:]}'])}'"
        if name == "INET4":
            return f"'{rng.choice(['0.0.0.0', '255.255.255.255', '10.0.0.0', '.'.join(str(rng.randrange(256)) for _ in range(4))])}'"
        return f"'{rng.choice(['::', '::1', 'fe80::', 'ff02::1:ff00:0', '::ffff:1.2.3.4', f'2001:db8::{rng.randrange(65536):x}'])}'"
    return Column(name.lower(), name, name if native else f"BINARY({size})", values,
                  show=f"HEX(CAST({{c}} AS BINARY({size})))", show_target=None if native else "HEX({c})")


def makers(source, target):
    """[(label, function of a generator of random numbers)] of all kinds that the pair can have."""
    made = []
    collations = source.collations & target.collations
    invalid = source.kind == target.kind or source.mariadb and target.mariadb

    def add(label, make):
        made.append((label, make))
    for name in INTS:
        for unsigned in (False, True):
            add(name, lambda rng, name=name, unsigned=unsigned: int_column(rng, name, unsigned))
    for _ in range(4):
        add("DECIMAL", lambda rng: decimal_column(rng, source.mariadb and target.mariadb))
    for name in ("FLOAT", "DOUBLE", "FLOAT", "DOUBLE", "FLOAT(10,3)", "DOUBLE(20,5)"):
        add(name, lambda rng, name=name: real_column(rng, name, target))
    for _ in range(4):
        add("BIT", bit_column)
    charsets = sorted((source.charsets & target.charsets) - {"binary"})
    for number, charset in enumerate(charsets):
        names = ["CHAR", "VARCHAR"] + [TEXTS[2 + number % 4]] if charset not in UNICODE else TEXTS
        for name in names:
            add(f"{name} {charset}", lambda rng, name=name, charset=charset: text_column(rng, name, charset, collations,
                                                                                        invalid=invalid))
    for name in ["BINARY", "VARBINARY", *BLOBS]:
        add(name, lambda rng, name=name: bytes_column(rng, name))
    for _ in range(3):
        add("ENUM", enum_column)
        add("SET", set_column)
    for name in ("YEAR", "DATE", "TIME", "TIME", "DATETIME", "DATETIME", "TIMESTAMP", "TIMESTAMP"):
        add(name, lambda rng, name=name: temporal_column(rng, name, source, target))
    if source.is_mysql(5, 7) or source.mariadb:
        for _ in range(3):
            add("JSON", lambda rng: json_column(rng, source, target))
    for name in GEOMETRIES:
        add(name, lambda rng, name=name: geometry_column(rng, name, source))
    if source.is_mysql(9) or source.is_mariadb(11, 7):
        for _ in range(2):
            add("VECTOR", lambda rng: vector_column(rng, source, target))
    if source.mariadb:
        for name in ("UUID", "INET4", "INET6"):
            add(name, lambda rng, name=name: address_column(rng, name, target))
        for name in ("VARCHAR", "TEXT", "MEDIUMTEXT"):
            add("COMPRESSED", lambda rng, name=name: text_column(rng, name, "utf8mb4", collations,
                                                                           compressed=True))
        for name in ("VARBINARY", "BLOB", "MEDIUMBLOB"):
            add("COMPRESSED", lambda rng, name=name: bytes_column(rng, name, compressed=True))
    return made
