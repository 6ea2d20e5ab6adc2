"""Tables: columns dealt out so that every kind has its turn, keys of every sort, and targets that differ."""
import dataclasses

from .columns import Column, DOUBLE_SHOWN, WIDER_INT, int_column, quoted, temporal_column, text_column

LONG_COLUMNS = 4
# every character of these is one of utf8mb4's
UNICODE_TO = ("latin1", "utf8", "ucs2", "utf16", "utf16le", "utf32")
ODD_NAMES = ["select", "a b", "quo`te", "it's", 'dou"ble', "ünï", "日本語", "ключ", "back\\slash", "CamelCase", "1e5", "$x",
             "percent%s", "semi;colon", "--dash", "/*c*/", "?", "x" * 60, "ﬁ", "ſ", "İ"]


@dataclasses.dataclass
class Table:
    database: str
    name: str
    columns: list
    keys: list                     # SQL of the keys on both sides
    style: str                     # of its identifying key: for reports
    target_columns: list = None    # in the target's order, with what only it has
    gipk: bool = False
    parent: object = None          # of a foreign key
    swap: str = ""                 # a unique column of numbers, whose values may change places
    options: str = ""

    @property
    def full_name(self):
        return f"{quoted(self.database)}.{quoted(self.name)}"

    @property
    def differs(self):
        return self.target_columns is not None

    def create(self, target, by_hand=False):
        """Its definition on either side; `by_hand`: this server does not make the invisible key by itself."""
        columns = self.target_columns if target and self.target_columns else self.columns
        lines = ["  my_row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY INVISIBLE"] if by_hand else []
        for column in columns:
            kind = column.target if target else column.source
            if column.generated:
                kind += f" GENERATED ALWAYS AS ({column.generated}) {column.extra}"
            else:
                kind += column.extra + ("" if column.nullable or " NULL" in column.extra else " NOT NULL")
            lines.append(f"  {quoted(column.name)} {kind}")
        lines += [f"  {key}" for key in self.keys]
        return f"CREATE TABLE {self.full_name} (\n" + ",\n".join(lines) + f"\n) ENGINE=InnoDB{self.options}"

    def writable(self):
        return [column for column in self.columns if not column.generated]


