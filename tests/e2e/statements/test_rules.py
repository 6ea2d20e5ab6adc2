"""Each rule's example on a real master of its family, and what becomes of it on a real target of each kind. With
CHANGELING_WRITE_DOCS=1 the outcome goes into docs/rewrites.md."""
import json
import os
import pathlib
import re
import subprocess

import pymysql
import pytest

import words
from harness import binary

DOCUMENT = pathlib.Path(__file__).resolve().parents[3] / "docs/rewrites.md"
TARGETS = {"maria1011": "rds-mariadb-10.11", "maria118": "rds-mariadb-11.8", "mysql56": "rds-mysql-5.6",
           "mysql97": "rds-mysql-9.7"}
LEGACY = DOCUMENT.parents[1] / "tests/lab/openssl-legacy.cnf"
SEEN = "\n## Seen on real servers\n"
BETWEEN = ["DROP DATABASE IF EXISTS app", "DROP DATABASE IF EXISTS app2", "CREATE DATABASE app",
           "CREATE TABLE app.t (a INT, b2 INT) ENGINE=InnoDB", "INSERT INTO app.t VALUES (1, 1), (2, 2)",
           "CREATE USER app@'%'"]
# what an example needs to be there on the master
BEFORE = {
    "own-schema": ["CREATE DATABASE IF NOT EXISTS changeling", "CREATE TABLE IF NOT EXISTS changeling.checkpoint (a INT)"],
    "reserved-accounts": ["CREATE USER rdsadmin@localhost"],
    "revoke-everything": ["GRANT SELECT ON app.* TO app@'%'"],
    "default-role": ["GRANT reader TO app@'%'"],
    "event-names": ["CREATE EVENT app.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM app.t"],
    "dropped-functions": ["SET GLOBAL log_bin_trust_function_creators=1",
                          "CREATE FUNCTION app.f() RETURNS INT DETERMINISTIC RETURN 1"],
    "portion": ["DROP TABLE app.t", "CREATE TABLE app.t (a INT, x DATE, y DATE, PERIOD FOR p (x, y))"],
    "roles": ["CREATE ROLE dba"],
    "row-order": ["DELETE FROM app.t WHERE a > 1"],
    "role-lists": ["CREATE ROLE IF NOT EXISTS reader, writer"],
    "merge-tables": ["CREATE TABLE app.one (a INT) ENGINE=MyISAM"],
    "proxy": ["CREATE USER a", "CREATE USER b"],
    "packages": ["SET SESSION sql_mode = 'ORACLE'"],
    "insert-delayed": ["DROP TABLE app.t", "CREATE TABLE app.t (a INT) ENGINE=MyISAM"],
    "exchange-validation": ["CREATE TABLE app.parts (a INT) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10))",
                            "CREATE TABLE app.plain (a INT)"],
    }
# what a master takes of the same kind, where it refuses the example or would be ruined by it
INSTEAD = {
    "system-database": "DROP DATABASE sys",
    "accounts": "CREATE USER app9@'%' IDENTIFIED BY 'secret'",
    "passwords": "CREATE USER app8@'%' IDENTIFIED WITH caching_sha2_password BY 'secret'",
    "packages": "CREATE PACKAGE app.p AS PROCEDURE a(); END",
    "reference-systems": "CREATE SPATIAL REFERENCE SYSTEM 990001 NAME 'x' DEFINITION 'GEOGCS[\"x\",DATUM[\"x\",SPHEROID[\"x\","
                         "6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.017453292519943278],"
                         "AXIS[\"Lat\",NORTH],AXIS[\"Lon\",EAST]]'",
    "loadable-functions": "CREATE FUNCTION keyring_key_fetch RETURNS STRING SONAME 'keyring_udf.so'",
    "encryption": "CREATE TABLE app.t7 (a INT) ENCRYPTION='N'",
    "load-xml": "LOAD XML INFILE '/tmp/t.csv' INTO TABLE app.t",
    "directories": "CREATE TABLE app.t5 (a INT) DATA DIRECTORY='@TMP@'",
}
# and a master that takes it
KINDS = {"directories": "mysql56", "nothing-left": "mysql56", "servers": "mysql56"}
# where the log does not say what the client said, or the target cannot have what the rule would write
OTHERWISE = {
    "dropped-functions": "the function was stopped at and skipped before",
    "current-user": "the log names the account",
    "wait-nowait": "the log has the statement without these words",
    "create-if-not-exists": "the log adds the definer, which is replaced",
    "timestamp-defaults": "only targets of MySQL 5 need it",
    "default-expressions": "MySQL 5.6 has no such defaults",
    "column-words": "MySQL 5.6 has no generated columns",
    "accounts": "the log has a hash of caching_sha2_password, which only MySQL 8 can hold",
    "passwords": "a hash of caching_sha2_password, which only MySQL 8 can hold",
    "packages": "the log adds the definer, which is replaced",
    "insert-delayed": "the log has the statement without this word",
}


def catalogue():
    return json.loads(subprocess.run([str(binary()), "explain", "--rules", "--json"], capture_output=True, check=True,
                                     text=True).stdout)


def source_kind(rule):
    version = rule["source"]
    if rule["rule"] in KINDS:
        return KINDS[rule["rule"]]
    if version.startswith("MariaDB"):
        return "maria1011"
    return "mysql56" if version.startswith("MySQL 5") else "mysql97"


