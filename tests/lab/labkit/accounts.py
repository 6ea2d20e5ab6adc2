"""The accounts of a fresh server: a master's, and those that an RDS-like target hands out."""
from .kinds import LabError

# what Amazon documents for the master user of a new instance; no SUPER, no FILE, no BINLOG privilege
RDS_PRIVILEGES = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, "
    "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, "
    "CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER")

ADMIN = "'admin'@'%'"

FRESH = {
    "maria1011": ["DELETE FROM mysql.global_priv WHERE user='' OR (user='root' AND host<>'localhost')",
                  "FLUSH PRIVILEGES"],
    "maria118": ["DELETE FROM mysql.global_priv WHERE user='' OR (user='root' AND host<>'localhost')",
                 "FLUSH PRIVILEGES"],
    "mysql97": [],
    "mysql56": ["SET old_passwords=0", "DELETE FROM mysql.user WHERE user='' OR (user='root' AND host<>'localhost')",
                "DELETE FROM mysql.db", "FLUSH PRIVILEGES"],
}


def _master():
    return ["CREATE USER 'root'@'%' IDENTIFIED BY 'root'",
            "CREATE USER 'repl'@'%' IDENTIFIED BY 'repl'",
            "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION",
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'repl'@'%'"]


def _rds(kind):
    # rdsadmin is the provider's own: tests look at it and never use it
    statements = ["CREATE USER 'rdsadmin'@'localhost' IDENTIFIED BY 'rdsadmin'",
                  "GRANT ALL PRIVILEGES ON *.* TO 'rdsadmin'@'localhost' WITH GRANT OPTION"]
    create = f"CREATE USER {ADMIN} IDENTIFIED BY 'adminpw' REQUIRE SSL"
    if kind == "mysql56":
        return statements + [
            f"GRANT {RDS_PRIVILEGES} ON *.* TO {ADMIN} IDENTIFIED BY 'adminpw' REQUIRE SSL WITH GRANT OPTION"]
    if kind == "mysql97":
        # as RDS for MySQL since 8.0.36: a role carries the privileges, partial revokes close the mysql schema
        return statements + [
            "CREATE ROLE rds_superuser_role",
            f"GRANT {RDS_PRIVILEGES}, CREATE ROLE, DROP ROLE, APPLICATION_PASSWORD_ADMIN, ROLE_ADMIN, "
            "SET_ANY_DEFINER, XA_RECOVER_ADMIN ON *.* TO rds_superuser_role WITH GRANT OPTION",
            "REVOKE INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, "
            "LOCK TABLES, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER "
            "ON mysql.* FROM rds_superuser_role",
            create,
            f"GRANT rds_superuser_role TO {ADMIN} WITH ADMIN OPTION",
            f"SET DEFAULT ROLE ALL TO {ADMIN}"]
    more = ", SHOW CREATE ROUTINE" if kind == "maria118" else ""
    return statements + [create, f"GRANT {RDS_PRIVILEGES}{more} ON *.* TO {ADMIN} WITH GRANT OPTION"]


def accounts_sql(kind, role):
    """The statements that make the accounts of a server of this kind in this role, none of them logged."""
    if role not in ("master", "plain", "rds"):
        raise LabError(f"there is no role {role}: a server is a master, an rds or plain")
    statements = ["SET SESSION sql_log_bin=0", *FRESH[kind], *(_rds(kind) if role == "rds" else _master())]
    return ";\n".join(statements) + ";\n"