class Maker:
    """Makes tables for a pair of sides."""

    def __init__(self, rng, source, target, database, kinds, named):
        self.rng, self.source, self.target, self.database = rng, source, target, database
        self.kinds = kinds
        # whether the events name their columns, so that the target's tables may differ
        self.named = named
        self.deck = []
        self.count = 0

    def _deal(self):
        if not self.deck:
            self.deck = list(self.kinds)
            self.rng.shuffle(self.deck)
        return self.deck.pop()[1](self.rng)

    def _columns(self, count):
        columns, later, long = [], [], 0
        while len(columns) < count:
            column = self._deal()
            if column.long and long >= LONG_COLUMNS:
                later.append((column.label, lambda rng, column=column: column))
                if len(later) > 40:
                    break
                continue
            long += column.long
            columns.append(column)
        self.deck += later
        rng = self.rng
        for number, column in enumerate(columns):
            column.name = f"c{number}"
            if rng.random() < 0.2:
                column.name = f"{rng.choice(ODD_NAMES)}{number}"
            column.nullable = rng.random() < 0.75
        return columns

    def table(self):
        rng = self.rng
        self.count += 1
        number = self.count
        name = f"t{number}" if rng.random() < 0.7 else f"{rng.choice(ODD_NAMES)}{number}"
        # picks rows by a number that is not unique
        pick = Column("int", "INT", "INT", lambda rng: str(rng.randrange(40)), name="n")
        columns = [pick] + self._columns(rng.randint(4, 12))
        table = Table(self.database, name, columns, [], "")
        styles = [self._key_int, self._key_int, self._key_none, self._key_none, self._key_columns, self._key_columns,
                  self._key_text, self._key_prefix, self._key_unique, self._key_nullable, self._key_swap]
        if self.source.is_mysql(8):
            styles.append(self._key_gipk)
        style = styles[number % len(styles)]
        table.style = style.__name__[5:]
        style(table)
        if self.source.mariadb and self.target.mariadb and table.style == "key_int"[4:] and rng.random() < 0.5:
            table.options = " WITH SYSTEM VERSIONING"
        self._more_keys(table)
        if self.target.kind != "mysql56" and self.source.kind != "mysql56":
            self._generated(table)
            self._invisible(table)
        self._defaults(table)
        if self.named and not table.gipk and rng.random() < 0.5:
            self._differ(table)
        return table

    # ---- keys ----

    def _key_int(self, table):
        rng = self.rng
        column = int_column(rng, rng.choice(["INT", "BIGINT", "MEDIUMINT", "SMALLINT"]), rng.random() < 0.5)
        column.name, column.nullable = rng.choice(["id", "ID", "the id"]), False
        if rng.random() < 0.5:
            column.extra = " NOT NULL AUTO_INCREMENT"
            column.source = column.source.replace(" ZEROFILL", "")
            column.target = column.source
            top = 1 << 15
            column.values = lambda rng: str(rng.randrange(top))
        else:
            column.values = lambda rng: str(rng.randrange(-100 if "UNSIGNED" not in column.source else 0, 600))
        table.columns.insert(rng.randrange(2), column)
        table.keys.append(f"PRIMARY KEY ({quoted(column.name)})")

    def _key_none(self, table):
        pass

    def _key_gipk(self, table):
        table.gipk = True

    def _part(self, column):
        return quoted(column.name) + (f"({column.prefix})" if column.prefix else "")

    def _key_columns(self, table):
        rng = self.rng
        candidates = [column for column in table.columns[1:] if column.keyable and not column.prefix and self._alike(column)]
        if not candidates:
            return self._key_int(table)
        chosen = rng.sample(candidates, min(len(candidates), rng.choice([1, 2, 3])))
        for column in chosen:
            column.nullable = False
            if column.extra == " NULL DEFAULT NULL":
                column.extra = " NOT NULL DEFAULT '2001-01-01 00:00:00'"
        table.keys.append(f"PRIMARY KEY ({', '.join(self._part(column) for column in chosen)})")
        table.style += " " + "+".join(column.label for column in chosen)
        return None

    def _alike(self, column):
        """Whether both sides take the same values for equal: the families' collations of one name are not the same."""
        return self.source.family == self.target.family or " COLLATE " not in column.source or \
            column.source.endswith("_bin")

    def _text(self, table, size):
        charset = self.rng.choice(sorted(self.source.charsets & self.target.charsets - {"binary", "gb18030"}))
        collations = self.source.collations & self.target.collations
        if self.source.family != self.target.family:
            collations = {(of, name) for of, name in collations if name.endswith("_bin")}
        column = text_column(self.rng, "VARCHAR", charset, collations)
        column.source = column.target = column.source.replace(column.source.split(" ")[0], f"VARCHAR({size})")
        values = column.values
        column.values = lambda rng: f"LEFT({values(rng)}, {size})"
        column.name, column.nullable = "tk", False
        table.columns.insert(0, column)
        table.style += f" {column.source}"
        return column

    def _key_text(self, table):
        self._text(table, 20)
        table.keys.append("PRIMARY KEY (`tk`)")

    def _key_prefix(self, table):
        self._text(table, 60)
        table.keys.append(f"PRIMARY KEY (`tk`({self.rng.choice([3, 5])}))")

    def _key_unique(self, table):
        column = int_column(self.rng, "INT", False)
        column.name, column.nullable = "u", False
        table.columns.append(column)
        table.keys.append("UNIQUE KEY `uk` (`u`)")

    def _key_nullable(self, table):
        column = int_column(self.rng, "INT", False)
        column.name = "un"
        column.values = lambda rng: str(rng.randrange(1000))
        table.columns.append(column)
        table.keys.append("UNIQUE KEY `unk` (`un`)")

    def _key_swap(self, table):
        self._key_int(table)
        column = int_column(self.rng, "INT", False)
        column.name = "sw"
        column.values = lambda rng: str(rng.randrange(10000))
        table.columns.append(column)
        table.keys.append("UNIQUE KEY `swap` (`sw`)")
        table.swap = "sw"

    def _more_keys(self, table):
        rng = self.rng
        candidates = [column for column in table.columns[1:] if column.keyable]
        for number in range(rng.choice([0, 0, 1, 2])):
            if not candidates:
                break
            chosen = rng.sample(candidates, min(len(candidates), rng.choice([1, 2])))
            unique = rng.random() < 0.4 and not any(column.prefix or not self._alike(column) for column in chosen) and \
                not any(column.label in ("bit", "enum", "set", "year", "tinyint", "tinyint unsigned") for column in chosen)
            table.keys.append(f"{'UNIQUE ' if unique else ''}KEY `k{number}` "
                              f"({', '.join(self._part(column) for column in chosen)})")

    # ---- the rest ----

    def _generated(self, table):
        rng = self.rng
        if rng.random() > 0.4:
            return
        kind = rng.choice(["VIRTUAL", "STORED"])
        made = Column("generated", "BIGINT", "BIGINT", None, show="HEX(CONCAT({c}))", name="gen", generated="`n` * 3 + 1",
                      extra=kind)
        table.columns.insert(rng.randrange(len(table.columns) + 1), made)
        if rng.random() < 0.5:
            text = Column("generated", "VARCHAR(60) CHARACTER SET utf8mb4", "VARCHAR(60) CHARACTER SET utf8mb4", None,
                          name="gen text", generated="CONCAT('<', `n`, '>')", extra=rng.choice(["VIRTUAL", "STORED"]))
            table.columns.append(text)
        if rng.random() < 0.4:
            table.keys.append(f"{'UNIQUE ' if rng.random() < 0.2 else ''}KEY `over` (`gen`)")
        if self.source.is_mysql(8) and self.target.is_mysql(8) and rng.random() < 0.5:
            table.keys.append(f"{'UNIQUE ' if rng.random() < 0.2 else ''}KEY `fx` ((`n` * 2))")

    def _invisible(self, table):
        for column in table.columns[1:]:
            if not column.generated and column.nullable and not column.extra and self.rng.random() < 0.1:
                column.extra = " NULL DEFAULT NULL INVISIBLE"
                if self.source.family != self.target.family and self.source.mariadb:
                    column.extra = " NULL INVISIBLE"

    def _defaults(self, table):
        rng = self.rng
        if rng.random() < 0.4:
            table.columns.append(Column("int", "INT", "INT", lambda rng: str(rng.randrange(9)), name="seven",
                                        extra=" DEFAULT 7", show="HEX(CONCAT({c}))"))
        if rng.random() < 0.4:
            digits = rng.choice([0, 3, 6])
            now = f"CURRENT_TIMESTAMP({digits})" if digits else "CURRENT_TIMESTAMP"
            kind = rng.choice(["TIMESTAMP", "DATETIME"])
            column = temporal_column(rng, kind, self.source, self.target)
            column.source = column.target = f"{kind}({digits})" if digits else kind
            column.name = "touched"
            column.nullable = True
            column.extra = f" NULL DEFAULT {now} ON UPDATE {now}"
            table.columns.append(column)

    def _differ(self, table):
        """Another order, further columns, wider types on the target."""
        rng = self.rng
        others = []
        for column in table.columns:
            other = dataclasses.replace(column)
            base = other.target.split(" ")[0].split("(")[0]
            if rng.random() < 0.5 and not column.generated:
                if base in WIDER_INT and "AUTO_INCREMENT" not in column.extra:
                    other.target = other.target.replace(base, WIDER_INT[base], 1)
                elif base in ("TINYTEXT", "TEXT", "MEDIUMTEXT"):
                    other.target = other.target.replace(base, "LONGTEXT", 1)
                elif base in ("TINYBLOB", "BLOB", "MEDIUMBLOB", "VARBINARY") and column.label != "vector":
                    other.target = "LONGBLOB" if column.long else other.target.replace("VARBINARY(", "VARBINARY(1", 1)
                elif base == "BINARY":
                    # its zeros at the end are bytes there
                    other.target = other.target.replace("BINARY", "VARBINARY", 1)
                elif base in ("DATETIME", "TIME", "TIMESTAMP") and column.name != "touched":
                    # more digits behind the point: compared as numbers of seconds
                    other.target = f"{base}(6)"
                    column.normal = lambda text: text and _without_fraction_zeros(text)
                elif column.label == "float" and "(" not in column.target:
                    other.target = other.target.replace("FLOAT", "DOUBLE", 1)
                    other.show = DOUBLE_SHOWN
                elif base == "DECIMAL":
                    scale = int(column.target.split(",")[1].split(")")[0])
                    other.target = f"DECIMAL(65,{scale}){column.target.split(')')[1]}"
                elif base in ("CHAR", "VARCHAR", "LONGTEXT") and column.label.split("_")[0].split(" ")[-1] in UNICODE_TO and \
                        not any(quoted(column.name) in key for key in table.keys):
                    # another character set: the same characters
                    size = column.target.split(" ")[0]
                    other.target = f"{size} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
                    column.show = other.show = "HEX(CONVERT({c} USING utf8mb4))"
            others.append(other)
        rng.shuffle(others)
        for number in range(rng.randrange(3)):
            extra = Column("extra", "", rng.choice(["INT DEFAULT 5", "VARCHAR(20) DEFAULT 'x'", "BLOB"]), None,
                           name=f"extra{number}")
            others.insert(rng.randrange(len(others) + 1), extra)
        table.target_columns = others


