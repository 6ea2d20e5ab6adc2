"""What a server can hold, by kind."""
import dataclasses

VERSIONS = {"maria1011": ("mariadb", (10, 11)), "maria118": ("mariadb", (11, 8)), "mysql97": ("mysql", (9, 7)),
            "mysql56": ("mysql", (5, 6))}


@dataclasses.dataclass(frozen=True)
class Side:
    """A server as the generator sees it: its family, its version, the character sets it knows."""
    kind: str
    charsets: frozenset
    collations: frozenset          # (character set, collation)

    @classmethod
    def of(cls, server):
        names = {name.replace("utf8mb3", "utf8")
                 for (name,) in server.query("SELECT character_set_name FROM information_schema.character_sets")}
        collations = {(charset.replace("utf8mb3", "utf8"), name.replace("utf8mb3", "utf8")) for charset, name in server.query(
            "SELECT character_set_name, collation_name FROM information_schema.collations") if charset and name}
        return cls(server.kind, frozenset(names), frozenset(collations))

    def spell(self, sql):
        """The statement with the names that this server has for three-byte UTF-8."""
        if self.kind == "mysql56":
            return sql
        return sql.replace("COLLATE utf8_", "COLLATE utf8mb3_").replace("CHARACTER SET utf8 ", "CHARACTER SET utf8mb3 ")

    @property
    def family(self):
        return VERSIONS[self.kind][0]

    @property
    def version(self):
        return VERSIONS[self.kind][1]

    @property
    def mariadb(self):
        return self.family == "mariadb"

    @property
    def mysql(self):
        return self.family == "mysql"

    def is_mysql(self, *version):
        return self.mysql and self.version >= version

    def is_mariadb(self, *version):
        return self.mariadb and self.version >= version
