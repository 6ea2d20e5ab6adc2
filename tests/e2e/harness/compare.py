"""Whether two servers hold the same: definitions and every value of every row, bit for bit."""
import json
import struct

FULL_DUMP_ROWS = 5000
SHOWN_DIFFERENCES = 10

TEXT_TYPES = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "binary", "varbinary", "tinyblob", "blob",
              "mediumblob", "longblob"}
# MariaDB keeps JSON as LONGTEXT
SAME_TYPE = {"json": "longtext"}


def compare_servers(source, target, schemas):
    """Raises an AssertionError that names the first differences; returns the number of rows that were compared."""
    compared = 0
    faults = []
    for schema in schemas:
        tables = _tables(source, schema)
        others = _tables(target, schema)
        if tables != others:
            faults.append(f"{schema}: tables only on the source: {sorted(set(tables) - set(others))}, "
                          f"only on the target: {sorted(set(others) - set(tables))}")
        for table in tables:
            if table not in others:
                continue
            faults += _definition_faults(source, target, schema, table)
            if not faults:
                count, found = _row_faults(source, target, schema, table)
                compared += count
                faults += found
    if faults:
        raise AssertionError(f"{source} and {target} differ:\n" + "\n".join(faults))
    return compared


def _tables(server, schema):
    """Sorted here: to a server foo and Foo are one, and stand in the order in which it found them in its folder."""
    return sorted(name for (name,) in server.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type LIKE 'BASE%%'", schema))


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def _columns(server, schema, table):
    """[(name, type, length, precision, scale, fraction, nullable, character set)] in order."""
    rows = server.query(
        "SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, "
        "datetime_precision, is_nullable, character_set_name FROM information_schema.columns "
        "WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position", schema, table)
    return [tuple(_text(value) for value in row) for row in rows]


def _indexes(server, schema, table):
    rows = server.query(
        "SELECT index_name, non_unique, seq_in_index, column_name, sub_part FROM information_schema.statistics "
        "WHERE table_schema = %s AND table_name = %s ORDER BY index_name, seq_in_index", schema, table)
    return [tuple(_text(value) for value in row) for row in rows]


def _normal(column):
    name, kind, length, precision, scale, fraction, nullable, charset = column
    kind = SAME_TYPE.get(kind, kind)
    charset = "utf8" if charset == "utf8mb3" else charset
    if kind in ("float", "double", "year") or kind.endswith("int"):
        # the families say different things about display
        precision = scale = None
    if kind == "longtext":
        # a JSON column's character set is a matter of the family
        charset = None
        length = None
    return name, kind, length, precision, scale, fraction, nullable, charset


def _definition_faults(source, target, schema, table):
    faults = []
    for what, read, normal in (("column", _columns, _normal), ("index", _indexes, lambda row: row)):
        left = [normal(row) for row in read(source, schema, table)]
        right = [normal(row) for row in read(target, schema, table)]
        if left != right:
            faults.append(f"{schema}.{table}: {what} definitions: source {_only(left, right)}, "
                          f"target {_only(right, left)}")
    return faults


def _only(these, those):
    return [row for row in these if row not in those] or "the same in another order"


def _expression(name, kind):
    """SQL that gives the column's value as hexadecimal text, the same on every family."""
    column = f"`{name}`"
    if kind in TEXT_TYPES or kind in ("json", "geometry", "point", "linestring", "polygon", "multipoint",
                                      "multilinestring", "multipolygon", "geometrycollection", "geomcollection"):
        return f"HEX({column})"
    if kind == "bit":
        return f"HEX({column} + 0)"
    if kind == "float":
        # as a double: the text of a float would be cut to six digits. The families write the seventeenth digit
        # differently; _normal_value makes up for that
        return f"HEX(CONCAT({column} + 0e0))"
    return f"HEX(CONCAT({column}))"


def _row_faults(source, target, schema, table):
    columns = _columns(source, schema, table)
    others = {column[0]: column[1] for column in _columns(target, schema, table)}
    plain, documents = [], []
    for name, kind, *_ in columns:
        # a JSON text is compared by its meaning: the families write it differently
        (documents if "json" in (kind, others.get(name)) else plain).append((name, kind))
    values = [_expression(*column) for column in plain] or ["''"]
    row = "CONCAT_WS('|', " + ", ".join(f"IFNULL({value}, '~')" for value in values) + ")"
    checksum = (f"SELECT COUNT(*), COALESCE(SUM(CRC32({row})), 0), "
                f"COALESCE(BIT_XOR(CAST(CONV(SUBSTRING(SHA2({row}, 256), 1, 15), 16, 10) AS UNSIGNED)), 0) "
                f"FROM `{schema}`.`{table}`")
    for server in (source, target):
        # the sessions of root see times as UTC, and rows of any length as hexadecimal text
        server.sql("SET time_zone = '+00:00'")
    left, right = (tuple(int(value) for value in server.query(checksum)[0]) for server in (source, target))
    if left == right and left[0] > FULL_DUMP_ROWS and not documents:
        return left[0], []
    rows = [_dump(server, schema, table, plain, values, documents) for server in (source, target)]
    if rows[0] == rows[1]:
        return len(rows[0]), []
    return len(rows[0]), [_difference(f"{schema}.{table}", plain + documents, *rows)]


def _dump(server, schema, table, plain, values, documents):
    wanted = values + [f"`{name}`" for name, _ in documents]
    rows = []
    for row in server.query(f"SELECT {', '.join(wanted)} FROM `{schema}`.`{table}`"):
        parsed = [None if text is None else json.dumps(json.loads(text), sort_keys=True) for text in row[len(values):]]
        rows.append(tuple(_normal_value(_text(value), kind) for value, (_, kind) in zip(row, plain)) + tuple(parsed))
    return sorted(rows, key=lambda row: tuple((value is not None, value or "") for value in row))


def _normal_value(value, kind):
    if kind != "float" or value is None:
        return value
    # its four bytes
    return struct.pack(">f", float(bytes.fromhex(value))).hex()


def _difference(name, columns, left, right):
    """The first rows that one side has and the other has not."""
    counted = {}
    for row in left:
        counted[row] = counted.get(row, 0) + 1
    for row in right:
        counted[row] = counted.get(row, 0) - 1
    lines = [f"{name}: {len(left)} rows on the source, {len(right)} on the target"]
    differing = [(row, count) for row, count in counted.items() if count]
    for row, count in differing[:SHOWN_DIFFERENCES]:
        side, other = ("source", "target") if count > 0 else ("target", "source")
        twins = [twin for twin, twins_count in differing if twins_count * count < 0 and twin[0] == row[0]]
        shown = zip(columns, row)
        if len(twins) == 1:
            # the same row on both sides: what is different in it is enough
            shown = [pair for pair, twin in zip(shown, twins[0]) if pair[1] != twin or pair[0] == columns[0]]
        values = ", ".join(f"{column[0]}={value}" for column, value in shown)
        lines.append(f"  not on the {other}, {abs(count)} times on the {side}: {values}")
    if len(differing) > SHOWN_DIFFERENCES:
        lines.append(f"  and {len(differing) - SHOWN_DIFFERENCES} more")
    return "\n".join(lines)
