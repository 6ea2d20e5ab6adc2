"""What a server can hold, by kind."""
import dataclasses

VERSIONS = {"maria1011": ("mariadb", (10, 11)), "maria118": ("mariadb", (11, 8)), "mysql97": ("mysql", (9, 7)),
            "mysql56": ("mysql", (5, 6))}


@dataclasses.dataclass(frozen=True)
class Side:
    """A server as the generator sees it: its family, its version, the character sets it knows."""
    kind: str
    charsets: frozenset

    @classmethod
    def of(cls, server):
        names = {name.replace("utf8mb3", "utf8")
                 for (name,) in server.query("SELECT character_set_name FROM information_schema.character_sets")}
        return cls(server.kind, frozenset(names))

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