def _without_fraction_zeros(text):
    """Of the hexadecimal text of a time: '31322E3030' and '3132' are the same."""
    plain = bytes.fromhex(text).decode()
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain


def family_of_tables(maker, number):
    """A parent and two children whose rows follow it."""
    database = maker.database
    parent = Table(database, f"parent{number}", [], ["PRIMARY KEY (`id`)", "UNIQUE KEY `pu` (`u`)"], "parent")
    child = Table(database, f"child{number}", [], ["PRIMARY KEY (`id`)", "KEY `p` (`pid`)", "KEY `q` (`pu`)"], "child")
    grand = Table(database, f"grand{number}", [], ["KEY `c` (`cid`)"], "grandchild")

    def small(name, top, nullable=True):
        return Column("int", "INT", "INT", lambda rng: str(rng.randrange(top)), name=name, nullable=nullable)
    parent.columns = [small("id", 60, False), small("u", 60, False), small("n", 40)]
    child.columns = [small("id", 300, False), small("pid", 60), small("pu", 60), small("n", 40)]
    grand.columns = [small("cid", 300), small("n", 40)]
    child.keys += [f"CONSTRAINT `fk{number}a` FOREIGN KEY (`pid`) REFERENCES `parent{number}` (`id`) "
                   "ON DELETE CASCADE ON UPDATE CASCADE",
                   f"CONSTRAINT `fk{number}b` FOREIGN KEY (`pu`) REFERENCES `parent{number}` (`u`) "
                   "ON DELETE SET NULL ON UPDATE CASCADE"]
    # MySQL 9.7 forgets the SET NULL of the children when the CASCADE before it reached their own children: as a target it
    # has no third generation, unless its source forgets the same
    above = parent if maker.target.is_mysql(9) and not maker.source.is_mysql(9) else child
    grand.keys += [f"CONSTRAINT `fk{number}c` FOREIGN KEY (`cid`) REFERENCES {quoted(above.name)} (`id`) "
                   "ON DELETE CASCADE ON UPDATE SET NULL"]
    child.parent, grand.parent = parent, above
    return [parent, child, grand]
