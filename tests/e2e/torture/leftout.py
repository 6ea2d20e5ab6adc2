"""What a target cannot hold of what a source has, and what is done about it: nothing else is left out.

"as X": the column is of type X on the target, which holds the same bytes; "value": the target changes such a value by
itself, so the comparison takes the two for the same; "never": the source's column is not made for such a target."""

LEFT_OUT = [
    # (source family, target kinds, what, how)
    ("mysql", ("maria1011", "maria118", "mysql56"), "charset gb18030", "never"),
    ("mysql", ("maria1011", "maria118"), "float -0", "value: MariaDB stores 0"),
    ("mysql", ("maria118",), "VECTOR whose length is more than a FLOAT", "never: MariaDB refuses it"),
    ("mysql", ("maria1011", "maria118"), "JSON", "as JSON: the text of MySQL's document, to the byte"),
    ("mysql", ("maria1011", "maria118"), "parts of documents without the old one (MINIMAL, NOBLOB)", "never: they stop"),
    ("mysql", ("mysql56",), "JSON", "as LONGTEXT"),
    ("mysql", ("maria1011", "mysql56"), "VECTOR", "as VARBINARY"),
    ("mariadb", ("maria1011", "mysql56"), "VECTOR", "as VARBINARY"),
    ("mariadb", ("mysql97", "mysql56"), "UUID", "as BINARY(16)"),
    ("mariadb", ("mysql97", "mysql56"), "INET6", "as BINARY(16)"),
    ("mariadb", ("mysql97", "mysql56"), "INET4", "as BINARY(4)"),
    ("mariadb", ("mysql97",), "JSON", "as LONGTEXT"),
    ("mariadb", ("mysql97", "mysql56"), "COMPRESSED", "as the plain type"),
    ("mariadb", ("mysql97", "mysql56"), "DECIMAL with 31 to 38 digits behind the point", "never"),
    ("mariadb", ("maria1011", "mysql97", "mysql56"), "TIMESTAMP behind 2038", "never"),
    ("mysql", ("maria1011", "maria118", "mysql97"), "bytes that are no text of their character set",
     "never, but between servers of one kind: they are refused"),
    ("mariadb", ("mysql97", "mysql56"), "bytes that are no text of their character set", "never: they are refused"),
    ("mysql", ("maria1011", "maria118", "mysql97", "mysql56"), "implicit defaults of GEOMETRY and VECTOR",
     "never: no statement can write them"),
    ("mariadb", ("maria1011", "maria118", "mysql97", "mysql56"), "implicit defaults of GEOMETRY and VECTOR",
     "never: no statement can write them, or (VECTOR) the log does not tell their width"),
    ("mariadb", ("mysql97",), "cascades over three generations", "never: MySQL 9.7 forgets a SET NULL there"),
    ("mysql", ("mysql56",), "generated and invisible columns", "never"),
    ("mariadb", ("mysql56",), "generated and invisible columns", "never"),
    ("mysql", ("maria1011", "maria118"), "generated invisible primary key", "as a column my_row_id made by hand"),
    ("mysql", ("maria1011", "maria118"), "unique keys over text that ignore case", "value: the families' collations of one "
     "name do not take the same characters for equal"),
    ("mariadb", ("mysql97", "mysql56"), "unique keys over text that ignore case", "value: likewise"),
]


def left_out(source, target):
    """[(what, how)] of a pair of sides."""
    return [(what, how) for family, kinds, what, how in LEFT_OUT if family == source.family and target.kind in kinds]