def run_examples(source, rules):
    """[(rule, begin, end)]: the places of the log that the examples take, and None where there is nothing to see."""
    places = []
    for rule in rules:
        statements = [*BETWEEN, *BEFORE.get(rule["rule"], [])]
        for statement in statements:
            try:
                source.sql(statement)
            except pymysql.MySQLError as error:
                assert error.args[0] == 1396, (rule["rule"], statement, error)    # the account is there already
        begin = source.position()[1]
        why = None
        statement = INSTEAD.get(rule["rule"], rule["example"])
        try:
            source.sql(statement.replace("/tmp/t.csv", f"{source.lab.folder}/tmp/t.csv")
                       .replace("@TMP@", f"{source.lab.folder}/tmp"))
        except pymysql.MySQLError as error:
            why = f"error {error.args[0]} on the master"
        # some leave the session good for little
        source.forget()
        end = source.position()[1]
        if end == begin:
            places.append((rule, None, why or "not logged"))
        else:
            places.append((rule, begin, end))
    return places


def at(places, position):
    for rule, begin, end in places:
        if begin is not None and begin < position <= end:
            return rule["rule"]
    return None


def replicate(p, start, places):
    """{rule: outcome}, with whatever stops skipped."""
    changeling = p.changeling
    changeling.change_master(start)
    outcomes, reasons = {}, {}
    for _ in range(60):
        code = changeling.run_to_end("--until", "now", seconds=60)
        if code == 0:
            break
        row = changeling.row()
        found = re.search(r"binlog\.\d+:(\d+)", row["error"] or "")
        assert row["state"] == "error" and found, f"{row}\n{changeling.log_tail()}"
        rule = at(places, int(found[1]))
        outcomes[rule], reasons[rule] = "stopped", row["error"]
        result = changeling.command("skip")
        assert result.code == 0, result
    else:
        pytest.fail(f"it stops again and again: {changeling.log_tail()}")
    for view, outcome in (("skipped", "set aside"), ("rewrites", "rewritten")):
        for row in changeling.look(view):
            rule = at(places, row["position"])
            if rule and row["rule"] != "operator" and (view == "skipped" or row["sent"] != row["original"]):
                outcomes.setdefault(rule, outcome)
                reasons.setdefault(rule, row["reason"])
    for rule, begin, end in places:
        if begin is None:
            outcomes[rule["rule"]] = end
        outcomes.setdefault(rule["rule"], "run")
    outcomes.pop(None, None)
    for rule, _, _ in places:
        if rule["rule"] in reasons:
            print(f"{p.target.kind} {rule['rule']}: {outcomes[rule['rule']]}: {reasons[rule['rule']][:300]}")
    return outcomes


@pytest.mark.slow
def test_every_rule_on_every_kind_of_target(pairing, pool, monkeypatch):
    # what an OpenSSL of today needs to reach a server of 2013
    monkeypatch.setenv("OPENSSL_CONF", str(LEGACY))
    rules = [rule for rule in catalogue() if rule.get("example")]
    seen = {}
    for kind in ("mysql97", "mysql56", "maria1011"):
        source = pool.fresh(kind, "master", format="STATEMENT", gtid=False)
        (source.lab.folder / "tmp/t.csv").write_text("7\t8\n")
        start = source.position()
        places = run_examples(source, [rule for rule in rules if source_kind(rule) == kind])
        for target_kind in TARGETS:
            target = pool.fresh(target_kind, "rds")
            for rule, outcome in replicate(pairing(source, target), start, places).items():
                seen.setdefault(rule, {})[target_kind] = outcome
            target.remove()
    lines, wrong = [], []
    for rule in rules:
        cells = []
        for target_kind, profile in TARGETS.items():
            outcome = seen[rule["rule"]][target_kind]
            cells.append(outcome)
            planned = rule["outcomes"][profile]
            if outcome in ("run", "rewritten", "set aside", "stopped") and outcome != planned \
                    and rule["rule"] not in OTHERWISE:
                wrong.append(f"{rule['rule']} on {target_kind}: {outcome}, planned was {planned}")
        lines.append(f"| `{rule['rule']}` | {source_kind(rule)} | {' | '.join(cells)} |")
    table = (f"{SEEN}\nThe examples, run on a master that logs statements, and replayed by `tests/e2e/statements/test_rules.py`. "
             "Where a column says \"error\" or \"not logged\", this master's version does not write such a statement to its log.\n\n"
             f"| rule | master | {' | '.join(TARGETS)} |\n|---|---|{'---|' * len(TARGETS)}\n" + "\n".join(lines) +
             "\n\nOther than the plan for the example's own words:\n\n" +
             "".join(f"- `{rule}`: {why}.\n" for rule, why in OTHERWISE.items()) +
             "\nRun in place of the example, where the master refuses that or would be ruined by it:\n\n" +
             "".join(f"- `{rule}`: `{statement.replace('@TMP@', '/tmp')}`\n" for rule, statement in INSTEAD.items()))
    print(table)
    if os.environ.get("CHANGELING_WRITE_DOCS"):
        text = subprocess.run([str(binary()), "explain", "--rules"], capture_output=True, check=True, text=True).stdout
        DOCUMENT.write_text(text + table + words.table())
    assert not wrong, "\n".join(wrong)
