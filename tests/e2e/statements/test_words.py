"""Statements in words of one family, version or kind of server, run on a master that logs statements: what becomes of each on
targets of every family. words.py names them and what is to be seen."""
import pathlib
import re

import pymysql
import pytest

from words import A, FORMS, M, PAIRS, table

DOCUMENT = pathlib.Path(__file__).resolve().parents[3] / "docs/rewrites.md"
XML = "<list><row a=\"1\" b=\"2\"/><row><a>3</a><b>4</b></row></list>\n"


def run_forms(p, forms):
    """[(form, begin, end)]: the place of each in the log. Every form has a session of its own."""
    places, refused = [], []
    (p.source.lab.folder / "tmp/words.xml").write_text(XML)
    p.source.sql(f"CREATE DATABASE `{p.db}` CHARACTER SET utf8mb4; CREATE DATABASE `{p.db}_apart` CHARACTER SET utf8mb4")
    for form in forms:
        with p.source.connect(f"{p.db}_apart" if form.apart else p.db) as connection, connection.cursor() as cursor:
            begin = None
            for number, statement in enumerate([*form.before, *form.sql]):
                if number == len(form.before):
                    begin = p.source.position()[1]
                try:
                    cursor.execute(statement.replace("@TMP@", f"{p.source.lab.folder}/tmp").format(db=p.db))
                except pymysql.MySQLError as error:
                    refused.append(f"{form.name}: {statement}: {error}")
        places.append((form, begin, p.source.position()[1]))
    assert not refused, "\n".join(refused)
    return places


def replicate(p, start, places):
    """{form's name: outcome}, with whatever stops skipped."""
    changeling, seen = p.changeling, {form.name: {} for form, _, _ in places}

    def form_at(position):
        return next((form.name for form, begin, end in places if begin < position <= end), None)

    changeling.change_master(start)
    while changeling.run_to_end("--until", "now", seconds=120):
        row = changeling.row()
        found = re.search(r"binlog\.\d+:(\d+)", row["error"] or "")
        name = form_at(int(found[1])) if found else None
        assert name, f"{row}\n{changeling.log_tail()}"
        why = (re.search(r"all such statements: rule\.([a-z-]+)=", row["error"]) or re.search(r"said: error (\d+)", row["error"]))
        print(f"{p.target.kind} {name}: {row['error']}")
        seen[name].setdefault("stopped", set()).add(why[1] if why else row["error"])
        result = changeling.command("skip")
        assert result.code == 0, result
    for view, outcome in (("skipped", "set aside"), ("rewrites", "rewritten")):
        for row in changeling.look(view):
            name = form_at(row["position"])
            if name and row["rule"] != "operator" and (view == "skipped" or row["sent"] != row["original"]):
                print(f"{p.target.kind} {name}: {row['rule']}: {row['reason']}")
                seen[name].setdefault(outcome, set()).add(row["rule"])
    return {form.name: outcome_of(begin, end, seen[form.name]) for form, begin, end in places}


def outcome_of(begin, end, seen):
    if begin == end:
        return "not logged"
    return next((f"{word}: {', '.join(sorted(seen[word]))}" for word in ("stopped", "set aside", "rewritten") if word in seen), "run")


@pytest.mark.parametrize("source,target", PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_words(pairing, pool, source, target):
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.source.sql("GRANT SELECT ON *.* TO repl; SET GLOBAL log_bin_trust_function_creators = 1")
    p.target.sql("SET GLOBAL log_bin_trust_function_creators = 1")
    try:
        start = p.source.position()
        forms = [form for form in FORMS if source in form.sources]
        seen = replicate(p, start, run_forms(p, forms))
        wrong = [f"{form.name}: {seen[form.name]}, expected was {form.outcome(source, target)}" for form in forms
                 if seen[form.name] != form.outcome(source, target)]
        assert not wrong, "\n".join(wrong)
        assert p.compare() >= 10
    finally:
        p.changeling.stop()
        p.target.sql("SET GLOBAL log_bin_trust_function_creators = 0")
        drop_accounts(p)


def test_load_xml_by_policy(pairing, pool):
    p = pairing(pool.fresh(A, "master", format="STATEMENT", gtid=False), M)
    p.replicate("now", **{"rule.load-xml": "rewrite"})
    (p.source.lab.folder / "tmp/words.xml").write_text(XML)
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (a INT, b INT); "
                 f"LOAD XML INFILE '{p.source.lab.folder}/tmp/words.xml' INTO TABLE `{p.db}`.t SET b = b + 1")
    p.changeling.wait_caught_up()
    assert p.compare() == 2


def test_the_table_is_in_the_documentation():
    assert DOCUMENT.read_text().endswith(table()), "write it anew: test_rules.py with CHANGELING_WRITE_DOCS=1"


def drop_accounts(p):
    for user, host in p.target.query("SELECT user, host FROM mysql.user WHERE user LIKE %s", p.db + "%"):
        user, host = (value.decode() if isinstance(value, bytes) else value for value in (user, host))
        role = p.target.family == "mariadb" and not host
        p.target.sql(f"DROP ROLE `{user}`" if role else f"DROP USER '{user}'@'{host}'")
